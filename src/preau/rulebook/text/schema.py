"""The JSON Schema of rulebook files, for text editors: made from the same lists as the reader."""

import json
from typing import Any

from preau.rulebook.facts import ACTIONS, DECLARED, KINDS, PERIODS, Fact
from preau.rulebook.rules.amounts import GAPS, MISSING
from preau.rulebook.rules.base import ROUNDINGS
from preau.rulebook.rules.book import ACTIVITY_KINDS, QUOTIENT_CHANGES, SECTIONS
from preau.rulebook.rules.moments import ANCHORS, CLOSED, COUNTS, OUTCOMES, SHIFTS
from preau.rulebook.rules.tariffs import GROUPS, OPERATIONS, SPANS, STAGES, STARTED
from preau.rulebook.text.read_limits import KEYS as LIMIT_KEYS
from preau.rulebook.text.read_rules import KEYS, PER, UNITS
from preau.rulebook.text.read_values import AMOUNT_KEYS
from preau.rulebook.when import WEEKDAY_CODES

Schema = dict[str, Any]
PRIMITIVES: Schema = {
    "text": {"type": ["string", "number"]},
    "number": {
        "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}]
    },
    "whole": {"type": "integer"},
    "yesno": {"type": "boolean"},
    "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "instant": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?$"},
    "time": {"type": "string", "pattern": r"^([01]?\d|2[0-4]):[0-5]\d$"},
}


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


TEXT, NUMBER, WHOLE, YESNO, DATE, INSTANT, TIME = (ref(name) for name in PRIMITIVES)
ORDERED = ("number", "whole", "date", "instant", "time")


def words(choices: Any) -> Schema:
    return {"enum": list(choices)}


def many(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def mapping(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        made["required"] = list(required)
    return made


def _tests(kind: str) -> Schema:
    """What may be tested of a fact of a kind."""
    value = TEXT if kind in ("set", "choice") else ref(kind)
    tests: Schema = {"not": many(value), "has": many(TEXT)}
    if kind in ORDERED:
        tests |= dict.fromkeys(("min", "above", "max", "below"), value)
    return {"anyOf": [many(value), words(("known", "unknown")), mapping(tests)]}


def _test(fact: Fact) -> Schema:
    if fact.kind == "choice":
        value = words((*fact.choices, "known", "unknown"))
        return {"description": fact.label, "anyOf": [many(value), mapping({"not": many(value)})]}
    return {"description": fact.label, "$ref": f"#/$defs/test_{fact.kind}"}


def _condition() -> Schema:
    properties = {fact.name: _test(fact) for fact in DECLARED}
    properties |= {
        "any": listed(ref("condition")),
        "all": listed(ref("condition")),
        "not": ref("condition"),
    }
    return {
        "type": "object",
        "properties": properties,
        "description": "Tous les tests doivent être vrais. Un fait propre au règlement "
        "(facts:) se teste de la même façon.",
    }


def _amounts() -> Schema:
    """The ways to say an amount, by key."""
    return {"price": ref("amount"), **{name: ref(name) for name in AMOUNT_KEYS if name != "price"}}


def _amount_defs() -> Schema:
    return {
        "grid": mapping(
            {
                "by": TEXT,
                "gaps": words(GAPS),
                "missing": words(MISSING),
                "columns": {
                    "anyOf": [
                        listed(
                            mapping({"id": TEXT, "when": ref("condition"), "label": TEXT}, ("id",))
                        ),
                        mapping({"by": TEXT, "values": {"type": "array"}}, ("by", "values")),
                    ]
                },
                "rows": listed(
                    mapping(
                        {
                            "from": NUMBER,
                            "above": NUMBER,
                            "to": NUMBER,
                            "below": NUMBER,
                            "unknown": YESNO,
                            "when": ref("condition"),
                            "label": TEXT,
                            "note": TEXT,
                            "price": ref("amount"),
                            "prices": listed({"anyOf": [ref("amount"), {"type": "null"}]}),
                        }
                    )
                ),
                "shift": listed(
                    mapping(
                        {"rows": WHOLE, "when": ref("condition"), "label": TEXT}, ("rows", "when")
                    )
                ),
            },
            ("by", "rows"),
        ),
        "rate": mapping(
            {
                "of": TEXT,
                "rate": ref("amount"),
                "percent": ref("amount"),
                "plus": NUMBER,
                "min": ref("amount"),
                "max": ref("amount"),
                "base_min": NUMBER,
                "base_max": NUMBER,
                "missing": ref("amount"),
            },
            ("of",),
        ),
        "line": mapping(
            {"of": TEXT, "points": listed(listed(NUMBER)), "missing": ref("amount")},
            ("of", "points"),
        ),
        "choice": mapping(
            {
                "by": TEXT,
                "values": {"type": "object", "additionalProperties": ref("amount")},
                "other": ref("amount"),
            },
            ("by", "values"),
        ),
        "price_of": {"anyOf": [TEXT, mapping({"product": TEXT, "activity": TEXT}, ("product",))]},
    }


def _limit() -> Schema:
    weekday = {
        "weekday": words(WEEKDAY_CODES),
        "weeks": {"anyOf": [WHOLE, words(("last",))]},
        "time": TIME,
    }
    properties = {
        "days_before": WHOLE,
        "count": words(COUNTS),
        **weekday,
        "map": mapping({code: mapping(weekday, ("weekday",)) for code in WEEKDAY_CODES}),
        "hours_before": WHOLE,
        "excluding": many(words(CLOSED)),
        "month_day": WHOLE,
        "months": WHOLE,
        "included": YESNO,
        "anchor": words(ANCHORS),
        "windows": listed(
            mapping(
                {
                    "opens": INSTANT,
                    "closes": INSTANT,
                    "from": DATE,
                    "until": DATE,
                    "holiday": many(TEXT),
                }
            )
        ),
        "shift": mapping(
            {
                "move": words(s for s in SHIFTS if s != "none"),
                "closed": many(words(CLOSED)),
                "time": TIME,
            },
            ("move", "closed"),
        ),
    }
    assert set(properties) == set(LIMIT_KEYS)
    return mapping(properties)


def _unit() -> Schema:
    step = {"anyOf": [words(UNITS), WHOLE]}
    return {
        "anyOf": [
            step,
            mapping(
                {
                    "every": step,
                    "of": TEXT,
                    "started": words(STARTED),
                    "free": WHOLE,
                    "grace": WHOLE,
                    "price_for": step,
                    "min": WHOLE,
                    "max": WHOLE,
                    "label": TEXT,
                },
                ("every",),
            ),
        ]
    }


def _scope() -> Schema:
    return {
        "anyOf": [
            many(TEXT),
            mapping(
                {
                    "activity": many(TEXT),
                    "product": many(TEXT),
                    "period": many(words(PERIODS)),
                    "holiday": many(TEXT),
                    "weekday": many(words(WEEKDAY_CODES)),
                }
            ),
        ]
    }


def _rounding() -> Schema:
    return {
        "anyOf": [
            words(ROUNDINGS),
            mapping({"mode": words(ROUNDINGS), "step_cents": WHOLE, "unit": YESNO}),
        ]
    }


def _properties() -> Schema:
    amount = ref("amount")
    return {
        "id": {"type": ["string", "integer"]},
        "label": TEXT,
        "for": ref("scope"),
        "when": ref("condition"),
        "from": DATE,
        "until": DATE,
        "enabled": YESNO,
        "note": TEXT,
        **_amounts(),
        "unit": ref("unit"),
        "times": many(TEXT),
        "divide": NUMBER,
        "per": words(PER),
        "rounding": ref("rounding"),
        "surcharge": amount,
        **dict.fromkeys(OPERATIONS, amount),
        "on": words(STAGES),
        "of_base": YESNO,
        "group": TEXT,
        "proposal": YESNO,
        "each": words(GROUPS),
        "span": words(SPANS),
        "count": {"type": "object"},
        "action": many(words(ACTIONS)),
        "outcome": words(OUTCOMES),
        "limit": ref("limit"),
        "opens": ref("limit"),
        "in_time": words(OUTCOMES),
        "late": words(OUTCOMES),
        "never": YESNO,
        "charge": {"type": "number", "minimum": 0, "maximum": 100},
        "amount": amount,
        "credit": YESNO,
        "unclear": mapping(
            {"question": TEXT, "or": listed({"type": "object"})}, ("question", "or")
        ),
    }


def schema() -> Schema:
    """The schema as a value."""
    every = _properties()
    rules = {}
    for section in SECTIONS:
        own = {key: every[key] for key in KEYS[section]}
        if section == "tariffs":
            own["surcharge"] = YESNO
        required = ("id", "action") if section == "deadlines" else ("id",)
        rules[section] = listed(mapping(own, required))
    fact = mapping(
        {"type": words(KINDS), "label": TEXT, "choices": many(TEXT), "symbol": TEXT, "default": {}},
        ("type", "label"),
    )
    term = mapping({"fact": TEXT, "multiply": NUMBER, "divide": NUMBER}, ("fact",))
    formula = mapping(
        {
            "terms": listed(term),
            "divided_by": many(TEXT),
            "rounding": words(ROUNDINGS),
            "step": NUMBER,
            "label": TEXT,
        },
        ("terms",),
    )
    product = {
        "anyOf": [TEXT, {"type": "null"}, mapping({"label": TEXT, "opens": TIME, "closes": TIME})]
    }
    activity = mapping(
        {
            "label": TEXT,
            "kind": words(ACTIVITY_KINDS),
            "days": many(words(WEEKDAY_CODES)),
            "starts": TIME,
            "cost": NUMBER,
            "priced": YESNO,
            "each": words(GROUPS),
            "due_for": many(TEXT),
            "products": {"type": "object", "additionalProperties": product},
        }
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Règlement de Préau",
        "type": "object",
        "additionalProperties": False,
        "required": ["format", "name", "activities"],
        "properties": {
            "format": {"const": 1},
            "name": TEXT,
            "version": TEXT,
            "council_decision": TEXT,
            "executory_on": DATE,
            "applies_from": DATE,
            "applies_until": DATE,
            "notes": many(TEXT),
            "rounding": ref("rounding"),
            "assume": {"type": "object"},
            "facts": {"type": "object", "additionalProperties": fact},
            "quotient": mapping(
                {
                    "formula": formula,
                    "change": words(QUOTIENT_CHANGES),
                    "reference": TEXT,
                    "backdate_months": WHOLE,
                }
            ),
            "activities": {"type": "object", "additionalProperties": activity},
            **rules,
        },
        "$defs": {
            "amount": {"anyOf": [NUMBER, mapping(_amounts())]},
            **PRIMITIVES,
            **{f"test_{kind}": _tests(kind) for kind in KINDS if kind != "choice"},
            **_amount_defs(),
            "rounding": _rounding(),
            "condition": _condition(),
            "limit": _limit(),
            "unit": _unit(),
            "scope": _scope(),
        },
    }


def schema_text() -> str:
    """The schema as indented JSON."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"
