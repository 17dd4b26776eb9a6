"""Who has a child on a day: weeks, days, holidays and exceptions, in one place.

The household of the day books and pays. Pure but for `custody_calendars`, which reads three
tables at most for any number of children.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from preau.families.enums import CustodyHolidays, CustodyWeeks, ExceptionStatus
from preau.families.models import Custody, CustodyException

Break = tuple[date, date]
# Given by the room that keeps the school calendar, when the house opens (catalogue.apps).
_school_breaks: Callable[[date, date], Sequence[Break]] = lambda first, last: ()  # noqa: E731


def serve_school_breaks(source: Callable[[date, date], Sequence[Break]]) -> None:
    """Say who knows the school holidays: first and last day without school of each."""
    global _school_breaks
    _school_breaks = source


def school_breaks(first: date, last: date) -> list[Break]:
    """The school holidays that touch the period."""
    return list(_school_breaks(first, last))


@dataclass(frozen=True, slots=True)
class Stay:
    """The child lives in a household over a period, by a rule of weeks, days and holidays."""

    weeks: str
    starts_on: date
    ends_on: date | None
    days: str = ""
    holidays: str = CustodyHolidays.AS_WEEKS
    family_id: int = 0

    def holds(self, day: date) -> bool:
        """Whether the period of the stay holds the day, whatever the weeks."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def has(self, day: date, breaks: Iterable[Break] = ()) -> bool:
        """Whether the household has the child on that day, exceptions apart."""
        return self.holds(day) and follows(self, day, breaks)

    @property
    def needs_breaks(self) -> bool:
        return self.holidays != CustodyHolidays.AS_WEEKS


@dataclass(frozen=True, slots=True)
class Swap:
    """Days agreed apart from the rule: the child is with this household."""

    family_id: int
    starts_on: date
    ends_on: date


def follows(stay: Any, day: date, breaks: Iterable[Break] = ()) -> bool:
    """Whether the rule of a stay (weeks, days, holidays) gives this day to its household.

    The halves of a holiday: the first takes the odd day when their number is odd. Even and odd
    years are those of its first day.
    """
    if stay.holidays != CustodyHolidays.AS_WEEKS:
        for first, last in breaks:
            if first <= day <= last:
                return _in_holidays(stay.holidays, day, first, last)
    return in_week(stay.weeks, day, stay.days)


def in_week(weeks: str, day: date, days: str = "") -> bool:
    """Whether the weeks alone (ISO numbers) give this day to the household."""
    even = day.isocalendar().week % 2 == 0
    if weeks == CustodyWeeks.ALL:
        return True
    if weeks == CustodyWeeks.DAYS:
        return days[day.weekday() + (0 if even else 7) :][:1] == "1"
    return even == (weeks == CustodyWeeks.EVEN)


def other_weeks(weeks: str) -> str:
    """The weeks that remain for the other home: even for odd, all for all."""
    pairs = {CustodyWeeks.EVEN: CustodyWeeks.ODD, CustodyWeeks.ODD: CustodyWeeks.EVEN}
    return str(pairs.get(CustodyWeeks(weeks), weeks))


def other_days(days: str) -> str:
    """The days that remain."""
    return days.translate(str.maketrans("01", "10"))


def other_holidays(holidays: str) -> str:
    """The holidays that remain."""
    pairs = [
        (CustodyHolidays.ALL, CustodyHolidays.NONE),
        (CustodyHolidays.HALVES_EVEN, CustodyHolidays.HALVES_ODD),
        (CustodyHolidays.YEARS_EVEN, CustodyHolidays.YEARS_ODD),
    ]
    both = dict(pairs) | {b: a for a, b in pairs}
    return str(both.get(CustodyHolidays(holidays), holidays))


def _in_holidays(rule: str, day: date, first: date, last: date) -> bool:
    even_year = first.year % 2 == 0
    half = (last - first).days // 2
    in_first_half = (day - first).days <= half
    match rule:
        case CustodyHolidays.ALL:
            return True
        case CustodyHolidays.NONE:
            return False
        case CustodyHolidays.HALVES_EVEN:
            return in_first_half == even_year
        case CustodyHolidays.HALVES_ODD:
            return in_first_half != even_year
        case CustodyHolidays.YEARS_EVEN:
            return even_year
        case _:
            return not even_year


@dataclass(slots=True)
class CustodyCalendar:
    """All that says where one child is, over a period."""

    child_id: int
    stays: list[Stay] = field(default_factory=list)
    swaps: list[Swap] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)

    def homes_on(self, day: date) -> list[int]:
        """The households that have the child on the day: one, none, or both when nothing was
        said. An exception agreed wins; then the holidays; then the weeks."""
        living = {stay.family_id for stay in self.stays if stay.holds(day)}
        for swap in self.swaps:
            if swap.starts_on <= day <= swap.ends_on and swap.family_id in living:
                return [swap.family_id]
        return list(
            dict.fromkeys(
                s.family_id for s in self.stays if s.holds(day) and s.has(day, self.breaks)
            )
        )

    def household_on(self, day: date) -> int | None:
        """The one household that books and pays on the day; None: unknown in the town that day.

        When both have the child the first to have had it; when the rule gives the day to
        nobody, the first in which the child lives at that time.
        """
        homes = self.homes_on(day) or [s.family_id for s in self.stays if s.holds(day)]
        return homes[0] if homes else None

    def read_breaks(self, first: date, last: date) -> None:
        """Know the school holidays of a period, for a rule that is only drawn yet."""
        self.breaks = school_breaks(first, last)

    def is_shared(self, day: date) -> bool:
        """Whether the child has two homes at that time."""
        return len({s.family_id for s in self.stays if s.holds(day)}) > 1


def custody_calendars(
    child_ids: Iterable[int], first: date, last: date
) -> dict[int, CustodyCalendar]:
    """Each child's calendar for a period: three queries at most, whatever the number."""
    ids = list(set(child_ids))
    calendars = {pk: CustodyCalendar(pk) for pk in ids}
    rows = (
        Custody.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=first), child_id__in=ids, starts_on__lte=last
        )
        .order_by("child_id", "starts_on", "pk")
        .annotate(has_swaps=Exists(swaps_of(OuterRef("child_id"), first, last)))
        .values_list(
            "child_id",
            "weeks",
            "starts_on",
            "ends_on",
            "days",
            "holidays",
            "family_id",
            "has_swaps",
        )
    )
    swapped: set[int] = set()
    needs_breaks = False
    for child_id, weeks, starts_on, ends_on, days, holidays, family_id, has_swaps in rows:
        stay = Stay(weeks, starts_on, ends_on, days, holidays, family_id)
        calendars[child_id].stays.append(stay)
        needs_breaks |= stay.needs_breaks
        if has_swaps:
            swapped.add(child_id)
    if swapped:
        for child_id, swaps in read_swaps(swapped, first, last).items():
            calendars[child_id].swaps = swaps
    if needs_breaks:
        breaks = school_breaks(first, last)
        for calendar in calendars.values():
            calendar.breaks = breaks
    return calendars


def swaps_of(child: Any, first: date, last: date) -> Any:
    """The exceptions agreed for a child (an id or an OuterRef) that touch the period."""
    return CustodyException.objects.filter(
        child_id=child, status=ExceptionStatus.AGREED, starts_on__lte=last, ends_on__gte=first
    )


def read_swaps(child_ids: Iterable[int], first: date, last: date) -> dict[int, list[Swap]]:
    """The exceptions agreed of these children, the last agreed first; one query."""
    found: dict[int, list[Swap]] = {}
    for row in (
        CustodyException.objects.filter(
            child_id__in=list(child_ids),
            status=ExceptionStatus.AGREED,
            starts_on__lte=last,
            ends_on__gte=first,
        )
        .order_by("-answered_at", "-pk")
        .values_list("child_id", "family_id", "starts_on", "ends_on")
    ):
        found.setdefault(row[0], []).append(Swap(*row[1:]))
    return found


def households_on(child_ids: Iterable[int], first: date, last: date) -> dict[int, dict[date, int]]:
    """For each child, the household that books and pays on each day of the period.

    Days when the child lives nowhere in the town are left out. Three queries at most.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found: dict[int, dict[date, int]] = {}
    for child_id, calendar in custody_calendars(child_ids, first, last).items():
        homes = {day: calendar.household_on(day) for day in days}
        found[child_id] = {day: home for day, home in homes.items() if home is not None}
    return found


def children_with_two_homes(first: date, last: date) -> set[int]:
    """Children who live in two households or more at some time of a period; one query."""
    rows = (
        Custody.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=first), starts_on__lte=last)
        .values("child_id")
        .annotate(homes=Count("family_id", distinct=True))
        .filter(homes__gt=1)
        .order_by()
    )
    return {row["child_id"] for row in rows}
