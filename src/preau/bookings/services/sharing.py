"""Places that the products of one day share: which moments of the day, and what is counted in each.

At each start of a slot, all the slots then under way take from the same places: a full day and a
morning at 8:00, the same full day and an afternoon at 13:30. No other moment is more crowded.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from preau.bookings.models import Pool, PoolSlot, Slot

_MEMBERS = """
WITH s AS (
    SELECT slot.* FROM bookings_slot slot JOIN catalogue_offering o ON o.id = slot.offering_id
    WHERE o.shares_places AND slot.offering_id = ANY(%(offerings)s)
      AND slot.day BETWEEN %(first)s AND %(last)s
), members AS (
    SELECT m.offering_id, m.day, m.starts_at, s.id AS slot_id, s.taken, s.young_taken, s.kept,
           s.young_per_adult, s.old_per_adult, s.age_cut
    FROM (SELECT DISTINCT offering_id, day, starts_at FROM s) m
    JOIN s ON s.offering_id = m.offering_id AND s.day = m.day
          AND s.starts_at <= m.starts_at AND m.starts_at < s.ends_at
)
"""
_POOLS = (
    _MEMBERS
    + """
INSERT INTO bookings_pool (offering_id, day, starts_at, capacity, young_capacity, old_capacity,
                           adults, young_per_adult, old_per_adult, age_cut, taken, young_taken,
                           kept)
SELECT m.offering_id, m.day, m.starts_at, o.capacity, o.young_capacity, o.old_capacity, o.adults,
       min(m.young_per_adult), min(m.old_per_adult), max(m.age_cut), sum(m.taken),
       sum(m.young_taken), sum(m.kept)
FROM members m JOIN catalogue_offering o ON o.id = m.offering_id
GROUP BY m.offering_id, m.day, m.starts_at, o.id HAVING count(*) > 1
"""
)
_JOIN = (
    _MEMBERS
    + """
INSERT INTO bookings_poolslot (pool_id, slot_id)
SELECT p.id, m.slot_id FROM members m
JOIN bookings_pool p ON p.offering_id = m.offering_id AND p.day = m.day
                    AND p.starts_at = m.starts_at
"""
)
# Limits that an agent set for one day; the counts are always counted again.
_SET_BY_HAND = ("capacity", "young_capacity", "old_capacity", "adults")


def share_places(*, offering_ids: Iterable[int], first: date, last: date) -> None:
    """Make the shared places of these offerings follow their slots and their settings, between two
    days. The slots must be locked by the caller when they may be booked meanwhile.

    Places shared already keep the limits that they had; an offering that shares no more has none.
    """
    values: dict[str, Any] = {"offerings": sorted(set(offering_ids)), "first": first, "last": last}
    old = Pool.objects.filter(offering__in=values["offerings"], day__range=(first, last))
    limits = {
        row[:3]: row[3:]
        for row in old.values_list("offering_id", "day", "starts_at", *_SET_BY_HAND)
    }
    PoolSlot.objects.filter(pool__in=old).delete()
    old.delete()
    # No more in any pool, and out of the trigger's sight, before it counts again.
    slots = Slot.objects.filter(offering__in=values["offerings"], day__range=(first, last))
    slots.filter(shares=True).update(shares=False)
    with connection.cursor() as cursor:
        cursor.execute(_POOLS, values)
        cursor.execute(_JOIN, values)
    slots.filter(pk__in=PoolSlot.objects.filter(slot__in=slots).values("slot")).update(shares=True)
    if limits:
        again = list(
            Pool.objects.filter(offering__in=values["offerings"], day__range=(first, last))
        )
        for pool in again:
            kept = limits.get((pool.offering_id, pool.day, pool.starts_at))
            for name, value in zip(_SET_BY_HAND, kept or (), strict=False):
                setattr(pool, name, value)
        Pool.objects.bulk_update(again, _SET_BY_HAND, batch_size=500)
