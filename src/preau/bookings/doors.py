"""Whether a household may book a day yet: the openings' windows, and what it is to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from preau.bookings.household import Household
from preau.enrolments.queries import earlier_attenders, siblings_enrolled
from preau.kernel import french
from preau.openings.enums import Audience
from preau.openings.queries import WindowRow, windows_between
from preau.openings.rules import Opening, Standing, opening_of

_OPEN = Opening(is_open=True)


@dataclass(frozen=True, slots=True)
class Doors:
    """The windows of a household's offerings over a period. One query, and one more for each
    audience that asks for it; none of it when no window is set."""

    now: datetime
    is_resident: bool
    windows: dict[int, list[WindowRow]]
    # (child, offering): has a brother or sister enrolled there; attended the year before.
    siblings: frozenset[tuple[int, int]] = frozenset()
    before: frozenset[tuple[int, int]] = frozenset()

    def opening(self, offering_id: int, child_id: int, day: date) -> Opening:
        """Whether this child's day may be booked now, and else since or from when."""
        windows = self.windows.get(offering_id)
        if not windows:
            return _OPEN
        standing = Standing(
            is_resident=self.is_resident,
            has_sibling_enrolled=(child_id, offering_id) in self.siblings,
            was_enrolled_last_year=(child_id, offering_id) in self.before,
        )
        return opening_of(windows, day=day, standing=standing, now=self.now)


def get_doors(
    household: Household, offering_ids: Iterable[int], first: date, last: date, now: datetime
) -> Doors:
    """The doors of these offerings for a household and the days of a period."""
    windows: dict[int, list[WindowRow]] = {}
    audiences = set()
    for row in windows_between(offering_ids, first, last):
        windows.setdefault(row.offering_id, []).append(row)
        audiences.add(row.audience)
    siblings: frozenset[tuple[int, int]] = frozenset()
    before: frozenset[tuple[int, int]] = frozenset()
    if Audience.SIBLINGS in audiences:
        siblings = siblings_enrolled(household.family_id, windows, first)
    if Audience.LAST_YEAR in audiences:
        before = earlier_attenders(household.kids, windows)
    return Doors(now, household.is_resident, windows, siblings, before)


def opening_words(opening: Opening) -> str:
    """«Les réservations ouvrent mardi 1er décembre à 9 h.»; empty when they are open."""
    if opening.is_open:
        return ""
    if opening.opens_at is not None:
        return f"Les réservations ouvrent {french.instant(opening.opens_at)}."
    if opening.closed_at is not None:
        return f"Les réservations sont fermées depuis {french.instant(opening.closed_at)}."
    return "Les réservations de ce jour ne vous sont pas ouvertes."
