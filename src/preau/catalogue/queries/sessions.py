"""When activities take place, told from weekly patterns and the calendar."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from preau.catalogue.models import Activity, SchoolYear, WeeklyPattern
from preau.catalogue.queries.calendar import closures, day_calendar


@dataclass(frozen=True, slots=True)
class NextSession:
    """The next day on which an activity takes place, at one site at least."""

    activity: Activity
    day: date


def next_sessions(
    day: date, *, school_year: SchoolYear | None, horizon_days: int = 35
) -> list[NextSession]:
    """For each published activity, its next day from `day` on; six queries in all.

    An activity without a weekly pattern, or with no day before the horizon, is left out.
    """
    if school_year is None:
        return []
    rows = (
        WeeklyPattern.objects.filter(
            offering__school_year=school_year,
            offering__is_open=True,
            offering__establishment__is_active=True,
            offering__activity__is_published=True,
        )
        .values_list(
            "offering__activity_id",
            "offering__establishment_id",
            "period_kind",
            "weekday",
            "offering__starts_on",
            "offering__ends_on",
        )
        .distinct()
    )
    last = day + timedelta(days=horizon_days)
    calendar = day_calendar(day, last)
    closed = closures(day, last)
    first_days: dict[int, date] = {}
    for activity_id, site_id, kind, weekday, starts_on, ends_on in rows:
        for info in calendar.values():
            if info.day >= first_days.get(activity_id, date.max):
                break
            if (
                info.is_open
                and info.pattern_kind == kind
                and info.day.weekday() == weekday
                and starts_on <= info.day <= ends_on
                and (info.day, site_id) not in closed
            ):
                first_days[activity_id] = info.day
                break
    activities = Activity.objects.in_bulk(first_days)
    found = [NextSession(activities[pk], on) for pk, on in first_days.items()]
    return sorted(found, key=lambda s: (s.day, s.activity.position, s.activity.name))


def weekdays_by_kind(patterns: Iterable[WeeklyPattern]) -> dict[str, list[int]]:
    """The weekdays of patterns, by kind of period, sorted."""
    found: dict[str, set[int]] = {}
    for pattern in patterns:
        found.setdefault(pattern.period_kind, set()).add(pattern.weekday)
    return {kind: sorted(days) for kind, days in found.items()}
