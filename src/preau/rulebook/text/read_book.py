"""Reading a whole file into a Rulebook, or every problem found with its line."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from preau.rulebook.errors import FileError
from preau.rulebook.facts import BY_NAME, KINDS, Fact
from preau.rulebook.rules.base import ROUNDINGS, Rounding
from preau.rulebook.rules.book import (
    ACTIVITY_KINDS,
    QUOTIENT_CHANGES,
    SECTIONS,
    Activity,
    Product,
    QuotientFormula,
    QuotientRules,
    Rulebook,
    Term,
)
from preau.rulebook.rules.tariffs import GROUPS
from preau.rulebook.text.nodes import Bad, Fields, Node, root
from preau.rulebook.text.read_rules import read_rounding, read_section
from preau.rulebook.text.read_values import Reading
from preau.rulebook.when import WEEKDAY_CODES

HEADER = (
    "format",
    "name",
    "version",
    "council_decision",
    "executory_on",
    "applies_from",
    "applies_until",
    "notes",
    "rounding",
    "assume",
    "facts",
    "quotient",
    "activities",
)
FORMAT = "1"


def read_file(path: str | Path) -> Rulebook:
    """Read a rulebook file (UTF-8); FileError says each line that is wrong."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        from preau.rulebook.errors import Problem

        raise FileError(
            str(path), [Problem(1, 1, "", "un texte en UTF-8", "un autre codage")]
        ) from None
    return read_text(text, str(path))


def read_text(text: str, file: str = "") -> Rulebook:
    """Read a rulebook from text; FileError says each line that is wrong."""
    node = root(text, file)
    try:
        book = _book(node)
    except Bad as bad:
        node.problems.append(bad.problem)
        book = None
    if node.problems or book is None:
        raise FileError(file, sorted(node.problems, key=lambda p: (p.line, p.column)))
    return book


def _book(node: Node) -> Rulebook:
    fields = node.fields(*HEADER, *SECTIONS)
    version = fields.need("format")
    if version.text() != FORMAT:
        raise version.fail(f"le format {FORMAT}")
    own = fields.read("facts", _own_facts, ())
    reading = Reading({fact.name: fact for fact in own})
    activities = tuple(_activities(fields.need("activities"), node))
    reading.activities = activities
    lines: list[tuple[str, int]] = []
    sections: dict[str, Any] = {}
    for section in SECTIONS:
        found = fields.get(section)
        sections[section] = () if found is None else read_section(section, found, reading, lines)
    _unique(fields, lines)
    applies_from = fields.read("applies_from", lambda n: n.date())
    until = fields.read("applies_until", lambda n: n.date())
    if applies_from and until and applies_from > until:
        raise fields.need("applies_until").fail(f"une date après {applies_from}")
    return Rulebook(
        name=fields.need("name").text(),
        version=fields.text("version"),
        council_decision=fields.text("council_decision"),
        executory_on=fields.read("executory_on", lambda n: n.date()),
        applies_from=applies_from,
        applies_until=until,
        notes=fields.read("notes", lambda n: tuple(i.text() for i in n.many()), ()),
        rounding=fields.read("rounding", read_rounding, Rounding()),
        assume=fields.read("assume", lambda n: _assume(n, reading), ()),
        facts=own,
        quotient=fields.read("quotient", lambda n: _quotient(n, reading), QuotientRules()),
        activities=activities,
        lines=tuple(lines),
        **sections,
    )


def _unique(fields: Fields, lines: list[tuple[str, int]]) -> None:
    seen: dict[str, int] = {}
    for name, line in lines:
        if name in seen:
            problem = fields.node.problem(
                "un identifiant de règle unique", f"« {name} » lignes {seen[name]} et {line}"
            )
            object.__setattr__(problem, "line", line)
            fields.node.problems.append(problem)
        seen[name] = line


def _own_facts(node: Node) -> tuple[Fact, ...]:
    found = []
    for name, item in node.items():
        if name in BY_NAME:
            raise item.fail("un nom qui n’est pas déjà un fait commun", f"« {name} »")
        if not name.isidentifier() or not name.islower():
            raise item.fail("un nom en minuscules, lettres, chiffres et _", f"« {name} »")
        fields = item.fields("type", "label", "choices", "symbol", "default")
        kind = fields.need("type").word(KINDS)
        choices = fields.read("choices", lambda n: tuple(i.text() for i in n.many()), ())
        if (kind == "choice") != bool(choices):
            raise item.fail("« choices » avec le type choice, et avec lui seul")
        fact = Fact(name, kind, fields.need("label").text(), choices, fields.text("symbol"))
        default = fields.read("default", lambda n, f=fact: n.fact_value(f))
        found.append(Fact(name, kind, fact.label, choices, fact.symbol, default))
    return tuple(found)


def _assume(node: Node, reading: Reading) -> tuple[tuple[str, Any], ...]:
    return tuple((name, item.fact_value(reading.fact(item, name))) for name, item in node.items())


def _quotient(node: Node, reading: Reading) -> QuotientRules:
    fields = node.fields("formula", "change", "reference", "backdate_months")
    return QuotientRules(
        fields.read("formula", lambda n: _formula(n, reading)),
        fields.read("change", lambda n: n.word(QUOTIENT_CHANGES), "received"),
        fields.text("reference"),
        fields.read("backdate_months", lambda n: n.whole(0)),
    )


def _formula(node: Node, reading: Reading) -> QuotientFormula:
    fields = node.fields("terms", "divided_by", "rounding", "step", "label")
    terms = []
    for item in fields.need("terms").listed():
        inner = item.fields("fact", "multiply", "divide")
        name = inner.need("fact")
        divide = inner.read("divide", lambda n: n.decimal(), Decimal(1))
        if divide <= 0:
            raise item.fail("un diviseur plus grand que zéro")
        terms.append(
            Term(
                reading.fact(name, name.text()).name,
                inner.read("multiply", lambda n: n.decimal(), Decimal(1)),
                divide,
            )
        )
    if not terms:
        raise fields.need("terms").fail("au moins un terme")
    divided = fields.read(
        "divided_by", lambda n: tuple(reading.fact(i, i.text()).name for i in n.many()), ()
    )
    return QuotientFormula(
        tuple(terms),
        divided,
        fields.read("rounding", lambda n: n.word(ROUNDINGS), "half_up"),
        fields.read("step", lambda n: n.decimal(), Decimal("0.01")),
        fields.text("label"),
    )


def _activities(node: Node, parent: Node) -> list[Activity]:
    found = []
    for code, item in node.items():
        try:
            found.append(_activity(code, item))
        except Bad as bad:
            parent.problems.append(bad.problem)
    return found


def _activity(code: str, node: Node) -> Activity:
    fields = node.fields(
        "label", "kind", "days", "starts", "cost", "products", "priced", "each", "due_for"
    )
    products = fields.read("products", _products, ())
    kind = fields.read("kind", lambda n: n.word(ACTIVITY_KINDS), "other")
    for name in ("each", "due_for"):
        if kind != "registration" and (given := fields.get(name)) is not None:
            raise given.fail("rien : ce champ est celui d’une activité `kind: registration`")
    return Activity(
        code,
        fields.text("label"),
        kind,
        fields.read("days", lambda n: n.words(WEEKDAY_CODES), ()),
        fields.read("starts", lambda n: n.minutes()),
        fields.read("cost", lambda n: n.decimal()),
        products,
        fields.read("priced", lambda n: n.yesno(), True),
        fields.read("each", lambda n: n.word(GROUPS), "family"),
        fields.read("due_for", lambda n: tuple(one.text() for one in n.many()), ()),
    )


def _products(node: Node) -> tuple[Product, ...]:
    found = []
    for code, item in node.items():
        if item.is_null:
            found.append(Product(code))
            continue
        if item.is_scalar:
            found.append(Product(code, item.text()))
            continue
        fields = item.fields("label", "opens", "closes")
        found.append(
            Product(
                code,
                fields.text("label"),
                fields.read("opens", lambda n: n.minutes()),
                fields.read("closes", lambda n: n.minutes()),
            )
        )
    return tuple(found)
