"""Ways to say an amount, in euros or in any other unit: fixed, grid, rate, line, other product."""

from dataclasses import dataclass
from decimal import Decimal

from preau.rulebook.rules.conditions import ALWAYS, Condition, facts_in

GAPS = ("hole", "lower", "upper", "round_down", "round_nearest", "round_up")
MISSING = ("hole", "highest", "lowest")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A plain amount."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Rate:
    """fact × rate (+ plus), the base and the result kept between bounds.

    ``rate`` may itself be an amount (a grid by number of children, for the crèche). A value given
    in percent in the file is kept here divided by 100.
    """

    of: str
    rate: "Amount"
    plus: Decimal | None = None
    minimum: "Amount | None" = None
    maximum: "Amount | None" = None
    base_minimum: Decimal | None = None
    base_maximum: Decimal | None = None
    missing: "Amount | None" = None


@dataclass(frozen=True, slots=True)
class Line:
    """Straight lines between points (fact, amount); flat before the first and after the last."""

    of: str
    points: tuple[tuple[Decimal, Decimal], ...]
    missing: "Amount | None" = None


@dataclass(frozen=True, slots=True)
class Column:
    id: str
    when: Condition = ALWAYS
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a grid: an interval of the grid's fact (``low``/``high`` and whether each bound is
    included), or the row for an unknown value, or a row for another condition (looked at first).
    """

    cells: tuple["Amount | None", ...]
    low: Decimal | None = None
    low_included: bool = True
    high: Decimal | None = None
    high_included: bool = True
    unknown: bool = False
    when: Condition | None = None
    label: str = ""
    note: str = ""

    @property
    def is_interval(self) -> bool:
        return not self.unknown and self.when is None


@dataclass(frozen=True, slots=True)
class Shift:
    """Move by so many rows (down the table: positive) when the condition holds."""

    rows: int
    when: Condition
    label: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows by the value of a fact, columns by conditions (first that holds).

    ``gaps``: what to do with a value that falls between two rows; ``missing``: what an unknown
    value gets when no row says ``unknown``.
    """

    by: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...] = ()
    gaps: str = "hole"
    missing: str = "hole"
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One amount per word of a text, choice, yes/no or small-number fact; ``other`` otherwise."""

    by: str
    values: tuple[tuple[str, "Amount"], ...]
    other: "Amount | None" = None


@dataclass(frozen=True, slots=True)
class PriceOf:
    """The price of another product (of the same activity unless said)."""

    product: str
    activity: str = ""


Amount = Fixed | Rate | Line | Grid | Choice | PriceOf


def facts_of_amount(amount: Amount | None) -> frozenset[str]:
    """The facts that an amount reads (the other product's excepted)."""
    match amount:
        case None | Fixed() | PriceOf():
            return frozenset()
        case Rate():
            return frozenset({amount.of}).union(
                *(
                    facts_of_amount(a)
                    for a in (amount.rate, amount.minimum, amount.maximum, amount.missing)
                )
            )
        case Line():
            return frozenset({amount.of}) | facts_of_amount(amount.missing)
        case Choice():
            return frozenset({amount.by}).union(
                facts_of_amount(amount.other), *(facts_of_amount(a) for _, a in amount.values)
            )
        case Grid():
            names = {amount.by}
            for column in amount.columns:
                names |= facts_in(column.when)
            for row in amount.rows:
                if row.when is not None:
                    names |= facts_in(row.when)
                for cell in row.cells:
                    names |= facts_of_amount(cell)
            for shift in amount.shifts:
                names |= facts_in(shift.when)
            return frozenset(names)
    raise TypeError(amount)
