"""The days that billing looks at."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection


class BillableDay(NamedTuple):
    """One child on one slot that may be charged. Hours are instants (UTC), None when unknown.

    `status`: CONFIRMED, CANCELLED (given up too late: still due) or "" (came without booking).
    `presence`: PRESENT, ABSENT or None (the sheet was not kept).
    """

    slot_id: int
    child_id: int
    family_id: int
    day: date
    activity_id: int
    activity: str
    product: str
    site: str
    site_id: int
    starts_at: Any
    ends_at: Any
    booking_id: int | None
    status: str
    booked_at: datetime | None
    surcharge_cents: int
    cancelled_at: datetime | None
    sentence: str
    presence: str | None
    is_walk_in: bool
    arrived_at: datetime | None
    left_at: datetime | None
    is_justified: bool | None
    absence_reason: str | None
    absence_status: str | None
    absence_at: datetime | None
    absence_document_at: datetime | None
    absence_from: date | None
    absence_until: date | None


# Bookings and attendance meet in a full join: a day may have either, or both.
_BILLABLE = """
SELECT s.id, coalesce(b.child_id, t.child_id), coalesce(b.family_id, t.family_id), s.day,
       a.id, a.slug, p.slug, e.slug, e.id, s.starts_at, s.ends_at,
       b.id, coalesce(b.status, ''), b.booked_at, coalesce(b.surcharge_cents, 0), b.cancelled_at,
       coalesce(b.decision_sentence, ''),
       t.presence, b.id IS NULL, t.arrived_at, t.left_at, t.is_justified,
       r.reason, r.status, r.reported_at, r.document_at, r.starts_on, r.ends_on
FROM (
    SELECT DISTINCT ON (b.slot_id, b.child_id) b.*
    FROM bookings_booking b JOIN bookings_slot s ON s.id = b.slot_id
    JOIN catalogue_offering o ON o.id = s.offering_id
    WHERE s.day BETWEEN %(first)s AND %(last)s AND o.activity_id = ANY(%(activities)s)
      AND s.status = 'OPEN'
      AND (b.status = 'CONFIRMED' OR (b.status = 'CANCELLED' AND b.is_charged))
    ORDER BY b.slot_id, b.child_id, b.status DESC, b.id DESC
) b
FULL JOIN (
    SELECT t.* FROM attendance_attendance t JOIN bookings_slot s ON s.id = t.slot_id
    JOIN catalogue_offering o ON o.id = s.offering_id
    WHERE s.day BETWEEN %(first)s AND %(last)s AND o.activity_id = ANY(%(activities)s)
      AND s.status = 'OPEN'
) t ON t.slot_id = b.slot_id AND t.child_id = b.child_id
JOIN bookings_slot s ON s.id = coalesce(b.slot_id, t.slot_id)
JOIN catalogue_offering o ON o.id = s.offering_id
JOIN catalogue_activity a ON a.id = o.activity_id
JOIN catalogue_product p ON p.id = s.product_id
JOIN catalogue_establishment e ON e.id = o.establishment_id
LEFT JOIN LATERAL (
    SELECT r.* FROM attendance_absencereport r
    WHERE r.child_id = coalesce(b.child_id, t.child_id)
      AND s.day BETWEEN r.starts_on AND r.ends_on
    ORDER BY r.reported_at DESC LIMIT 1
) r ON true
WHERE b.id IS NOT NULL OR t.presence = 'PRESENT'
ORDER BY 3, 2, s.day, s.starts_at, s.id
"""


def billable_days(first: date, last: date, activity_ids: Iterable[int]) -> Iterator[BillableDay]:
    """The days of a period that billing looks at, household by household; one statement.

    Places held to the end, places given up too late, and children who came without booking. Slots
    that the town cancelled are left out. What each day costs is the rulebook's
    (`attendance.rules.absence_facts` gives it the facts of an absence).
    """
    with connection.cursor() as cursor:
        cursor.execute(_BILLABLE, {"first": first, "last": last, "activities": list(activity_ids)})
        while rows := cursor.fetchmany(2000):
            yield from map(BillableDay._make, rows)
