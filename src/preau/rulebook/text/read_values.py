"""Reading conditions and amounts."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from preau.rulebook.engine.amounts import word_of
from preau.rulebook.facts import BY_NAME, Fact
from preau.rulebook.rules.amounts import (
    GAPS,
    MISSING,
    Amount,
    Choice,
    Column,
    Fixed,
    Grid,
    Line,
    PriceOf,
    Rate,
    Row,
    Shift,
)
from preau.rulebook.rules.book import Activity
from preau.rulebook.rules.conditions import All, AnyOf, Between, Condition, Has, Known, Not, OneOf
from preau.rulebook.text.nodes import Fields, Node, _near

AMOUNT_KEYS = ("price", "grid", "rate", "line", "choice", "price_of")
BOUNDS = ("min", "above", "max", "below")
COUNTS = {
    name: Fact(name, kind, label)
    for name, kind, label in (
        ("uses", "whole", "passages"),
        ("days", "whole", "jours"),
        ("children", "whole", "enfants"),
        ("weeks", "whole", "semaines"),
        ("activities", "whole", "activités"),
        ("total", "number", "total"),
    )
}


@dataclass
class Reading:
    """What reading a rule must know of the rest of the file."""

    own: Mapping[str, Fact] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()
    extra: Mapping[str, Fact] = field(default_factory=dict)

    def fact(self, node: Node, name: str) -> Fact:
        found = self.extra.get(name) or BY_NAME.get(name) or self.own.get(name)
        if found is None:
            names = (*BY_NAME, *self.own, *self.extra)
            raise node.fail(f"un fait déclaré{_near(name, names)}", f"« {name} »")
        return found

    def counting(self) -> "Reading":
        return Reading(self.own, self.activities, COUNTS)


def read_condition(node: Node, reading: Reading) -> All:
    """A mapping of facts to tests, all required."""
    parts: list[Condition] = []
    for name, value in node.items():
        if name == "any":
            parts.append(AnyOf(tuple(read_condition(n, reading) for n in value.listed())))
        elif name == "all":
            for item in value.listed():
                parts.extend(read_condition(item, reading).parts)
        elif name == "not":
            parts.append(Not(read_condition(value, reading)))
        else:
            parts.append(_test(value, reading.fact(value, name)))
    return All(tuple(parts))


def _test(node: Node, fact: Fact) -> Condition:
    if node.is_mapping:
        fields = node.fields(*BOUNDS, "has", "not")
        if fields.get("has"):
            if fact.kind != "set":
                raise node.fail("une valeur, pas « has » : ce fait n’est pas une liste")
            return Has(fact.name, tuple(n.text() for n in fields.need("has").many()))
        if fields.get("not"):
            return Not(_values(fields.need("not"), fact))
        bounds = {name: fields.read(name, lambda n: n.fact_value(fact)) for name in BOUNDS}
        if all(value is None for value in bounds.values()):
            raise node.fail("min, above, max, below, has ou not")
        if fact.kind not in ("number", "whole", "date", "instant", "time"):
            raise node.fail("une valeur : ce fait n’a pas d’ordre")
        return Between(fact.name, **bounds)
    if node.is_scalar and node.text() in ("known", "unknown") and fact.kind != "text":
        return Known(fact.name, node.text() == "known")
    return _values(node, fact)


def _values(node: Node, fact: Fact) -> Condition:
    if node.is_scalar and node.text() in ("known", "unknown"):
        return Known(fact.name, node.text() == "known")
    if fact.kind == "set":
        return Has(fact.name, tuple(n.text() for n in node.many()))
    return OneOf(fact.name, tuple(n.fact_value(fact) for n in node.many()))


def read_amount(node: Node, reading: Reading) -> Amount:
    """A plain amount, or a mapping with one of grid, rate, line, choice, price_of."""
    if node.is_scalar:
        return Fixed(node.decimal())
    return amount_in(node.fields(*AMOUNT_KEYS), reading)


def amount_in(fields: Fields, reading: Reading) -> Amount:
    """The one amount among a mapping's keys."""
    given = [name for name in AMOUNT_KEYS if fields.get(name) is not None]
    if len(given) != 1:
        raise fields.node.fail(
            f"une seule clé parmi {', '.join(AMOUNT_KEYS)}", ", ".join(given) or "aucune"
        )
    node = fields.need(given[0])
    match given[0]:
        case "price":
            return read_amount(node, reading)
        case "grid":
            return _grid(node, reading)
        case "rate":
            return _rate(node, reading)
        case "line":
            return _line(node, reading)
        case "choice":
            return _choice(node, reading)
        case _:
            if node.is_scalar:
                return PriceOf(node.text())
            other = node.fields("product", "activity")
            return PriceOf(other.need("product").text(), other.text("activity"))


def _numeric(node: Node, reading: Reading, name: str) -> str:
    fact = reading.fact(node, name)
    if fact.kind not in ("number", "whole"):
        raise node.fail("un fait qui est un nombre", f"« {name} »")
    return name


def _grid(node: Node, reading: Reading) -> Grid:
    fields = node.fields("by", "gaps", "missing", "columns", "rows", "shift")
    by = fields.need("by")
    columns = fields.read("columns", lambda n: _columns(n, reading), ())
    width = max(1, len(columns))
    rows = tuple(_row(item, reading, width) for item in fields.need("rows").listed())
    if not rows:
        raise fields.need("rows").fail("au moins une ligne")
    return Grid(
        _numeric(by, reading, by.text()),
        rows,
        columns,
        fields.read("gaps", lambda n: n.word(GAPS), "hole"),
        fields.read("missing", lambda n: n.word(MISSING), "hole"),
        fields.read("shift", lambda n: tuple(_shift(item, reading) for item in n.listed()), ()),
    )


def _columns(node: Node, reading: Reading) -> tuple[Column, ...]:
    """Columns one by one, or {by: fact, values: [test, test…]}."""
    if node.is_list:
        return tuple(_column(item, reading) for item in node.many())
    fields = node.fields("by", "values")
    fact = reading.fact(fields.need("by"), fields.need("by").text())
    return tuple(
        Column(f"{fact.name}-{number}", All((_test(item, fact),)), _column_label(item, fact))
        for number, item in enumerate(fields.need("values").listed(), start=1)
    )


def _column_label(node: Node, fact: Fact) -> str:
    """«enfants à charge 3 et plus», from what is written."""
    if not node.is_mapping:
        return f"{fact.short} {' ou '.join(item.text() for item in node.many())}"
    words = {
        "min": "{} et plus",
        "above": "plus de {}",
        "max": "jusqu’à {}",
        "below": "moins de {}",
    }
    said = [
        words.get(key, "{}").format(item.text()) for key, item in node.items() if item.is_scalar
    ]
    return f"{fact.short} {', '.join(said)}"


def _column(node: Node, reading: Reading) -> Column:
    fields = node.fields("id", "when", "label")
    return Column(
        fields.need("id").text(),
        fields.read("when", lambda n: read_condition(n, reading), All()),
        fields.text("label"),
    )


def _shift(node: Node, reading: Reading) -> Shift:
    fields = node.fields("rows", "when", "label")
    return Shift(
        fields.need("rows").whole(),
        read_condition(fields.need("when"), reading),
        fields.text("label"),
    )


def _row(node: Node, reading: Reading, width: int) -> Row:
    fields = node.fields(
        "from", "above", "to", "below", "unknown", "when", "label", "note", "price", "prices"
    )
    if (fields.get("price") is None) == (fields.found.get("prices") is None):
        raise node.fail("« price » ou « prices »")
    if fields.get("price") is not None:
        cells: tuple[Amount | None, ...] = (read_amount(fields.need("price"), reading),)
    else:
        listed = fields.found["prices"].listed()
        if len(listed) != width:
            raise fields.found["prices"].fail(f"{width} prix, un par colonne", str(len(listed)))
        cells = tuple(None if n.is_null else read_amount(n, reading) for n in listed)
    low, low_included = _bound(fields, "from", "above")
    high, high_included = _bound(fields, "to", "below")
    unknown = fields.read("unknown", lambda n: n.yesno(), False)
    when = fields.read("when", lambda n: read_condition(n, reading))
    special = (low is not None or high is not None) + unknown + (when is not None)
    if special > 1:
        raise node.fail("des bornes, ou « unknown », ou « when »", "plusieurs")
    if (
        low is not None
        and high is not None
        and (low > high or (low == high and not (low_included and high_included)))
    ):
        raise node.fail("une borne basse sous la borne haute", f"{low} et {high}")
    return Row(
        cells,
        low,
        low_included,
        high,
        high_included,
        unknown,
        when,
        fields.text("label"),
        fields.text("note"),
    )


def _bound(fields: Fields, included: str, excluded: str) -> tuple[Decimal | None, bool]:
    if fields.get(included) is not None and fields.get(excluded) is not None:
        raise fields.node.fail(f"« {included} » ou « {excluded} »", "les deux")
    if fields.get(excluded) is not None:
        return fields.need(excluded).decimal(), False
    return fields.read(included, lambda n: n.decimal()), True


def _rate(node: Node, reading: Reading) -> Rate:
    fields = node.fields(
        "of", "rate", "percent", "plus", "min", "max", "base_min", "base_max", "missing"
    )
    of = fields.need("of")
    if (fields.get("rate") is None) == (fields.get("percent") is None):
        raise node.fail("« rate » ou « percent »")
    if fields.get("rate") is not None:
        rate = read_amount(fields.need("rate"), reading)
    else:
        rate = hundredth(read_amount(fields.need("percent"), reading), node)
    amount = lambda n: read_amount(n, reading)  # noqa: E731
    number = lambda n: n.decimal()  # noqa: E731
    return Rate(
        _numeric(of, reading, of.text()),
        rate,
        fields.read("plus", number),
        fields.read("min", amount),
        fields.read("max", amount),
        fields.read("base_min", number),
        fields.read("base_max", number),
        fields.read("missing", amount),
    )


def hundredth(amount: Amount, node: Node) -> Amount:
    """An amount written in percent, divided by 100."""
    match amount:
        case Fixed(value):
            return Fixed(value / 100)
        case Grid():
            rows = tuple(
                Row(
                    tuple(None if c is None else hundredth(c, node) for c in row.cells),
                    row.low,
                    row.low_included,
                    row.high,
                    row.high_included,
                    row.unknown,
                    row.when,
                    row.label,
                    row.note,
                )
                for row in amount.rows
            )
            return Grid(amount.by, rows, amount.columns, amount.gaps, amount.missing, amount.shifts)
        case Choice():
            return Choice(
                amount.by,
                tuple((k, hundredth(v, node)) for k, v in amount.values),
                None if amount.other is None else hundredth(amount.other, node),
            )
    raise node.fail("un pourcentage simple, une grille ou un choix")


def _line(node: Node, reading: Reading) -> Line:
    fields = node.fields("of", "points", "missing")
    of = fields.need("of")
    points = []
    for point in fields.need("points").listed():
        pair = point.listed()
        if len(pair) != 2:
            raise point.fail("deux nombres [valeur, montant]")
        points.append((pair[0].decimal(), pair[1].decimal()))
    if len(points) < 2 or any(a[0] >= b[0] for a, b in itertools.pairwise(points)):
        raise fields.need("points").fail("au moins deux points, dans l’ordre croissant")
    return Line(
        _numeric(of, reading, of.text()),
        tuple(points),
        fields.read("missing", lambda n: read_amount(n, reading)),
    )


def _choice(node: Node, reading: Reading) -> Choice:
    fields = node.fields("by", "values", "other")
    by = fields.need("by")
    fact = reading.fact(by, by.text())
    if fact.kind not in ("text", "choice", "yesno", "whole"):
        raise by.fail("un fait qui est un mot, un oui/non ou un petit nombre")
    values = []
    for key, value in fields.need("values").items():
        if fact.kind == "choice" and key not in fact.choices:
            raise value.fail(f"une valeur parmi {', '.join(fact.choices)}", f"« {key} »")
        if fact.kind == "yesno" and key not in ("true", "false"):
            raise value.fail("true ou false", f"« {key} »")
        if fact.kind == "whole":
            key = word_of(int(key)) if key.lstrip("-").isdigit() else key
        values.append((key, read_amount(value, reading)))
    return Choice(fact.name, tuple(values), fields.read("other", lambda n: read_amount(n, reading)))
