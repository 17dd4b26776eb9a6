"""Hours and days of children by age, as the CAF's forms ask for them (périscolaire, extrascolaire).

A child's hours on a session are the session's own length: what was booked and is due counts as
invoiced, a child seen there as realised. An absence that was justified is due to nobody. Ages are
those of the day: under six, six and over.
"""

from dataclasses import dataclass

from django.db import connection, transaction

from preau.reporting.periods import Span

# The forms part term time, Wednesday included, from holidays.
KINDS = {
    "periscolaire": ("MORNING_CARE", "EVENING_CARE", "WEDNESDAY"),
    "extrascolaire": ("HOLIDAY_CENTRE",),
    "midi": ("CANTEEN",),
}
GROUPS = {
    "activity": "activity.name",
    "site": "establishment.name",
    "month": "to_char(slot.day, 'YYYY-MM')",
    "period": "slot.period_kind",
}

STATEMENT = """
WITH session AS MATERIALIZED (
    SELECT slot.id, slot.day, {group} AS label,
        (extract(epoch FROM slot.ends_at - slot.starts_at) / 60)::int AS minutes
    FROM bookings_slot slot
    JOIN catalogue_offering offering ON offering.id = slot.offering_id
    JOIN catalogue_activity activity ON activity.id = offering.activity_id
    JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
    WHERE slot.day BETWEEN %(first)s AND %(last)s AND slot.status = 'OPEN'
      AND activity.kind = ANY(%(kinds)s)
      AND (%(everywhere)s OR establishment.id = ANY(%(sites)s))
      AND (%(activity)s = 0 OR activity.id = %(activity)s)
), opened AS (
    SELECT label, count(DISTINCT day) AS days FROM session GROUP BY label
), came AS (
    SELECT session.label, child.birth_on > session.day - interval '6 years' AS is_young,
        count(*) AS presences, count(DISTINCT attendance.child_id) AS children,
        sum(session.minutes) AS realised,
        sum(session.minutes) FILTER (WHERE attendance.is_walk_in) AS unbooked,
        sum(extract(epoch FROM attendance.left_at - attendance.arrived_at) / 60)::bigint AS clocked
    FROM session
    JOIN attendance_attendance attendance ON attendance.slot_id = session.id
        AND attendance.presence = 'PRESENT'
    JOIN families_child child ON child.id = attendance.child_id
    GROUP BY 1, 2
), due AS (
    SELECT session.label, child.birth_on > session.day - interval '6 years' AS is_young,
        sum(session.minutes) AS invoiced
    FROM session
    JOIN bookings_booking booking ON booking.slot_id = session.id
        AND (booking.status = 'CONFIRMED' OR booking.status = 'CANCELLED' AND booking.is_charged)
    JOIN families_child child ON child.id = booking.child_id
    LEFT JOIN attendance_attendance missed ON missed.slot_id = session.id
        AND missed.child_id = booking.child_id AND missed.presence = 'ABSENT'
        AND missed.is_justified
    WHERE missed.id IS NULL
    GROUP BY 1, 2
)
SELECT coalesce(came.label, due.label), coalesce(came.is_young, due.is_young), opened.days,
    coalesce(came.children, 0), coalesce(came.presences, 0), coalesce(came.realised, 0),
    coalesce(due.invoiced, 0) + coalesce(came.unbooked, 0), coalesce(came.clocked, 0)
FROM came
FULL JOIN due ON due.label = came.label AND due.is_young = came.is_young
JOIN opened ON opened.label = coalesce(came.label, due.label)
ORDER BY 1, 2 DESC
"""


# Enough to count a million children apart without writing them to the disk.
SORTING = "SET LOCAL work_mem = '128MB'"


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Hours of one group and age, in minutes. `days`: days on which it was open."""

    label: str
    is_young: bool
    days: int
    children: int
    presences: int
    realised: int
    invoiced: int
    clocked: int


def hours(span: Span, *, form: str, by: str) -> list[HoursRow]:
    """The rows of a form («periscolaire», «extrascolaire», «midi») for a span.

    `by`: activity, site, month or period. `clocked` are the hours between the arrival and the
    departure that tablets noted, where both were.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SORTING)
        cursor.execute(
            STATEMENT.format(group=GROUPS[by]), {**span.values(), "kinds": list(KINDS[form])}
        )
        return [HoursRow(*row) for row in cursor.fetchall()]


def totals(rows: list[HoursRow]) -> dict[bool, HoursRow]:
    """Under six (True) and six and over, of all the rows; children are those of the longest row.

    A child who comes to two activities is one child: add no children up.
    """
    found: dict[bool, HoursRow] = {}
    for is_young in (True, False):
        mine = [row for row in rows if row.is_young == is_young]
        found[is_young] = HoursRow(
            "",
            is_young,
            max((row.days for row in mine), default=0),
            max((row.children for row in mine), default=0),
            sum(row.presences for row in mine),
            sum(row.realised for row in mine),
            sum(row.invoiced for row in mine),
            sum(row.clocked for row in mine),
        )
    return found
