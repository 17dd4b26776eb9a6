"""Conditions and amounts as plain mappings, key by key as they are read."""

from datetime import datetime, time
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
from preau.rulebook.when import PARIS


class Flow(dict):
    """A mapping printed on one line."""


class FlowList(list):
    """A list printed on one line."""


def value_text(value: Any) -> Any:
    """A fact's value as written in a file."""
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, frozenset):
        return FlowList(sorted(value))
    return value


def instant_text(moment: datetime) -> str:
    return moment.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M")


def one_or_list(values: tuple[Any, ...]) -> Any:
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
            return fact, one_or_list(values)
        case Known(fact, known):
            return fact, "known" if known else "unknown"
        case Has(fact, words):
            return fact, Flow(has=FlowList(words))
        case Between(fact, low, above, high, below):
            bounds = (("min", low), ("above", above), ("max", high), ("below", below))
            return fact, Flow({k: value_text(v) for k, v in bounds if v is not None})
        case Not(OneOf(fact, values)):
            return fact, Flow({"not": one_or_list(values)})
        case Not(Known(fact, known)):
            return fact, Flow({"not": "known" if known else "unknown"})
        case Not(inner):
            return "not", write_condition(inner)
    raise TypeError(part)


def write_amount(amount: Amount) -> Any:
    """An amount inside another: a number, or a mapping with its one key."""
    if isinstance(amount, Fixed):
        return amount.value
    return (
        Flow(amount_item(amount))
        if isinstance(amount, (Rate, Line, PriceOf))
        else amount_item(amount)
    )


def amount_item(amount: Amount) -> dict[str, Any]:
    match amount:
        case Fixed(value):
            return {"price": value}
        case Rate():
            return {"rate": _rate(amount)}
        case Line():
            data: dict[str, Any] = Flow(
                of=amount.of, points=FlowList(FlowList(point) for point in amount.points)
            )
            if amount.missing is not None:
                data["missing"] = write_amount(amount.missing)
            return {"line": data}
        case Choice():
            data = {
                "by": amount.by,
                "values": {key: write_amount(value) for key, value in amount.values},
            }
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
    for key, value in (
        ("plus", rate.plus),
        ("base_min", rate.base_minimum),
        ("base_max", rate.base_maximum),
    ):
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
