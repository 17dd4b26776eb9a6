"""School years, holidays, closed days: what each day is."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
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


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product by its names: what calendars, labels and rules ask of it."""

    pk: int
    slug: str
    name: str
    unit_name: str
    unit_plural: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What of the catalogue stands for months, read at once for a process to keep some seconds:
    the whole calendar, and every activity's products in their order."""

    years: tuple[tuple[date, date], ...]
    holidays: tuple[rules.HolidaySpan, ...]
    # (day, whether a public holiday, why, establishment or None for all the town)
    closed: tuple[tuple[date, bool, str, int | None], ...]
    products: dict[int, dict[int, ProductRow]]


_STANDING = """
SELECT
  (SELECT json_agg(json_build_array(starts_on, ends_on) ORDER BY starts_on)
     FROM catalogue_schoolyear),
  (SELECT json_agg(json_build_array(name, starts_on, ends_on, kind) ORDER BY starts_on)
     FROM catalogue_schoolholiday),
  (SELECT json_agg(json_build_array(day, is_public_holiday, reason, establishment_id) ORDER BY day)
     FROM catalogue_closedday),
  (SELECT json_agg(json_build_array(activity_id, id, slug, name, unit_name, unit_plural)
                   ORDER BY position, id)
     FROM catalogue_product)
"""


def read_standing() -> Standing:
    """The calendar and the products; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        years, holidays, closed, products = (part or [] for part in cursor.fetchone())
    on = date.fromisoformat
    by_activity: dict[int, dict[int, ProductRow]] = {}
    for activity, pk, *names in products:
        by_activity.setdefault(activity, {})[pk] = ProductRow(pk, *names)
    return Standing(
        years=tuple((on(first), on(last)) for first, last in years),
        holidays=tuple(
            rules.HolidaySpan(name, on(first), on(last), kind)
            for name, first, last, kind in holidays
        ),
        closed=tuple((on(day), public, why, site) for day, public, why, site in closed),
        products=by_activity,
    )


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
    first: date,
    last: date,
    *,
    establishment_id: int | None = None,
    standing: Standing | None = None,
) -> dict[date, rules.DayInfo]:
    """What each day from `first` to `last` is, both included; three queries, whatever the length,
    none when what stands is given.

    Closures of all the town always count, those of one establishment when it is named.
    """
    if standing is not None:
        return _day_calendar(first, last, establishment_id, standing)
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


def _day_calendar(
    first: date, last: date, establishment_id: int | None, standing: Standing
) -> dict[date, rules.DayInfo]:
    public: dict[date, str] = {}
    closed: dict[date, str] = {}
    for day, is_public, why, site in sorted(standing.closed, key=lambda row: row[3] or 0):
        if first <= day <= last and site in (None, establishment_id):
            (public if is_public else closed)[day] = why
    spans = [span for span in standing.holidays if span.starts_on <= last]
    return {
        day: rules.day_info(
            day, years=standing.years, holidays=spans, public_holidays=public, closed=closed
        )
        for day in rules.days_between(first, last)
    }


def rule_calendar(first: date, last: date, standing: Standing | None = None) -> RuleCalendar:
    """The calendar between two days for the rulebook; two queries and the town's, none when what
    stands is given.

    A closure of all the town is a day without school; the office's own closing days are the
    public holidays alone.
    """
    public: set[date] = set()
    no_school: set[date] = set()
    if standing is not None:
        closed: Any = [
            (day, is_public)
            for day, is_public, _why, site in standing.closed
            if site is None and first <= day <= last
        ]
        spans = [s for s in standing.holidays if s.starts_on <= last and s.ends_on >= first]
    else:
        closed = ClosedDay.objects.filter(
            establishment_id=None, day__range=(first, last)
        ).values_list("day", "is_public_holiday")
        spans = _spans(first, last)
    for day, is_public in closed:
        (public if is_public else no_school).add(day)
    return RuleCalendar(
        holidays=tuple(
            RuleHoliday(
                rules.holiday_code(span.name, span.kind),
                span.starts_on,
                span.ends_on + timedelta(days=1),
            )
            for span in spans
        ),
        public_holidays=frozenset(public),
        closed_days=frozenset(),
        no_school_days=frozenset(no_school),
        school_weekdays=rules.SCHOOL_WEEKDAYS,
        zone=get_town().holiday_zone,
    )
