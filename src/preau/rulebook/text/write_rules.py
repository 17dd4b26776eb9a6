"""Rules as plain mappings, key by key as they are read."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from preau.rulebook.rules.amounts import (
    Amount,
    Choice,
    Fixed,
    Grid,
    Line,
    PriceOf,
    Rate,
    Row,
)
from preau.rulebook.rules.base import Rounding, Rule, Scope
from preau.rulebook.rules.conditions import (
    ALWAYS,
    All,
    AnyOf,
    Between,
    Condition,
    Has,
    Known,
    Not,
    OneOf,
)
from preau.rulebook.rules.moments import (
    Absence,
    Access,
    Deadline,
    DaysBefore,
    HoursBefore,
    Limit,
    MonthDay,
    WeekdayBefore,
    WeekdayMap,
    Windows,
)
from preau.rulebook.rules.tariffs import (
    Adjustment,
    Extra,
    GroupRule,
    Penalty,
    Surcharge,
    Tariff,
    Unit,
)
from preau.rulebook.when import PARIS, show_minutes


class Flow(dict):
    """A mapping printed on one line."""


class FlowList(list):
    """A list printed on one line."""


UNIT_WORDS = {1: "minute", 15: "quarter_hour", 30: "half_hour", 60: "hour"}


def value_text(value: Any) -> Any:
    """A fact's value as written in a file."""
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, frozenset):
        return FlowList(sorted(value))
    return value


def _instant(moment: datetime) -> str:
    return moment.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")


def _one(values: tuple[Any, ...]) -> Any:
    listed = [value_text(value) for value in values]
    return listed[0] if len(listed) == 1 else FlowList(listed)


def write_condition(condition: Condition) -> dict[str, Any]:
    """A condition as a mapping (a repeated fact goes under «all»)."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    data = Flow()
    for part in parts:
        key, value = _part(part)
        if key in data:
            return Flow(all=[write_condition(All((one,))) for one in parts])
        data[key] = value
    return data


def _part(part: Condition) -> tuple[str, Any]:
    match part:
        case All(parts):
            return "all", [write_condition(one) for one in parts]
        case AnyOf(parts):
            return "any", [write_condition(one) for one in parts]
        case OneOf(fact, values):
            return fact, _one(values)
        case Known(fact, known):
            return fact, "known" if known else "unknown"
        case Has(fact, words):
            return fact, Flow(has=FlowList(words))
        case Between(fact, low, above, high, below):
            bounds = (("min", low), ("above", above), ("max", high), ("below", below))
            return fact, Flow({k: value_text(v) for k, v in bounds if v is not None})
        case Not(OneOf(fact, values)):
            return fact, Flow({"not": _one(values)})
        case Not(Known(fact, known)):
            return fact, Flow({"not": "known" if known else "unknown"})
        case Not(inner):
            return "not", write_condition(inner)
    raise TypeError(part)


def write_amount(amount: Amount) -> Any:
    """An amount inside another: a number, or a mapping with its one key."""
    if isinstance(amount, Fixed):
        return amount.value
    return Flow(amount_item(amount)) if isinstance(amount, (Rate, Line, PriceOf)) else amount_item(
        amount)


def amount_item(amount: Amount) -> dict[str, Any]:
    match amount:
        case Fixed(value):
            return {"price": value}
        case Rate():
            return {"rate": _rate(amount)}
        case Line():
            data: dict[str, Any] = Flow(of=amount.of, points=FlowList(
                FlowList(point) for point in amount.points))
            if amount.missing is not None:
                data["missing"] = write_amount(amount.missing)
            return {"line": data}
        case Choice():
            data = {"by": amount.by,
                    "values": {key: write_amount(value) for key, value in amount.values}}
            if amount.other is not None:
                data["other"] = write_amount(amount.other)
            return {"choice": data}
        case PriceOf(product, activity):
            return {"price_of": Flow(product=product, activity=activity) if activity else product}
        case Grid():
            return {"grid": _grid(amount)}
    raise TypeError(amount)


def _rate(rate: Rate) -> dict[str, Any]:
    data: dict[str, Any] = Flow(of=rate.of, rate=write_amount(rate.rate))
    for key, value in (("plus", rate.plus), ("base_min", rate.base_minimum),
                       ("base_max", rate.base_maximum)):
        if value is not None:
            data[key] = value
    for key, amount in (("min", rate.minimum), ("max", rate.maximum), ("missing", rate.missing)):
        if amount is not None:
            data[key] = write_amount(amount)
    return data if isinstance(rate.rate, Fixed) else dict(data)


def _grid(grid: Grid) -> dict[str, Any]:
    data: dict[str, Any] = {"by": grid.by}
    if grid.gaps != "hole":
        data["gaps"] = grid.gaps
    if grid.missing != "hole":
        data["missing"] = grid.missing
    if grid.columns:
        data["columns"] = []
        for column in grid.columns:
            item = Flow(id=column.id)
            if column.label:
                item["label"] = column.label
            if column.when != ALWAYS:
                item["when"] = write_condition(column.when)
            data["columns"].append(item)
    data["rows"] = [_row(row, bool(grid.columns)) for row in grid.rows]
    if grid.shifts:
        data["shift"] = []
        for shift in grid.shifts:
            item = Flow(rows=shift.rows, when=write_condition(shift.when))
            if shift.label:
                item["label"] = shift.label
            data["shift"].append(item)
    return data


def _row(row: Row, columns: bool) -> dict[str, Any]:
    data = Flow()
    if row.unknown:
        data["unknown"] = True
    if row.when is not None:
        data["when"] = write_condition(row.when)
    if row.low is not None:
        data["from" if row.low_included else "above"] = row.low
    if row.high is not None:
        data["to" if row.high_included else "below"] = row.high
    if row.label:
        data["label"] = row.label
    if row.note:
        data["note"] = row.note
    if len(row.cells) == 1 and row.cells[0] is not None:
        data["price"] = write_amount(row.cells[0])
    else:
        data["prices"] = FlowList(None if c is None else write_amount(c) for c in row.cells)
    return data


def _scope(scope: Scope) -> Any:
    data = Flow()
    for key, values in (("activity", scope.activities), ("product", scope.products),
                        ("period", scope.periods), ("holiday", scope.holidays),
                        ("weekday", scope.weekdays)):
        if values:
            data[key] = _one(values)
    return data


def _unit(unit: Unit) -> Any:
    data = Flow(every=UNIT_WORDS.get(unit.minutes, unit.minutes))
    if unit.of != "minutes":
        data["of"] = unit.of
    if unit.started != "due":
        data["started"] = unit.started
    if unit.grace:
        data["grace"] = unit.grace
    if unit.price_for is not None:
        data["price_for"] = UNIT_WORDS.get(unit.price_for, unit.price_for)
    for key, value in (("min", unit.at_least), ("max", unit.at_most)):
        if value is not None:
            data[key] = value
    if unit.label:
        data["label"] = unit.label
    return data["every"] if len(data) == 1 else data


def write_limit(limit: Limit) -> dict[str, Any]:
    """A last moment as a mapping."""
    data: dict[str, Any] = Flow()
    step = limit.step
    match step:
        case DaysBefore():
            data["days_before"] = step.days
            if step.count != "calendar":
                data["count"] = step.count
        case WeekdayBefore():
            data["weekday"] = step.weekday
            if step.weeks != 1:
                data["weeks"] = "last" if step.weeks is None else step.weeks
        case WeekdayMap():
            data = {"map": {}}
            for code, target, minutes in step.entries:
                item = Flow(weekday=target.weekday)
                if target.weeks is not None:
                    item["weeks"] = target.weeks
                if minutes is not None:
                    item["time"] = show_minutes(minutes)
                data["map"][code] = item
        case HoursBefore():
            data["hours_before"] = step.hours
            if step.excluding:
                data["excluding"] = FlowList(step.excluding)
        case MonthDay():
            data["month_day"] = step.day
            if step.months != 1:
                data["months"] = step.months
        case Windows():
            data = {"windows": [_window(window) for window in step.windows]}
    if limit.minutes != 1440:
        data["time"] = show_minutes(limit.minutes)
    if not limit.included:
        data["included"] = False
    if limit.anchor != "service":
        data["anchor"] = limit.anchor
    if limit.shift != "none":
        data["shift"] = Flow(move=limit.shift, closed=FlowList(limit.closed))
        if limit.shifted_minutes is not None:
            data["shift"]["time"] = show_minutes(limit.shifted_minutes)
    return data


def _window(window: Any) -> dict[str, Any]:
    data = Flow()
    if window.opens_at is not None:
        data["opens"] = _instant(window.opens_at)
    if window.closes_at is not None:
        closes = window.closes_at.astimezone(PARIS)
        if (closes.hour, closes.minute) == (0, 0):
            data["closes"] = (closes - timedelta(days=1)).date()
        else:
            data["closes"] = _instant(closes)
    if window.services_from is not None:
        data["from"] = window.services_from
    if window.services_until is not None:
        data["until"] = window.services_until
    if window.holidays:
        data["holiday"] = _one(window.holidays)
    return data


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
        data["times"] = _one(rule.times)
    if isinstance(rule, (Tariff, Extra)) and rule.divide is not None:
        data["divide"] = rule.divide
    if isinstance(rule, Tariff):
        if rule.per != "service":
            data["per"] = rule.per
        if rule.rounding is not None:
            data["rounding"] = _rounding(rule.rounding)
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
            data["action"] = _one(rule.actions)
        data["outcome"] = rule.outcome
    if isinstance(rule, Deadline):
        data["action"] = _one(rule.actions)
        if rule.never:
            data["never"] = True
        if rule.limit is not None:
            data["limit"] = write_limit(rule.limit)
        if rule.opens is not None:
            data["opens"] = write_limit(rule.opens)
        data |= {"in_time": rule.in_time, "late": rule.late}
    if isinstance(rule, Absence):
        if rule.actions != ("absence", "cancel"):
            data["action"] = _one(rule.actions) if rule.actions else FlowList()
        if rule.charge != Decimal(100):
            data["charge"] = rule.charge
        for key, amount in (("amount", rule.amount), ("surcharge", rule.surcharge)):
            if amount is not None:
                data[key] = write_amount(amount)
        if rule.credit:
            data["credit"] = True
    return data


def _rounding(rounding: Rounding) -> Any:
    if rounding.step == 1:
        return rounding.mode
    return Flow(mode=rounding.mode, step_cents=rounding.step)
