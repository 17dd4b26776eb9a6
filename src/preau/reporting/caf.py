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

# Millions of rows meet whole numbers alone: what depends on the session (its line, its minutes) or
# on the child (the day of its six years) is worked out once for each, and hashed.
# A child born on 29 February is six on 1 March, another on its birthday.
STATEMENT = """
WITH session AS MATERIALIZED (
    SELECT slot.id, slot.day, {group} AS label, dense_rank() OVER (ORDER BY {group}) AS line,
        (extract(epoch FROM slot.ends_at - slot.starts_at) / 60)::int AS minutes
    FROM bookings_slot slot
    JOIN catalogue_offering offering ON offering.id = slot.offering_id
    JOIN catalogue_activity activity ON activity.id = offering.activity_id
    JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
    WHERE slot.day BETWEEN %(first)s AND %(last)s AND slot.status = 'OPEN'
      AND activity.kind = ANY(%(kinds)s)
      AND (%(everywhere)s OR establishment.id = ANY(%(sites)s))
      AND (%(activity)s = 0 OR activity.id = %(activity)s)
), pupil AS MATERIALIZED (
    SELECT id, six + (extract(day FROM six) <> extract(day FROM birth_on))::int AS six_on
    FROM (SELECT id, birth_on, (birth_on + interval '6 years')::date AS six
          FROM families_child) AS child
), opened AS (
    SELECT line, label, count(DISTINCT day) AS days FROM session GROUP BY 1, 2
), by_child AS (
    SELECT session.line, pupil.six_on > session.day AS is_young, attendance.child_id,
        count(*) AS presences, sum(session.minutes) AS realised,
        sum(session.minutes) FILTER (WHERE attendance.is_walk_in) AS unbooked,
        sum(extract(epoch FROM attendance.left_at - attendance.arrived_at) / 60) AS clocked
    FROM attendance_attendance attendance
    JOIN session ON session.id = attendance.slot_id
    JOIN pupil ON pupil.id = attendance.child_id
    WHERE attendance.presence = 'PRESENT'
    GROUP BY 1, 2, 3
), due AS (
    SELECT booking.slot_id, pupil.six_on > session.day AS is_young, count(*) AS number
    FROM bookings_booking booking
    JOIN session ON session.id = booking.slot_id
    JOIN pupil ON pupil.id = booking.child_id
    WHERE booking.status = 'CONFIRMED' OR booking.status = 'CANCELLED' AND booking.is_charged
    GROUP BY 1, 2
    UNION ALL
    SELECT booking.slot_id, pupil.six_on > session.day, -1
    FROM attendance_attendance missed
    JOIN session ON session.id = missed.slot_id
    JOIN pupil ON pupil.id = missed.child_id
    JOIN bookings_booking booking ON booking.slot_id = missed.slot_id
        AND booking.child_id = missed.child_id
        AND (booking.status = 'CONFIRMED' OR booking.status = 'CANCELLED' AND booking.is_charged)
    WHERE missed.presence = 'ABSENT' AND missed.is_justified
), told AS (
    SELECT line, is_young, count(*) AS children, sum(presences) AS presences,
        sum(realised) AS realised, sum(unbooked) AS invoiced, sum(clocked) AS clocked
    FROM by_child GROUP BY 1, 2
    UNION ALL
    SELECT session.line, due.is_young, 0, 0, 0, sum(due.number * session.minutes), 0
    FROM due JOIN session ON session.id = due.slot_id GROUP BY 1, 2
)
SELECT opened.label, told.is_young, opened.days, sum(told.children)::bigint,
    sum(told.presences)::bigint, sum(told.realised)::bigint,
    coalesce(sum(told.invoiced), 0)::bigint, coalesce(sum(told.clocked), 0)::bigint
FROM told
JOIN opened ON opened.line = told.line
GROUP BY 1, 2, 3
HAVING sum(told.presences) > 0 OR sum(told.invoiced) <> 0
ORDER BY 1, 2 DESC
"""


# Enough to count a million children apart without writing them to the disk; compiling the
# statement would take longer than it saves.
SETTINGS = "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off"


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
        cursor.execute(SETTINGS)
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
