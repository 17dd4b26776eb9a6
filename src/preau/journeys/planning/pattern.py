"""A weekly pattern over a period: the same days every week, with exceptions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from preau.bookings.rules import lives_here
from preau.journeys.planning.values import Board, BoardCell

# Child, weekday (0 is Monday), product (empty when the activity has one).
PatternDay = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a family asks for over a period. `weeks` is "ALL", "EVEN" or "ODD" (ISO numbers);
    `but` are the periods left out; `only`, whether other days of the period are given up."""

    days: frozenset[PatternDay]
    first: date
    last: date
    weeks: str = "ALL"
    but: tuple[tuple[date, date], ...] = ()
    only: bool = False

    def covers(self, day: date) -> bool:
        return (
            self.first <= day <= self.last
            and lives_here(self.weeks, day)
            and not any(first <= day <= last for first, last in self.but)
        )


@dataclass(frozen=True, slots=True)
class Composed:
    """The choices that a pattern makes, and what it could not: days past their time or shut."""

    wishes: dict[str, bool | None]
    added: int = 0
    removed: int = 0
    missed: int = 0
    full: int = 0


def compose(board: Board, pattern: Pattern) -> Composed:
    """The choices that give the days of a pattern to a board that covers its period."""
    wishes: dict[str, bool | None] = {}
    added = removed = missed = full = 0
    for day, cell in _cells(board):
        asked = (cell.child_id, day.weekday(), cell.product) in pattern.days
        covered = pattern.covers(day)
        if asked and covered:
            if not cell.can_change:
                missed += not cell.held and cell.state in ("past-free", "closed")
                continue
            wishes[cell.pair] = None if cell.held else True
            added += not cell.held and not cell.wanted
            full += not cell.held and cell.state == "full"
        elif (
            pattern.only
            and cell.can_change
            and cell.wanted
            and pattern.first <= day <= pattern.last
            and any(child == cell.child_id for child, _, _ in pattern.days)
        ):
            wishes[cell.pair] = False if cell.held else None
            removed += 1
    return Composed(wishes, added, removed, missed, full)


@dataclass(frozen=True, slots=True)
class PatternRow:
    """A child and a product in the form: one box a weekday, checked as most days to come are."""

    child_id: int
    first_name: str
    product: str
    colour: int
    boxes: list[tuple[int, bool]] = field(default_factory=list)


def pattern_rows(board: Board) -> list[PatternRow]:
    """The form's rows, from what the board's days already hold or are chosen for."""
    seen: dict[PatternDay, list[bool]] = {}
    products: dict[int, list[str]] = {kid.pk: [] for kid in board.kids}
    for day, cell in _cells(board):
        seen.setdefault((cell.child_id, day.weekday(), cell.product), []).append(cell.wanted)
        if cell.product not in products[cell.child_id]:
            products[cell.child_id].append(cell.product)
    weekdays = sorted({weekday for _, weekday, _ in seen})
    rows = []
    for kid in board.kids:
        # A day that says nothing of each product is drawn once, without a name.
        named = [product for product in products[kid.pk] if product]
        for product in named or products[kid.pk]:
            row = PatternRow(kid.pk, kid.first_name, product, kid.colour)
            for weekday in weekdays:
                wanted = seen.get((kid.pk, weekday, product), [])
                row.boxes.append((weekday, sum(wanted) * 2 > len(wanted)))
            rows.append(row)
    return rows


def _cells(board: Board) -> Iterable[tuple[date, BoardCell]]:
    for week in board.weeks:
        for day in week.days:
            for cells in day.cells.values():
                for cell in cells:
                    yield day.day, cell
