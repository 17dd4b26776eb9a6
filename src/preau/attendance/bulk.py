"""Closing many sheets at once: the rows of `close_sheet`, in two statements.

For sheets kept elsewhere (paper, another system) and taken over, or for a demonstration.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction

from preau.audit.services import record
from preau.kernel import french
from preau.kernel.actors import Actor

# Each sheet is closed at the end of its slot: that is when it was written.
_PRESENCES = """
INSERT INTO attendance_attendance (slot_id, child_id, family_id, presence, is_walk_in,
    is_justified, source, collected_by, recorded_at, recorded_by_id)
SELECT b.slot_id, b.child_id, b.family_id,
    CASE WHEN missed.child_id IS NOT NULL OR report.id IS NOT NULL THEN 'ABSENT' ELSE 'PRESENT' END,
    false,
    CASE report.status WHEN 'JUSTIFIED' THEN true WHEN 'NOT_JUSTIFIED' THEN false END,
    'SHEET', '', (s.day + s.ends_at) AT TIME ZONE 'Europe/Paris', %(user)s
FROM bookings_booking b
JOIN bookings_slot s ON s.id = b.slot_id
LEFT JOIN unnest(%(slots)s::bigint[], %(children)s::bigint[]) AS missed (slot_id, child_id)
    ON missed.slot_id = b.slot_id AND missed.child_id = b.child_id
LEFT JOIN LATERAL (
    SELECT r.id, r.status FROM attendance_absencereport r
    WHERE r.child_id = b.child_id AND r.family_id = b.family_id
      AND s.day BETWEEN r.starts_on AND r.ends_on
    ORDER BY r.reported_at DESC LIMIT 1
) report ON true
WHERE s.day BETWEEN %(first)s AND %(last)s AND s.status = 'OPEN' AND b.status = 'CONFIRMED'
  AND s.id <> ALL(%(open)s)
  AND (s.day + s.ends_at) AT TIME ZONE 'Europe/Paris' <= %(now)s
ON CONFLICT (slot_id, child_id) DO NOTHING
"""

_CLOSURES = """
INSERT INTO attendance_sheetclosure (slot_id, closed_at, closed_by_id, closed_by_label)
SELECT s.id, (s.day + s.ends_at) AT TIME ZONE 'Europe/Paris', %(user)s, %(label)s
FROM bookings_slot s
WHERE s.day BETWEEN %(first)s AND %(last)s AND s.status = 'OPEN' AND s.taken > 0
  AND s.id <> ALL(%(open)s)
  AND (s.day + s.ends_at) AT TIME ZONE 'Europe/Paris' <= %(now)s
ON CONFLICT (slot_id) DO NOTHING
"""


@transaction.atomic
def close_sheets(
    *,
    first: date,
    last: date,
    absent: Iterable[tuple[int, int]] = (),
    left_open: Iterable[int] = (),
    now: datetime,
    actor: Actor,
) -> int:
    """Close every sheet between two days that is over by now, except the slots `left_open`.

    A child expected is present, unless it is one of `absent` (slot, child) or reported absent by
    its family: then absent, justified as the report is. What is recorded already stays. Returns
    how many sheets were closed.
    """
    missed = list(absent)
    values = {
        "first": first,
        "last": last,
        "user": actor.user_id,
        "label": actor.label,
        "now": now,
        "slots": [slot for slot, _ in missed],
        "children": [child for _, child in missed],
        "open": list(left_open),
    }
    with connection.cursor() as cursor:
        cursor.execute(_PRESENCES, values)
        cursor.execute(_CLOSURES, values)
        closed: int = cursor.rowcount
    if closed:
        record(
            actor=actor,
            now=now,
            action="attendance.close_sheets",
            summary=f"{french.count(closed, 'liste close', 'listes closes')}, "
            f"{french.period(first, last, year=True)}",
        )
    return closed
