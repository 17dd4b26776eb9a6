"""Reading the rules of each section."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from preau.rulebook.facts import ACTIONS, PERIODS
from preau.rulebook.rules.base import ROUNDINGS, Rounding, Scope, Unclear
from preau.rulebook.rules.base import Reading as OtherReading
from preau.rulebook.rules.moments import OUTCOMES, Absence, Access, Deadline
from preau.rulebook.rules.tariffs import (
    GROUPS,
    OPERATIONS,
    SPANS,
    STAGES,
    STARTED,
    Adjustment,
    Effect,
    Extra,
    GroupRule,
    Penalty,
    Surcharge,
    Tariff,
    Unit,
)
from preau.rulebook.text.nodes import Fields, Node, _near
from preau.rulebook.text.read_limits import read_limit, read_opening
from preau.rulebook.text.read_values import (
    AMOUNT_KEYS,
    Reading,
    amount_in,
    read_amount,
    read_condition,
)
from preau.rulebook.when import WEEKDAY_CODES

COMMON = ("id", "label", "for", "when", "from", "until", "enabled", "note", "unclear")
UNITS = {"minute": 1, "quarter_hour": 15, "half_hour": 30, "hour": 60}
COUNTED = ("times", "divide", "unit")
EFFECTS = (*OPERATIONS, "on", "of_base", "group", "times", "unit")
PER = ("service", "day", "week", "month", "term", "period", "year", "hour")
KEYS: dict[str, tuple[str, ...]] = {
    "tariffs": (*COMMON, *AMOUNT_KEYS, *COUNTED, "per", "rounding", "surcharge"),
    "adjustments": (*COMMON, *EFFECTS),
    "extras": (*COMMON, *AMOUNT_KEYS, *COUNTED),
    "surcharges": (*COMMON, *EFFECTS, "proposal"),
    "groups": (*COMMON, *OPERATIONS, "each", "span", "count", "times", "group"),
    "access": (*COMMON, "action", "outcome"),
    "deadlines": (*COMMON, "action", "limit", "opens", "in_time", "late", "never"),
    "absences": (*COMMON, "action", "charge", "amount", "surcharge", "credit", "proposal"),
    "penalties": (*COMMON, *AMOUNT_KEYS, "unit", "times", "proposal", "group"),
}


def read_section(
    section: str, node: Node, reading: Reading, lines: list[tuple[str, int]]
) -> tuple[Any, ...]:
    """All the rules of a section, in the file's order."""

    def one(item: Node) -> Any:
        rule = read_rule(section, item, reading)
        lines.append((rule.id, item.line))
        return rule

    return node.collect(one)


def read_rule(section: str, node: Node, reading: Reading) -> Any:
    """One rule, with its other readings when the text is unclear."""
    fields = node.fields(*KEYS[section])
    values = _common(fields, reading)
    values |= READERS[section](fields, reading)
    unclear = fields.get("unclear")
    if unclear is not None:
        inner = unclear.fields("question", "or")
        readings = tuple(
            _other_reading(section, node, item, reading) for item in inner.need("or").listed()
        )
        values["unclear"] = Unclear(inner.need("question").text(), readings)
    return MAKERS[section](**values)


def _other_reading(section: str, base: Node, node: Node, reading: Reading) -> OtherReading:
    """Another reading: the rule with some keys replaced (null removes one)."""
    if not isinstance(node.yaml, yaml.MappingNode) or not isinstance(base.yaml, yaml.MappingNode):
        raise node.fail("les clés qui changent dans cette lecture")
    changed = {str(key.value): (key, value) for key, value in node.yaml.value}
    label = ""
    if "reading" in changed:
        label = str(changed.pop("reading")[1].value)
    pairs = [
        (key, value)
        for key, value in base.yaml.value
        if key.value not in changed and key.value != "unclear"
    ]
    pairs += list(changed.values())
    merged = yaml.MappingNode(base.yaml.tag, pairs, node.yaml.start_mark, node.yaml.end_mark)
    rule = read_rule(section, Node(merged, node.path, node.problems), reading)
    return OtherReading(rule, label)


def _common(fields: Fields, reading: Reading) -> dict[str, Any]:
    identity = fields.need("id")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", identity.text()):
        raise identity.fail("un identifiant de lettres sans accent, chiffres et tirets")
    starts = fields.read("from", lambda n: n.date())
    ends = fields.read("until", lambda n: n.date())
    if starts and ends and starts > ends:
        raise fields.need("until").fail(f"une date après {starts}")
    return {
        "id": identity.text(),
        "label": fields.text("label"),
        "scope": fields.read("for", lambda n: _scope(n, reading), Scope()),
        "when": fields.read("when", lambda n: read_condition(n, reading), read_nothing()),
        "starts_on": starts,
        "ends_on": ends,
        "enabled": fields.read("enabled", lambda n: n.yesno(), True),
        "note": fields.text("note"),
    }


def read_nothing() -> Any:
    from preau.rulebook.rules.conditions import ALWAYS

    return ALWAYS


def _scope(node: Node, reading: Reading) -> Scope:
    codes = [activity.code for activity in reading.activities]
    if not node.is_mapping:
        return Scope(_activities(node, codes))
    fields = node.fields("activity", "product", "period", "holiday", "weekday")
    activities = fields.read("activity", lambda n: _activities(n, codes), ())
    known = [
        product.code
        for activity in reading.activities
        for product in activity.products
        if not activities or activity.code in activities
    ]
    products = fields.read("product", lambda n: _products(n, known), ())
    return Scope(
        activities,
        products,
        fields.read("period", lambda n: n.words(PERIODS), ()),
        fields.read("holiday", lambda n: tuple(i.text() for i in n.many()), ()),
        fields.read("weekday", lambda n: n.words(WEEKDAY_CODES), ()),
    )


def _activities(node: Node, codes: list[str]) -> tuple[str, ...]:
    for item in node.many():
        if item.text() not in codes:
            raise item.fail(f"une activité déclarée{_near(item.text(), codes)}")
    return tuple(item.text() for item in node.many())


def _products(node: Node, known: list[str]) -> tuple[str, ...]:
    for item in node.many():
        if item.text() not in known:
            raise item.fail(f"un produit déclaré de l’activité{_near(item.text(), known)}")
    return tuple(item.text() for item in node.many())


def read_rounding(node: Node) -> Rounding:
    if node.is_scalar:
        return Rounding(node.word(ROUNDINGS))
    fields = node.fields("mode", "step_cents", "unit")
    step = fields.read("step_cents", lambda n: n.decimal())
    if step is not None and (step < 1 or step != int(step)):
        raise fields.need("step_cents").fail("un nombre entier de centimes, au moins 1")
    return Rounding(
        fields.read("mode", lambda n: n.word(ROUNDINGS), "half_up"),
        Rounding().step if step is None else step,
        fields.read("unit", lambda n: n.yesno(), True),
    )


def _minutes(node: Node) -> int:
    return UNITS[node.text()] if node.text() in UNITS else node.whole(1)


def _unit(node: Node, reading: Reading) -> Unit:
    if node.is_scalar:
        return Unit(_minutes(node))
    fields = node.fields(
        "every", "of", "started", "free", "grace", "price_for", "min", "max", "label"
    )
    of = fields.get("of")
    name = of.text() if of is not None else "minutes"
    reading.fact(of or node, name)
    return Unit(
        _minutes(fields.need("every")),
        name,
        fields.read("started", lambda n: n.word(STARTED), "due"),
        fields.read("grace", lambda n: n.whole(0), 0),
        fields.read("free", lambda n: n.whole(0), 0),
        fields.read("price_for", _minutes),
        fields.read("min", lambda n: n.whole(0)),
        fields.read("max", lambda n: n.whole(0)),
        fields.text("label"),
    )


def _counted(fields: Fields, reading: Reading, divide: bool = True) -> dict[str, Any]:
    values: dict[str, Any] = {
        "unit": fields.read("unit", lambda n: _unit(n, reading)),
        "times": fields.read("times", lambda n: _times(n, reading), ()),
    }
    if divide:
        values["divide"] = fields.read("divide", lambda n: n.decimal())
        if values["divide"] is not None and values["divide"] <= 0:
            raise fields.need("divide").fail("un nombre plus grand que zéro")
    return values


def _times(node: Node, reading: Reading) -> tuple[str, ...]:
    for item in node.many():
        if reading.fact(item, item.text()).kind not in ("number", "whole", "set"):
            raise item.fail("un fait qui se compte")
    return tuple(item.text() for item in node.many())


def _effect(fields: Fields, reading: Reading) -> Effect:
    given = [name for name in OPERATIONS if fields.get(name) is not None]
    if len(given) != 1:
        raise fields.node.fail(
            f"une seule clé parmi {', '.join(OPERATIONS)}", ", ".join(given) or "aucune"
        )
    return Effect(given[0], read_amount(fields.need(given[0]), reading))


def _tariff(fields: Fields, reading: Reading) -> dict[str, Any]:
    return {
        "amount": amount_in(fields, reading),
        **_counted(fields, reading),
        "per": fields.read("per", lambda n: n.word(PER), "service"),
        "rounding": fields.read("rounding", read_rounding),
        "surcharge": fields.read("surcharge", lambda n: n.yesno(), False),
    }


def _extra(fields: Fields, reading: Reading) -> dict[str, Any]:
    return {"amount": amount_in(fields, reading), **_counted(fields, reading)}


def _adjustment(fields: Fields, reading: Reading) -> dict[str, Any]:
    return {
        "effect": _effect(fields, reading),
        **_counted(fields, reading, divide=False),
        "on": fields.read("on", lambda n: n.word(STAGES), "service"),
        "of_base": fields.read("of_base", lambda n: n.yesno(), False),
        "group": fields.text("group"),
    }


def _surcharge(fields: Fields, reading: Reading) -> dict[str, Any]:
    return {
        **_adjustment(fields, reading),
        "proposal": fields.read("proposal", lambda n: n.yesno(), False),
    }


def _penalty(fields: Fields, reading: Reading) -> dict[str, Any]:
    return {
        "amount": amount_in(fields, reading),
        **_counted(fields, reading, divide=False),
        "proposal": fields.read("proposal", lambda n: n.yesno(), False),
        "group": fields.text("group"),
    }


def _group(fields: Fields, reading: Reading) -> dict[str, Any]:
    counting = reading.counting()
    return {
        "each": fields.read("each", lambda n: n.word(GROUPS), "child"),
        "span": fields.read("span", lambda n: n.word(SPANS), "month"),
        "counting": fields.read("count", lambda n: read_condition(n, counting), read_nothing()),
        "effect": _effect(fields, reading),
        "group": fields.text("group"),
        "times": fields.read("times", lambda n: _times(n, counting), ()),
    }


def _actions(node: Node) -> tuple[str, ...]:
    return node.words(ACTIONS)


def _access(fields: Fields, reading: Reading) -> dict[str, Any]:
    return {
        "actions": fields.read("action", _actions, ()),
        "outcome": fields.read("outcome", lambda n: n.word(OUTCOMES), "refused"),
    }


def _deadline(fields: Fields, reading: Reading) -> dict[str, Any]:
    actions = _actions(fields.need("action"))
    cancels = set(actions) <= {"cancel", "absence"}
    never = fields.read("never", lambda n: n.yesno(), False)
    if never and fields.get("limit") is not None:
        raise fields.need("limit").fail("« limit » ou « never »", "les deux")
    if not never and fields.get("limit") is None and fields.get("opens") is None:
        raise fields.node.fail("« limit », « opens » ou « never »", "aucun")
    return {
        "actions": actions,
        "limit": fields.read("limit", read_limit),
        "opens": fields.read("opens", read_opening),
        "never": never,
        "in_time": fields.read(
            "in_time", lambda n: n.word(OUTCOMES), "not_charged" if cancels else "accepted"
        ),
        "late": fields.read(
            "late", lambda n: n.word(OUTCOMES), "charged" if cancels else "refused"
        ),
    }


def _absence(fields: Fields, reading: Reading) -> dict[str, Any]:
    charge = fields.get("charge")
    if charge is not None and not 0 <= charge.decimal() <= 100:
        raise charge.fail("un pourcentage de 0 à 100")
    amount = lambda n: read_amount(n, reading)  # noqa: E731
    return {
        "actions": fields.read("action", _actions, ("absence", "cancel")),
        "charge": Absence(id="x").charge if charge is None else charge.decimal(),
        "amount": fields.read("amount", amount),
        "surcharge": fields.read("surcharge", amount),
        "credit": fields.read("credit", lambda n: n.yesno(), False),
        "proposal": fields.read("proposal", lambda n: n.yesno(), False),
    }


READERS: dict[str, Callable[[Fields, Reading], dict[str, Any]]] = {
    "tariffs": _tariff,
    "adjustments": _adjustment,
    "extras": _extra,
    "surcharges": _surcharge,
    "groups": _group,
    "access": _access,
    "deadlines": _deadline,
    "absences": _absence,
    "penalties": _penalty,
}
MAKERS: dict[str, Callable[..., Any]] = {
    "tariffs": Tariff,
    "adjustments": Adjustment,
    "extras": Extra,
    "surcharges": Surcharge,
    "groups": GroupRule,
    "access": Access,
    "deadlines": Deadline,
    "absences": Absence,
    "penalties": Penalty,
}
