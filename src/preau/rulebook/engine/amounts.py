"""What an amount is worth for given facts, and why."""

import itertools
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from preau.kernel import french
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.rounding import round_to
from preau.rulebook.engine.words import COLON, TIMES, number, percent, say
from preau.rulebook.errors import FactError, Undecided
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
from preau.rulebook.rules.conditions import holds


@dataclass(frozen=True, slots=True)
class Worth:
    """An exact value in the unit written in the file (euros for prices) and its explanation."""

    value: Fraction
    why: str = ""
    note: str = ""


def worth(amount: Amount, context: Context, rule_id: str) -> Worth:
    """Evaluate an amount; raises Undecided when the rules do not say."""
    match amount:
        case Fixed(value):
            return Worth(Fraction(value))
        case Grid():
            return _grid(amount, context, rule_id)
        case Rate():
            return _rate(amount, context, rule_id)
        case Line():
            return _line(amount, context, rule_id)
        case Choice():
            return _choice(amount, context, rule_id)
        case PriceOf():
            return _price_of(amount, context, rule_id)
    raise TypeError(amount)


def _short(context: Context, name: str) -> str:
    fact = context.book.fact(name)
    return fact.short if fact else name


def _say(context: Context, name: str, value: Any) -> str:
    if name in ("minutes", "care_minutes", "late_minutes") and value is not None:
        return french.minutes(int(value))
    return say(context.book.fact(name), value)


def interval(row: Row, show: Any = number) -> str:
    """«800 à 999,99», «800 à moins de 1 000», «plus de 1 900»."""
    if row.label:
        return row.label
    if row.high is None and row.low is None:
        return "toutes valeurs"
    if row.high is None:
        return f"{show(row.low)} et plus" if row.low_included else f"plus de {show(row.low)}"
    if row.low is None or (row.low == 0 and row.low_included):
        return f"jusqu’à {show(row.high)}" if row.high_included else f"moins de {show(row.high)}"
    low = show(row.low) if row.low_included else f"plus de {show(row.low)}"
    high = show(row.high) if row.high_included else f"moins de {show(row.high)}"
    return f"{low} à {high}"


def in_row(row: Row, value: Any) -> bool:
    """Whether a number lies in the row's interval, bounds as written."""
    return row.is_interval and not (
        (row.low is not None and (value < row.low or (value == row.low and not row.low_included)))
        or (
            row.high is not None
            and (value > row.high or (value == row.high and not row.high_included))
        )
    )


def find_row(grid: Grid, value: Any, rule_id: str = "", shown: str = "") -> Row:
    """The one row that holds the value, gaps treated as the grid says; Undecided otherwise."""
    rows = [row for row in grid.rows if in_row(row, value)]
    if len(rows) == 1:
        return rows[0]
    if len(rows) > 1:
        raise Undecided(
            f"{shown} est dans deux tranches{COLON}" + " et ".join(interval(row) for row in rows),
            rule_id,
        )
    if grid.gaps.startswith("round_"):
        mode = {"round_down": "down", "round_nearest": "half_up", "round_up": "up"}[grid.gaps]
        rounded = round_to(Fraction(value), mode)
        rows = [row for row in grid.rows if in_row(row, rounded)]
        if len(rows) == 1:
            return rows[0]
    elif grid.gaps == "lower":
        below = [
            row
            for row in grid.rows
            if row.is_interval and row.high is not None and row.high <= value
        ]
        if below:
            return max(below, key=lambda row: row.high or Decimal(0))
    elif grid.gaps == "upper":
        above = [
            row for row in grid.rows if row.is_interval and row.low is not None and row.low >= value
        ]
        if above:
            return min(above, key=lambda row: row.low or Decimal(0))
    raise Undecided(f"{shown} n’est dans aucune tranche", rule_id)


def _column(grid: Grid, context: Context, rule_id: str) -> int:
    if not grid.columns:
        return 0
    for index, column in enumerate(grid.columns):
        if holds(column.when, context.get):
            return index
    raise Undecided("aucune colonne de la grille ne correspond", rule_id)


def _grid(grid: Grid, context: Context, rule_id: str) -> Worth:
    column = _column(grid, context, rule_id)
    title = grid.columns[column].label if grid.columns else ""
    special = next(
        (row for row in grid.rows if row.when is not None and holds(row.when, context.get)), None
    )
    if special is not None:
        return _cell(grid, special, column, special.label or title, context, rule_id)
    value = context.get(grid.by)
    short = _short(context, grid.by)
    if value is None:
        row, why = _unknown(grid, column, context, rule_id, short)
        return _cell(grid, row, column, why, context, rule_id)
    shown = f"{short} {_say(context, grid.by, value)}"
    row = find_row(grid, value, rule_id, shown)
    why = f"{shown}{COLON}tranche {interval(row)}"
    if title:
        why += f", {title}"
    for shift in grid.shifts:
        if holds(shift.when, context.get):
            intervals = [r for r in grid.rows if r.is_interval]
            place = min(max(intervals.index(row) + shift.rows, 0), len(intervals) - 1)
            if intervals[place] is not row:
                row = intervals[place]
                why += f", {shift.label or 'tranche décalée'}{COLON}tranche {interval(row)}"
    return _cell(grid, row, column, why, context, rule_id)


def _unknown(
    grid: Grid, column: int, context: Context, rule_id: str, short: str
) -> tuple[Row, str]:
    for row in grid.rows:
        if row.unknown:
            return row, row.label or f"{short} non fourni"
    if grid.missing == "hole":
        raise Undecided(f"{short} non fourni{COLON}la grille ne dit pas quel prix", rule_id)
    rows = [row for row in grid.rows if row.is_interval and _cell_at(row, column) is not None]
    if not rows:
        raise Undecided(f"{short} non fourni{COLON}la grille est vide", rule_id)
    values = [
        (worth(cell, context, rule_id).value, row)
        for row in rows
        if (cell := _cell_at(row, column)) is not None
    ]
    pick = max if grid.missing == "highest" else min
    row = pick(values, key=lambda pair: pair[0])[1]
    word = "le plus élevé" if grid.missing == "highest" else "le plus bas"
    return row, f"{short} non fourni{COLON}tarif {word}"


def _cell_at(row: Row, column: int) -> Amount | None:
    if len(row.cells) == 1:
        return row.cells[0]
    return row.cells[column] if column < len(row.cells) else None


def _cell(grid: Grid, row: Row, column: int, why: str, context: Context, rule_id: str) -> Worth:
    amount = _cell_at(row, column)
    if amount is None:
        raise Undecided(f"{why}{COLON}case vide dans la grille", rule_id)
    inner = worth(amount, context, rule_id)
    return Worth(inner.value, f"{why}, {inner.why}" if inner.why else why, row.note or inner.note)


def _rate(rate: Rate, context: Context, rule_id: str) -> Worth:
    value = context.get(rate.of)
    short = _short(context, rate.of)
    if value is None:
        fallback = rate.missing or None
        if fallback is None:
            raise Undecided(f"{short} non fourni{COLON}le calcul n’est pas possible", rule_id)
        inner = worth(fallback, context, rule_id)
        return Worth(inner.value, f"{short} non fourni{COLON}{inner.why or 'tarif maximal'}")
    base = Fraction(value)
    words = f"{short} {_say(context, rate.of, value)}"
    if rate.base_minimum is not None and base < rate.base_minimum:
        base = Fraction(rate.base_minimum)
        words += f" (plancher {number(rate.base_minimum)})"
    if rate.base_maximum is not None and base > rate.base_maximum:
        base = Fraction(rate.base_maximum)
        words += f" (plafond {number(rate.base_maximum)})"
    factor = worth(rate.rate, context, rule_id)
    shown = percent(factor.value * 100) if abs(factor.value) < 1 else number(factor.value)
    result = base * factor.value
    words += f"{TIMES}{shown}"
    if isinstance(rate.rate, Grid) and factor.why:
        words += f" ({factor.why})"
    if rate.plus is not None:
        result += Fraction(rate.plus)
        words += f" + {number(rate.plus)}"
    if rate.minimum is not None:
        low = worth(rate.minimum, context, rule_id).value
        if result < low:
            return Worth(low, f"{words} = {_short_number(result)}, relevé au minimum")
    if rate.maximum is not None:
        high = worth(rate.maximum, context, rule_id).value
        if result > high:
            return Worth(high, f"{words} = {_short_number(result)}, ramené au maximum")
    return Worth(result, words)


def _short_number(value: Fraction) -> str:
    return number(Decimal(int(round_to(value * 10000, "down"))) / Decimal(10000))


def _line(line: Line, context: Context, rule_id: str) -> Worth:
    value = context.get(line.of)
    short = _short(context, line.of)
    if value is None:
        if line.missing is None:
            raise Undecided(f"{short} non fourni{COLON}le calcul n’est pas possible", rule_id)
        return Worth(worth(line.missing, context, rule_id).value, f"{short} non fourni")
    x = Fraction(value)
    words = f"{short} {_say(context, line.of, value)}"
    points = [(Fraction(a), Fraction(b)) for a, b in line.points]
    if x <= points[0][0]:
        return Worth(points[0][1], f"{words}{COLON}tarif minimum")
    if x >= points[-1][0]:
        return Worth(points[-1][1], f"{words}{COLON}tarif maximum")
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 <= x <= x1:
            value = y0 + (y1 - y0) * (x - x0) / (x1 - x0)
            return Worth(
                value,
                f"{words}{COLON}entre {number(x0)} ({number(y0)}) et {number(x1)} ({number(y1)})",
            )
    raise Undecided(f"{words}{COLON}hors de la droite", rule_id)


def word_of(value: Any) -> str:
    """How a value is written as a key of a choice."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


def _choice(choice: Choice, context: Context, rule_id: str) -> Worth:
    value = context.get(choice.by)
    shown = f"{_short(context, choice.by)} {_say(context, choice.by, value)}"
    if value is not None:
        word = word_of(value)
        for key, amount in choice.values:
            if key == word:
                inner = worth(amount, context, rule_id)
                return Worth(
                    inner.value, f"{shown}, {inner.why}" if inner.why else shown, inner.note
                )
    if choice.other is None:
        raise Undecided(f"{shown}{COLON}aucun prix écrit", rule_id)
    inner = worth(choice.other, context, rule_id)
    return Worth(inner.value, f"{shown}, {inner.why}" if inner.why else shown, inner.note)


def _price_of(amount: PriceOf, context: Context, rule_id: str) -> Worth:
    from preau.rulebook.engine.prices import service_price

    activity = amount.activity or context.activity.code
    if context.depth > 4:
        raise Undecided("le prix renvoie à lui-même", rule_id)
    try:
        other = Context(
            context.book,
            activity,
            amount.product,
            context.day,
            context.facts,
            context.calendar,
            context.action,
            context.at,
            context.depth + 1,
        )
    except FactError:
        raise Undecided(f"le produit « {amount.product} » n’existe pas", rule_id) from None
    draft = service_price(other)
    name = other.product.name
    return Worth(Fraction(draft.cents, 100), f"prix de « {name} » " + french.euros(draft.cents))
