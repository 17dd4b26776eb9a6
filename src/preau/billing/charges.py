"""What there is to bill: every day held or come to, not billed yet. One query, whatever the town.

It reads the tables of the rooms below (slots, bookings, attendance, absences, catalogue) in one
statement of SQL on purpose: a month of a city is a million rows, and each must be looked at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

CHARGES = """
WITH held AS (
    SELECT DISTINCT ON (slot.id, booking.child_id, booking.family_id)
        booking.family_id, booking.child_id, slot.id AS slot_id, booking.status,
        booking.surcharge_cents, booking.decision_sentence
    FROM bookings_slot slot
    JOIN bookings_booking booking ON booking.slot_id = slot.id
    WHERE slot.day BETWEEN %(first)s AND %(last)s
      AND slot.status = 'OPEN'
      AND booking.status IN ('CONFIRMED', 'CANCELLED')
      AND booking.is_charged
    ORDER BY slot.id, booking.child_id, booking.family_id, booking.status = 'CONFIRMED' DESC,
        booking.id DESC
), come AS (
    SELECT attendance.family_id, attendance.child_id, slot.id AS slot_id, 'WALK_IN' AS status,
        0 AS surcharge_cents, '' AS decision_sentence
    FROM bookings_slot slot
    JOIN attendance_attendance attendance ON attendance.slot_id = slot.id
    WHERE slot.day BETWEEN %(first)s AND %(last)s
      AND slot.status = 'OPEN'
      AND attendance.presence = 'PRESENT'
      AND NOT EXISTS (
          SELECT FROM bookings_booking booking
          WHERE booking.slot_id = slot.id AND booking.child_id = attendance.child_id
            AND (booking.status = 'CONFIRMED'
                 OR booking.status = 'CANCELLED' AND booking.is_charged)
      )
), due AS (
    SELECT * FROM held UNION ALL SELECT * FROM come
)
SELECT due.family_id, due.child_id, due.slot_id, slot.day, due.status,
    activity.id, activity.slug, activity.name, product.slug, product.name, product.unit_name,
    product.unit_plural, establishment.name, due.surcharge_cents, due.decision_sentence,
    attendance.presence, attendance.arrived_at, attendance.left_at, attendance.is_justified,
    absence.reason, absence.status, absence.starts_on, absence.ends_on, absence.reported_at,
    absence.document_at
FROM due
JOIN bookings_slot slot ON slot.id = due.slot_id
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
JOIN catalogue_product product ON product.id = slot.product_id
JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
JOIN billing_activityaccounting accounting
    ON accounting.activity_id = activity.id AND accounting.cash_office_id = %(office)s
LEFT JOIN attendance_attendance attendance
    ON attendance.slot_id = due.slot_id AND attendance.child_id = due.child_id
LEFT JOIN LATERAL (
    SELECT report.* FROM attendance_absencereport report
    WHERE report.child_id = due.child_id AND report.family_id = due.family_id
      AND slot.day BETWEEN report.starts_on AND report.ends_on
    ORDER BY report.status = 'JUSTIFIED' DESC, report.reported_at
    LIMIT 1
) absence ON due.status = 'CONFIRMED'
WHERE NOT EXISTS (
    SELECT FROM billing_billedday billed
    WHERE billed.slot_id = due.slot_id AND billed.child_id = due.child_id
      AND billed.family_id = due.family_id
)
ORDER BY due.family_id, due.child_id, slot.day, due.slot_id
"""

UNASSIGNED = """
SELECT activity.name, count(*)
FROM bookings_slot slot
JOIN bookings_booking booking ON booking.slot_id = slot.id AND booking.status = 'CONFIRMED'
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
WHERE slot.day BETWEEN %(first)s AND %(last)s AND slot.status = 'OPEN'
  AND NOT EXISTS (
      SELECT FROM billing_activityaccounting accounting
      WHERE accounting.activity_id = activity.id
  )
GROUP BY activity.name ORDER BY activity.name
"""


@dataclass(frozen=True, slots=True)
class ChargeDay:
    """One day of one child on one slot, to be priced. `status`: CONFIRMED, CANCELLED, WALK_IN."""

    family_id: int
    child_id: int
    slot_id: int
    day: date
    status: str
    activity_id: int
    activity: str
    activity_name: str
    product: str
    product_name: str
    unit_name: str
    unit_plural: str
    site: str
    surcharge_cents: int
    decision_sentence: str
    presence: str | None
    arrived_at: datetime | None
    left_at: datetime | None
    is_justified: bool | None
    absence_reason: str | None
    absence_status: str | None
    absence_from: date | None
    absence_until: date | None
    reported_at: datetime | None
    document_at: datetime | None

    @property
    def is_absent(self) -> bool:
        """The site saw that the child did not come, or the family said so and nobody saw it."""
        if self.status != "CONFIRMED":
            return False
        return self.presence == "ABSENT" or (
            self.presence is None and self.absence_status is not None
        )


def read_charges(*, cash_office_id: int, first: date, last: date) -> Iterator[ChargeDay]:
    """What the cash office has to bill between two days, by family, child and day."""
    with connection.cursor() as cursor:
        cursor.execute(CHARGES, {"office": cash_office_id, "first": first, "last": last})
        while rows := cursor.fetchmany(5_000):
            for row in rows:
                yield ChargeDay(*row)


def unassigned_activities(*, first: date, last: date) -> list[tuple[str, int]]:
    """(activity, bookings) of activities for which no cash office collects."""
    with connection.cursor() as cursor:
        cursor.execute(UNASSIGNED, {"first": first, "last": last})
        return cursor.fetchall()


def activities_with_several_products() -> frozenset[int]:
    """Ids of the activities that are booked in more than one way (a morning, a full day)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT activity_id FROM catalogue_product GROUP BY activity_id HAVING count(*) > 1"
        )
        return frozenset(row[0] for row in cursor.fetchall())
