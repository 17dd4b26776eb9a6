"""Rules as plain mappings, key by key as they are read."""

from decimal import Decimal
from typing import Any

from preau.rulebook.rules.base import Rounding, Rule, Scope
from preau.rulebook.rules.conditions import ALWAYS
from preau.rulebook.rules.moments import Absence, Access, Deadline
from preau.rulebook.rules.tariffs import (
    Adjustment,
    Extra,
    GroupRule,
    Penalty,
    Surcharge,
    Tariff,
    Unit,
)
from preau.rulebook.text.write_limits import write_limit
from preau.rulebook.text.write_values import (
    Flow,
    FlowList,
    amount_item,
    one_or_list,
    write_amount,
    write_condition,
)

UNIT_WORDS = {1: "minute", 15: "quarter_hour", 30: "half_hour", 60: "hour"}


def _scope(scope: Scope) -> Any:
    data = Flow()
    for key, values in (
        ("activity", scope.activities),
        ("product", scope.products),
        ("period", scope.periods),
        ("holiday", scope.holidays),
        ("weekday", scope.weekdays),
    ):
        if values:
            data[key] = one_or_list(values)
    return data


def _unit(unit: Unit) -> Any:
    data = Flow(every=UNIT_WORDS.get(unit.minutes, unit.minutes))
    if unit.of != "minutes":
        data["of"] = unit.of
    if unit.started != "due":
        data["started"] = unit.started
    for key, minutes in (("free", unit.free), ("grace", unit.grace)):
        if minutes:
            data[key] = minutes
    if unit.price_for is not None:
        data["price_for"] = UNIT_WORDS.get(unit.price_for, unit.price_for)
    for key, value in (("min", unit.at_least), ("max", unit.at_most)):
        if value is not None:
            data[key] = value
    if unit.label:
        data["label"] = unit.label
    return data["every"] if len(data) == 1 else data


def write_rule(section: str, rule: Rule) -> dict[str, Any]:
    """One rule as a mapping, its other readings included."""
    data = _plain_rule(rule)
    if rule.unclear is not None:
        others = []
        for reading in rule.unclear.readings:
            other = _plain_rule(reading.rule)
            changed: dict[str, Any] = {"reading": reading.label} if reading.label else {}
            changed |= {key: value for key, value in other.items() if data.get(key) != value}
            changed |= {key: None for key in data if key not in other}
            others.append(changed)
        data["unclear"] = {"question": rule.unclear.question, "or": others}
    return data


def _plain_rule(rule: Rule) -> dict[str, Any]:
    data: dict[str, Any] = {"id": rule.id}
    if rule.label:
        data["label"] = rule.label
    if rule.scope != Scope():
        data["for"] = _scope(rule.scope)
    if rule.when != ALWAYS:
        data["when"] = write_condition(rule.when)
    if rule.starts_on is not None:
        data["from"] = rule.starts_on
    if rule.ends_on is not None:
        data["until"] = rule.ends_on
    if not rule.enabled:
        data["enabled"] = False
    if rule.note:
        data["note"] = rule.note
    data |= _own(rule)
    return data


def _own(rule: Rule) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if isinstance(rule, (Tariff, Extra, Penalty)):
        data |= amount_item(rule.amount)
    if isinstance(rule, (Adjustment, GroupRule)):
        data[rule.effect.operation] = write_amount(rule.effect.amount)
    if isinstance(rule, (Tariff, Extra, Penalty, Adjustment)) and rule.unit is not None:
        data["unit"] = _unit(rule.unit)
    if isinstance(rule, (Tariff, Extra, Penalty, Adjustment, GroupRule)) and rule.times:
        data["times"] = one_or_list(rule.times)
    if isinstance(rule, (Tariff, Extra)) and rule.divide is not None:
        data["divide"] = rule.divide
    if isinstance(rule, Tariff):
        if rule.per != "service":
            data["per"] = rule.per
        if rule.rounding is not None:
            data["rounding"] = write_rounding(rule.rounding)
        if rule.surcharge:
            data["surcharge"] = True
    if isinstance(rule, Adjustment):
        if rule.on != "service":
            data["on"] = rule.on
        if rule.of_base:
            data["of_base"] = True
    if isinstance(rule, (Surcharge, Penalty, Absence)) and rule.proposal:
        data["proposal"] = True
    if isinstance(rule, (Adjustment, Penalty, GroupRule)) and rule.group:
        data["group"] = rule.group
    if isinstance(rule, GroupRule):
        data |= {"each": rule.each, "span": rule.span}
        if rule.counting != ALWAYS:
            data["count"] = write_condition(rule.counting)
    if isinstance(rule, Access):
        if rule.actions:
            data["action"] = one_or_list(rule.actions)
        data["outcome"] = rule.outcome
    if isinstance(rule, Deadline):
        data["action"] = one_or_list(rule.actions)
        if rule.never:
            data["never"] = True
        if rule.limit is not None:
            data["limit"] = write_limit(rule.limit)
        if rule.opens is not None:
            data["opens"] = write_limit(rule.opens, usual=0)
        data |= {"in_time": rule.in_time, "late": rule.late}
    if isinstance(rule, Absence):
        if rule.actions != ("absence", "cancel"):
            data["action"] = one_or_list(rule.actions) if rule.actions else FlowList()
        if rule.charge != Decimal(100):
            data["charge"] = rule.charge
        for key, amount in (("amount", rule.amount), ("surcharge", rule.surcharge)):
            if amount is not None:
                data[key] = write_amount(amount)
        if rule.credit:
            data["credit"] = True
    return data


def write_rounding(rounding: Rounding) -> Any:
    """A rounding: its mode alone when the rest is usual."""
    if rounding.step == 1 and rounding.unit:
        return rounding.mode
    data = Flow(mode=rounding.mode, step_cents=rounding.step)
    return data if rounding.unit else Flow(data, unit=False)
