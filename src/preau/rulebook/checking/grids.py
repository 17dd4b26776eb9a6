"""Grids: holes, overlaps, empty cells, unknown values."""

import itertools
from collections.abc import Iterator
from decimal import Decimal

from preau.rulebook.checking.findings import Finding, error, warning
from preau.rulebook.engine.amounts import interval
from preau.rulebook.engine.reads import amounts_of, inner_amounts
from preau.rulebook.engine.words import number
from preau.rulebook.rules.amounts import Choice, Grid, Line, PriceOf, Rate, Row
from preau.rulebook.rules.base import Rule, Unclear
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.rules.conditions import All, Known

CENT = Decimal("0.01")
ONE = Decimal(1)


def check_grids(book: Rulebook) -> Iterator[Finding]:
    """Every grid of every enabled rule, its other readings included."""
    for _, rule in book.rules():
        readings = (rule, *(r.rule for r in (rule.unclear or Unclear("")).readings))
        seen: set[int] = set()
        for one in readings:
            if not one.enabled:
                continue
            for outer in amounts_of(one):
                for amount in inner_amounts(outer):
                    if isinstance(amount, Grid) and id(amount) not in seen:
                        seen.add(id(amount))
                        yield from check_grid(book, one, amount)
                    elif isinstance(amount, PriceOf):
                        yield from _check_product(book, one, amount)


def step_of(book: Rulebook, name: str) -> Decimal:
    """The smallest difference between two values of a fact."""
    fact = book.fact(name)
    return ONE if (fact is not None and fact.kind == "whole") or "minutes" in name else CENT


def check_grid(book: Rulebook, rule: Rule, grid: Grid) -> Iterator[Finding]:
    fact = book.fact(grid.by)
    short = fact.short if fact else grid.by
    rows = sorted(
        (row for row in grid.rows if row.is_interval),
        key=lambda row: (row.low is not None, row.low or Decimal(0), not row.low_included),
    )
    step = step_of(book, grid.by)
    yield from _start(book, rule, grid, rows, short)
    for before, after in itertools.pairwise(rows):
        yield from _between(rule, grid, before, after, step, short)
    yield from _end(book, rule, grid, rows, short)
    for row in grid.rows:
        for index, cell in enumerate(row.cells):
            if cell is None:
                column = grid.columns[index].label or grid.columns[index].id
                yield warning(
                    "empty_cell",
                    f"case vide : {interval(row)}, {column}",
                    rule.id,
                    interval(row),
                    column,
                )


def _start(
    book: Rulebook, rule: Rule, grid: Grid, rows: list[Row], short: str
) -> Iterator[Finding]:
    if not rows:
        return
    first = rows[0]
    least = Decimal(1) if grid.by in ("rank", "present_rank", "children") else Decimal(0)
    if first.low is None or first.low < least or (first.low == least and first.low_included):
        return
    if grid.gaps == "upper" or (grid.by in ("minutes", "days_in_week", "days_in_month")):
        return
    yield error(
        "hole",
        f"{short} de {number(least)} à {number(first.low)} : aucune tranche",
        rule.id,
        least,
        first.low,
    )


def _end(book: Rulebook, rule: Rule, grid: Grid, rows: list[Row], short: str) -> Iterator[Finding]:
    highest = max(
        (row for row in rows if row.high is not None),
        default=None,
        key=lambda row: row.high or Decimal(0),
    )
    if not rows or any(row.high is None for row in rows) or highest is None:
        return
    limit = _longest(book, rule) if "minutes" in grid.by else None
    if limit is not None and highest.high is not None and highest.high >= limit:
        return
    if grid.gaps == "lower" or grid.by in ("days_in_week", "days_in_month"):
        return
    word = "au-dessus de" if highest.high_included else "à partir de"
    yield error(
        "hole", f"{short} {word} {number(highest.high)} : aucune tranche", rule.id, highest.high
    )


def _longest(book: Rulebook, rule: Rule) -> int | None:
    spans = [
        p.closes - p.opens
        for a in book.activities
        for p in a.products
        if p.opens is not None and p.closes is not None and rule.scope.covers(a.code, p.code)
    ]
    return max(spans, default=None)


def _between(
    rule: Rule, grid: Grid, before: Row, after: Row, step: Decimal, short: str
) -> Iterator[Finding]:
    names = (interval(before), interval(after))
    high, low = before.high, after.low
    if high is None or low is None:
        value = low if high is None else high
        yield error(
            "overlap",
            f"{short} : tranches « {names[0]} » et « {names[1]} » se recouvrent",
            rule.id,
            value if value is not None else "",
        )
        return
    if high > low or (high == low and before.high_included and after.low_included):
        yield error(
            "overlap",
            f"{short} {number(low)} est dans deux tranches : « {names[0]} » et « {names[1]} »",
            rule.id,
            low,
            high,
        )
        return
    if grid.gaps in ("lower", "upper"):
        return
    size = ONE if grid.gaps.startswith("round_") else step
    first = high if not before.high_included else _next(high, size)
    last = low if not after.low_included else _previous(low, size)
    if first > last:
        return
    if first == last:
        yield error(
            "hole",
            f"{short} {number(first)} exactement n’est dans aucune tranche "
            f"(« {names[0]} » puis « {names[1]} »)",
            rule.id,
            first,
        )
    else:
        yield error(
            "hole",
            f"{short} de {number(first)} à {number(last)} n’est dans aucune "
            f"tranche (« {names[0]} » puis « {names[1]} »)",
            rule.id,
            first,
            last,
        )


def _next(value: Decimal, step: Decimal) -> Decimal:
    return (value // step + 1) * step


def _previous(value: Decimal, step: Decimal) -> Decimal:
    whole = (value // step) * step
    return whole - step if whole == value else whole


def check_unknown(book: Rulebook) -> Iterator[Finding]:
    """Tariffs that give no answer when the quotient (or the income) is unknown."""
    for index, rule in enumerate(book.tariffs):
        if not rule.enabled:
            continue
        for name in _needs(rule):
            if name in book.defaults or not _must_answer(name):
                continue
            if any(_answers_unknown(other, rule, name) for other in book.tariffs[:index]):
                continue
            fact = book.fact(name)
            yield error(
                "no_unknown",
                f"« {rule.name} » ne dit pas le prix quand « {fact.label if fact else name} » "
                "n’est pas connu",
                rule.id,
                name,
            )


def _must_answer(name: str) -> bool:
    return name in ("quotient", "monthly_income", "annual_income", "subsidy_rate")


def _needs(rule: Rule) -> tuple[str, ...]:
    """The facts without which some amount of the rule has no value."""
    names: list[str] = []
    tested = {
        part.fact
        for part in getattr(rule.when, "parts", ())
        if hasattr(part, "fact") and not (isinstance(part, Known) and not part.known)
    }
    for outer in amounts_of(rule):
        for amount in inner_amounts(outer):
            missing: str | None = None
            if isinstance(amount, Grid):
                answered = amount.missing != "hole" or any(row.unknown for row in amount.rows)
                missing = None if answered else amount.by
            elif isinstance(amount, (Rate, Line)) and amount.missing is None:
                missing = amount.of
            elif isinstance(amount, Choice) and amount.other is None:
                missing = amount.by
            if missing and missing not in names and missing not in tested:
                names.append(missing)
    return tuple(names)


def _answers_unknown(other: Rule, rule: Rule, name: str) -> bool:
    parts = other.when.parts if isinstance(other.when, All) else (other.when,)
    if parts != (Known(name, False),) or not other.enabled:
        return False
    return _wider(other.scope.activities, rule.scope.activities) and _wider(
        other.scope.products, rule.scope.products
    )


def _wider(other: tuple[str, ...], mine: tuple[str, ...]) -> bool:
    return not other or (bool(mine) and set(mine) <= set(other))


def _check_product(book: Rulebook, rule: Rule, amount: PriceOf) -> Iterator[Finding]:
    codes = (
        (amount.activity,)
        if amount.activity
        else (rule.scope.activities or tuple(a.code for a in book.activities))
    )
    for code in codes:
        activity = book.activity(code)
        if activity is None or activity.product(amount.product) is None:
            yield error(
                "bad_product",
                f"« price_of » renvoie au produit « {amount.product} » de "
                f"« {code} », qui n’existe pas",
                rule.id,
                amount.product,
            )
