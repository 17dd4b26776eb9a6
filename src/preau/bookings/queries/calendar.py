"""What calendars need of slots and bookings, as plain rows: SQL written out, each one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from preau.bookings.enums import SlotStatus
from preau.bookings.rules import GROUP_AGE, group_of
from preau.kernel.kept import rows_of, typed
from preau.kernel.lane import Asked, ask


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot as a calendar needs it. `left_young` and `left_old` count the places that families
    may still have, by group: the lowest limit of the slot and of the places it shares."""

    pk: int
    offering_id: int
    product_id: int
    day: date
    starts_at: time
    ends_at: time
    capacity: int
    taken: int
    left_young: int
    left_old: int
    status: str
    cancelled_reason: str
    # Whether an opening restricts who may book it, and when (bookings.doors).
    has_window: bool = False
    # The age at which a child is of the older group.
    age_cut: int = GROUP_AGE

    def left(self, *, young: bool) -> int:
        """The places that a family may have for a child of this group."""
        return self.left_young if young else self.left_old

    @property
    def is_open(self) -> bool:
        return self.status == SlotStatus.OPEN


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking as a calendar needs it; `rank` is its place in the queue when it waits, `among`
    the group that the rank is counted in (`rules.group_of`)."""

    pk: int
    slot_id: int
    child_id: int
    status: str
    is_charged: bool
    sentence: str
    offer_expires_at: datetime | None
    surcharge_cents: int
    rank: int | None
    among: int | None = None


# Written out: the planning asks these two a hundred times a second, and building them by the ORM
# costs more than answering them.
_ROOM = """bookings_room({young}, {c}.capacity, {c}.kept, {c}.taken, {c}.young_taken,
       {c}.young_capacity, {c}.old_capacity, {c}.adults, {c}.young_per_adult, {c}.old_per_adult)"""

_POOLED = """least({slot}, CASE WHEN s.shares THEN (
           SELECT min({pool}) FROM bookings_poolslot m JOIN bookings_pool p ON p.id = m.pool_id
           WHERE m.slot_id = s.id) END)"""


def _left(young: str) -> str:
    """SQL: what families may still have of the slot `s`, and of what it shares."""
    return _POOLED.format(
        slot=_ROOM.format(young=young, c="s"), pool=_ROOM.format(young=young, c="p")
    )


_SLOTS = f"""
SELECT s.id, s.offering_id, s.product_id, s.day, s.starts_at, s.ends_at, s.capacity, s.taken,
       {_left("true")}, {_left("false")}, s.status, s.cancelled_reason,
       EXISTS (SELECT FROM openings_window w WHERE w.offering_id = s.offering_id
               AND s.day BETWEEN w.first_day AND w.last_day), s.age_cut
FROM bookings_slot s JOIN catalogue_product product ON product.id = s.product_id
WHERE s.offering_id = ANY(%s) AND s.day BETWEEN %s AND %s
ORDER BY s.day, s.starts_at, product.position, s.id
"""  # noqa: S608 - no value is written in

# The rank of the booking `b`, when it waits, and the group that it is counted in: the age at which
# groups are parted, negative for the older one; NULL when it is the whole queue.
_QUEUE = """LEFT JOIN LATERAL (
    SELECT (SELECT count(*) FROM bookings_booking q WHERE q.slot_id = b.slot_id
            AND q.status = 'WAITING' AND q.ordinal <= b.ordinal
            AND (NOT own.group_only OR q.is_young = b.is_young)) AS rank,
           CASE WHEN own.group_only
                THEN (SELECT CASE WHEN b.is_young THEN age_cut ELSE -age_cut END
                      FROM bookings_slot WHERE id = b.slot_id) END AS among
    FROM (SELECT bookings_in_group(b.slot_id, b.is_young) AS group_only OFFSET 0) own
    WHERE b.status = 'WAITING' OFFSET 0) queue ON true"""

# Places that are offered are found by an index of their own, that holds little else.
_BOOKINGS = f"""
SELECT b.id, b.slot_id, b.child_id, b.status, b.is_charged, b.decision_sentence,
       b.offer_expires_at, b.surcharge_cents, queue.rank, queue.among
FROM (
    SELECT * FROM bookings_booking WHERE family_id = %s AND slot_id = ANY(%s)
      AND (status IN ('CONFIRMED', 'WAITING') OR (status = 'CANCELLED' AND is_charged))
    UNION ALL
    SELECT * FROM bookings_booking WHERE family_id = %s AND status = 'OFFERED'
) b
{_QUEUE}
ORDER BY b.id
"""  # noqa: S608 - no value is written in


def slots_between(offering_ids: Iterable[int], first: date, last: date) -> list[SlotRow]:
    """The slots of these offerings, day by day; one query."""
    return [SlotRow(*row) for row in ask(*asked_slots(offering_ids, first, last))[0]]


def asked_slots(offering_ids: Iterable[int], first: date, last: date) -> Asked:
    """What `slots_between` asks, for `lane.ahead`."""
    return _SLOTS, typed([sorted(offering_ids), first, last])


def bookings_at(family_id: int, slot_ids: Iterable[int]) -> list[BookingRow]:
    """What the household holds or waits for on these slots, and what it gave up too late (still
    due).

    Places that are offered are there whatever their slot, so that none is missed. One query.
    """
    return [BookingRow(*row) for row in rows_of(_BOOKINGS, family_id, list(slot_ids), family_id)]


_RANKS = f"""
SELECT b.id, queue.rank, queue.among
FROM bookings_booking b JOIN bookings_slot s ON s.id = b.slot_id {_QUEUE}
WHERE b.id = ANY(%s) AND b.status = 'WAITING'
"""  # noqa: S608 - no value is written in


def ranks_of(booking_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """For each booking that waits, its rank from 1 and the group that it is counted in (empty: the
    whole queue); one query."""
    rows = rows_of(_RANKS, list(booking_ids))
    return {pk: (rank, group_of(among)) for pk, rank, among in rows}


@dataclass(frozen=True, slots=True)
class Coming:
    """One thing that a child has on one day, in words for the family's home."""

    day: date
    child_id: int
    activity: str
    activity_kind: str
    product: str
    starts_at: time
    ends_at: time
    status: str
    site: str
    booking_id: int
    offer_expires_at: datetime | None
    offering_id: int
    rank: int | None  # in the queue, when it waits
    among: int | None = None  # the group that the rank is counted in (`rules.group_of`)


def upcoming(family_id: int, first: date, days: int = 14) -> list[Coming]:
    """What the children have in the coming days, in order; one query."""
    last = first + timedelta(days=days - 1)
    return [Coming(*row) for row in rows_of(_UPCOMING, *[family_id] * 3, first, last)]


# From what the household is enrolled in (each booking has its enrolment) to the days to come, then
# to its places there, asked by ids: the planner, that knows nothing of the two days when the
# statement is prepared, would read all that the household ever booked.
_UPCOMING = f"""
WITH held AS MATERIALIZED (
    SELECT DISTINCT r.offering_id, a.name AS activity, a.kind, e.name AS site
    FROM enrolments_enrolment r
    JOIN catalogue_offering o ON o.id = r.offering_id
    JOIN catalogue_activity a ON a.id = o.activity_id
    JOIN catalogue_establishment e ON e.id = o.establishment_id
    WHERE r.family_id = %s
), c AS MATERIALIZED (
    SELECT DISTINCT r.child_id, child.birth_on
    FROM enrolments_enrolment r JOIN families_child child ON child.id = r.child_id
    WHERE r.family_id = %s
)
SELECT s.day, b.child_id, held.activity, held.kind, p.name, s.starts_at, s.ends_at, b.status,
       held.site, b.id, b.offer_expires_at, held.offering_id, queue.rank, queue.among
FROM bookings_booking b
CROSS JOIN LATERAL (SELECT * FROM bookings_slot WHERE id = b.slot_id OFFSET 0) s
JOIN held ON held.offering_id = s.offering_id
JOIN catalogue_product p ON p.id = s.product_id
LEFT JOIN c ON c.child_id = b.child_id
{_QUEUE}
WHERE b.family_id = %s AND b.status IN ('CONFIRMED', 'WAITING', 'OFFERED')
  AND b.slot_id = ANY(ARRAY(
      SELECT day.id FROM held CROSS JOIN LATERAL (
          SELECT id FROM bookings_slot WHERE offering_id = held.offering_id
          AND day BETWEEN %s AND %s AND status = 'OPEN' OFFSET 0
      ) day
  ))
ORDER BY s.day, c.birth_on, b.child_id, s.starts_at
"""  # noqa: S608 - no value is written in
