"""School years, holidays, closed days: what each day is."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from preau.catalogue import rules
from preau.catalogue.models import ClosedDay, SchoolHoliday, SchoolYear
from preau.town.queries import get_town


@dataclass(frozen=True, slots=True)
class RuleHoliday:
    """School holidays as rulebooks name them: from the first day off to the day of return."""

    name: str
    starts_on: date
    resumes_on: date


@dataclass(frozen=True, slots=True)
class RuleCalendar:
    """The town's calendar, field by field what the rulebook's engine asks for.

    The rulebook lives above the catalogue: it builds its own value from this one
    (`Calendar(holidays=tuple(Holiday(h.name, h.starts_on, h.resumes_on) for h in …), …)`).
    """

    holidays: tuple[RuleHoliday, ...]
    public_holidays: frozenset[date]
    closed_days: frozenset[date]
    no_school_days: frozenset[date]
    school_weekdays: frozenset[int]
    zone: str


def list_school_years() -> QuerySet[SchoolYear]:
    """All school years, the latest first."""
    return SchoolYear.objects.order_by("-starts_on")


def get_school_year(label: str) -> SchoolYear | None:
    """The year named «2026-2027», or None."""
    return SchoolYear.objects.filter(label=label).first()


def school_year_of(day: date) -> SchoolYear | None:
    """The school year that holds this day, or None."""
    return SchoolYear.objects.filter(starts_on__lte=day, ends_on__gte=day).first()


def current_school_year(day: date) -> SchoolYear | None:
    """The school year that holds this day, else the next one, else the last one."""
    return school_year_of(day) or next_school_year(day) or SchoolYear.objects.last()


def next_school_year(day: date) -> SchoolYear | None:
    """The first school year that starts after this day, or None."""
    return SchoolYear.objects.filter(starts_on__gt=day).order_by("starts_on").first()


def list_holidays() -> QuerySet[SchoolHoliday]:
    """School holidays of the town's zone, in order."""
    return SchoolHoliday.objects.order_by("starts_on")


def school_breaks(first: date, last: date) -> list[tuple[date, date]]:
    """First and last day without school of the holidays that touch the period; one query."""
    return [(span.starts_on, span.ends_on) for span in _spans(first, last)]


def list_closed_days() -> QuerySet[ClosedDay]:
    """Public holidays and closures, in order, each with its establishment if it has one."""
    return ClosedDay.objects.select_related("establishment").order_by("day", "pk")


def closures(first: date, last: date) -> dict[tuple[date, int | None], str]:
    """Why (day, establishment) is closed; establishment None is all the town. One query."""
    rows = ClosedDay.objects.filter(day__range=(first, last)).values_list(
        "day", "establishment_id", "reason"
    )
    return {(day, establishment_id): reason for day, establishment_id, reason in rows}


def _spans(first: date, last: date) -> list[rules.HolidaySpan]:
    rows = SchoolHoliday.objects.filter(starts_on__lte=last, ends_on__gte=first).order_by(
        "starts_on"
    )
    return [rules.HolidaySpan(h.name, h.starts_on, h.ends_on, h.kind) for h in rows]


def day_calendar(
    first: date, last: date, *, establishment_id: int | None = None
) -> dict[date, rules.DayInfo]:
    """What each day from `first` to `last` is, both included; three queries, whatever the length.

    Closures of all the town always count, those of one establishment when it is named.
    """
    years = list(
        SchoolYear.objects.filter(starts_on__lte=last, ends_on__gte=first).values_list(
            "starts_on", "ends_on"
        )
    )
    spans = _spans(first, last)
    public: dict[date, str] = {}
    closed: dict[date, str] = {}
    for row in ClosedDay.objects.filter(
        Q(establishment_id=None) | Q(establishment_id=establishment_id), day__range=(first, last)
    ).order_by("-establishment_id"):
        (public if row.is_public_holiday else closed)[row.day] = row.reason
    return {
        day: rules.day_info(day, years=years, holidays=spans, public_holidays=public, closed=closed)
        for day in rules.days_between(first, last)
    }


def rule_calendar(first: date, last: date) -> RuleCalendar:
    """The calendar between two days for the rulebook; two queries and the town's.

    A closure of all the town is a day without school; the office's own closing days are the
    public holidays alone.
    """
    public: set[date] = set()
    no_school: set[date] = set()
    for day, is_public in ClosedDay.objects.filter(
        establishment_id=None, day__range=(first, last)
    ).values_list("day", "is_public_holiday"):
        (public if is_public else no_school).add(day)
    return RuleCalendar(
        holidays=tuple(
            RuleHoliday(
                rules.holiday_code(span.name, span.kind),
                span.starts_on,
                span.ends_on + timedelta(days=1),
            )
            for span in _spans(first, last)
        ),
        public_holidays=frozenset(public),
        closed_days=frozenset(),
        no_school_days=frozenset(no_school),
        school_weekdays=rules.SCHOOL_WEEKDAYS,
        zone=get_town().holiday_zone,
    )
