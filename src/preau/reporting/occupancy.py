"""Places, bookings and presences by site, activity, month, weekday or day. One statement each.

The tables of the rooms below are read by SQL on purpose: a year of a city is a million and a half
bookings. Places and places taken are kept on each session; presences alone are counted row by row.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from preau.kernel import french
from preau.reporting.periods import Span

GROUPS = {
    "site": ("establishment.name", "establishment.name"),
    "activity": ("activity.name", "activity.position || ' ' || activity.name"),
    "month": ("to_char(slot.day, 'YYYY-MM')", "to_char(slot.day, 'YYYY-MM')"),
    "weekday": (
        "to_char(slot.day, 'ID')",
        "to_char(slot.day, 'ID')",
    ),
    "day": ("to_char(slot.day, 'YYYY-MM-DD')", "to_char(slot.day, 'YYYY-MM-DD')"),
}

# Sessions that share their places (a day, its morning, its afternoon) count them once.
STATEMENT = """
WITH session AS MATERIALIZED (
    SELECT slot.id, slot.day, slot.offering_id, slot.product_id, slot.capacity, slot.taken,
        slot.shares, {label} AS label, {sort} AS sort
    FROM bookings_slot slot
    JOIN catalogue_offering offering ON offering.id = slot.offering_id
    JOIN catalogue_activity activity ON activity.id = offering.activity_id
    JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
    WHERE slot.day BETWEEN %(first)s AND %(last)s AND slot.status = 'OPEN'
      AND (%(everywhere)s OR establishment.id = ANY(%(sites)s))
      AND (%(activity)s = 0 OR activity.id = %(activity)s)
), offered AS (
    SELECT label, min(sort) AS sort, offering_id, day,
        CASE WHEN bool_or(shares) THEN max(capacity) ELSE sum(capacity) END AS places,
        sum(taken) AS taken, count(*) AS sessions
    FROM session GROUP BY label, offering_id, day
), places AS (
    SELECT label, min(sort) AS sort, sum(places) AS places, sum(taken) AS taken,
        sum(sessions) AS sessions, count(DISTINCT day) AS days
    FROM offered GROUP BY label
), come AS (
    SELECT session.label,
        count(*) FILTER (WHERE attendance.presence = 'PRESENT') AS present,
        count(*) FILTER (WHERE attendance.presence = 'ABSENT') AS absent,
        count(*) FILTER (WHERE attendance.is_walk_in AND attendance.presence = 'PRESENT')
            AS unbooked
    FROM session JOIN attendance_attendance attendance ON attendance.slot_id = session.id
    GROUP BY session.label
)
SELECT places.label, places.sessions, places.days, places.places, places.taken,
    coalesce(come.present, 0), coalesce(come.absent, 0), coalesce(come.unbooked, 0)
FROM places LEFT JOIN come ON come.label = places.label
ORDER BY places.sort
"""


@dataclass(frozen=True, slots=True)
class OccupancyRow:
    """One group. `places` and `taken` are places of sessions, added up over the days."""

    label: str
    sessions: int
    days: int
    places: int
    taken: int
    present: int
    absent: int
    unbooked: int

    @property
    def taken_rate(self) -> int | None:
        """Places taken for a hundred places."""
        return round(100 * self.taken / self.places) if self.places else None

    @property
    def present_rate(self) -> int | None:
        """Children come for a hundred places taken, where sheets were kept."""
        seen = self.present + self.absent
        return round(100 * self.present / seen) if seen else None


def occupancy(span: Span, *, by: str) -> list[OccupancyRow]:
    """The rows of a span, by `site`, `activity`, `month`, `weekday` or `day`."""
    label, sort = GROUPS[by]
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT.format(label=label, sort=sort), span.values())
        return [OccupancyRow(_words(by, row[0]), *row[1:]) for row in cursor.fetchall()]


def _words(by: str, label: str) -> str:
    if by == "month":
        return french.month(date.fromisoformat(f"{label}-01"))
    if by == "weekday":
        return french.WEEKDAYS[int(label) - 1]
    if by == "day":
        return french.day(date.fromisoformat(label), year=True)
    return label


WAITING = """
SELECT establishment.name, activity.name, count(*) FILTER (WHERE booking.status = 'WAITING'),
    count(DISTINCT booking.child_id) FILTER (WHERE booking.status = 'WAITING'),
    count(*) FILTER (WHERE booking.status = 'OFFERED'),
    min(slot.day), max(slot.day)
FROM bookings_slot slot
JOIN bookings_booking booking ON booking.slot_id = slot.id
    AND booking.status IN ('WAITING', 'OFFERED')
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
WHERE slot.day BETWEEN %(first)s AND %(last)s
  AND (%(everywhere)s OR establishment.id = ANY(%(sites)s))
  AND (%(activity)s = 0 OR activity.id = %(activity)s)
GROUP BY establishment.name, activity.name
ORDER BY 3 DESC, 1, 2
"""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A waiting list: places asked (a day each), children, places offered and not answered."""

    site: str
    activity: str
    waiting: int
    children: int
    offered: int
    first: date
    last: date


def waiting(span: Span) -> list[WaitingRow]:
    """Who waits for sessions of the span, longest list first."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, span.values())
        return [WaitingRow(*row) for row in cursor.fetchall()]


def activities() -> list[tuple[Any, ...]]:
    """(id, name) of the activities that are booked by the day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name FROM catalogue_activity WHERE booking_mode <> 'CONTRACT' "
            "ORDER BY position, name"
        )
        return cursor.fetchall()
