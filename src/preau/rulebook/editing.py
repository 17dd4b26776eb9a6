"""Small changes to a rulebook, rule by rule: what the agents' screens ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from preau.rulebook.rules.amounts import Amount, Fixed, Grid, Rate, Row
from preau.rulebook.rules.base import Rule
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.rules.moments import Deadline, Limit
from preau.rulebook.rules.tariffs import Adjustment, Effect, Extra, GroupRule, Penalty, Tariff


class CannotEdit(ValueError):
    """This screen cannot say that rule; the text can."""


@dataclass(frozen=True, slots=True)
class RowEdit:
    """A bracket as the table says it; ``cells`` in the order of the columns, None: empty."""

    cells: tuple[Decimal | None, ...]
    low: Decimal | None = None
    low_included: bool = True
    high: Decimal | None = None
    high_included: bool = True


def find_rule(book: Rulebook, section: str, rule_id: str) -> Rule | None:
    """A rule by its section and name, or None."""
    for name, rules in book.sections():
        if name == section:
            return next((rule for rule in rules if rule.id == rule_id), None)
    return None


def put_rule(book: Rulebook, section: str, rule: Rule) -> Rulebook:
    """The same rulebook with this rule in the place of the one of its name."""
    rules = getattr(book, section)
    changed: dict[str, Any] = {section: tuple(rule if one.id == rule.id else one for one in rules)}
    return replace(book, **changed)


def amount_of(rule: Rule) -> Amount | None:
    """The amount that a rule's screen shows."""
    if isinstance(rule, (Tariff, Extra, Penalty)):
        return rule.amount
    if isinstance(rule, (Adjustment, GroupRule)):
        return rule.effect.amount
    return None


def with_amount(rule: Rule, amount: Amount) -> Rule:
    """The same rule at another amount."""
    if isinstance(rule, (Tariff, Extra, Penalty)):
        return replace(rule, amount=amount)
    if isinstance(rule, (Adjustment, GroupRule)):
        return replace(rule, effect=Effect(rule.effect.operation, amount))
    raise CannotEdit(rule.id)


def how_to_edit(rule: Rule) -> str:
    """price, rate, grid or deadline; "" when only the text can say it."""
    if isinstance(rule, Deadline):
        return "deadline" if rule.limit is not None else ""
    match amount_of(rule):
        case Fixed():
            return "price"
        case Rate(rate=Fixed(), minimum=low, maximum=high) if all(
            part is None or isinstance(part, Fixed) for part in (low, high)
        ):
            return "rate"
        case Grid(rows=rows) if all(
            cell is None or isinstance(cell, Fixed) for row in rows for cell in row.cells
        ):
            return "grid"
    return ""


def edit_rate(rate: Rate, percent: Decimal, low: Decimal | None, high: Decimal | None) -> Rate:
    """A rate given in percent, between a floor and a ceiling. A written price for an unknown
    value that was the ceiling follows it."""
    missing = rate.missing
    if missing is not None and missing == rate.maximum and high is not None:
        missing = Fixed(high)
    return replace(
        rate,
        rate=Fixed(percent / 100),
        minimum=None if low is None else Fixed(low),
        maximum=None if high is None else Fixed(high),
        missing=missing,
    )


def edit_grid(
    grid: Grid, rows: Sequence[RowEdit], special: Sequence[tuple[Decimal | None, ...]]
) -> Grid:
    """A grid with these brackets, and these prices for its rows by condition, in order."""
    if not rows:
        raise CannotEdit("une grille a au moins une tranche")
    prices = iter(special)
    kept: list[Row] = []
    for row in grid.rows:
        if not row.is_interval:
            kept.append(replace(row, cells=_cells(next(prices))))
    named = {(row.low, row.high): row for row in grid.rows if row.is_interval}
    made = []
    for edit in rows:
        old = named.get((edit.low, edit.high))
        made.append(
            Row(
                _cells(edit.cells),
                edit.low,
                edit.low_included,
                edit.high,
                edit.high_included,
                label=old.label if old else "",
                note=old.note if old else "",
            )
        )
    made.sort(key=lambda row: (row.low is not None, row.low or Decimal(0)))
    first = [row for row in kept if row.when is not None]
    last = [row for row in kept if row.when is None]
    return replace(grid, rows=(*first, *made, *last))


def _cells(values: tuple[Decimal | None, ...]) -> tuple[Amount | None, ...]:
    return tuple(None if value is None else Fixed(value) for value in values)


def edit_deadline(rule: Deadline, limit: Limit, late: str) -> Deadline:
    """A deadline at another limit; what the screen does not say of the limit is kept."""
    old = rule.limit
    if old is not None:
        limit = replace(
            limit,
            anchor=old.anchor,
            shift=old.shift,
            closed=old.closed,
            shifted_minutes=old.shifted_minutes,
            included=old.included,
        )
    return replace(rule, limit=limit, late=late)
