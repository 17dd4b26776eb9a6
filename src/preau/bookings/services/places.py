"""Taking and giving back places, under the locks of their slots.

Every writer of places goes through `Seats`: the slots' rows are locked in primary-key order, what
is decided is counted in memory, and one statement writes it. Triggers refuse one too many, whoever
writes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.models import Booking, Hold, Pool, PoolSlot, Slot
from preau.bookings.rules import group_name, offer_limit, room, waits_in_group
from preau.bookings.services.terms import get_terms
from preau.kernel.kept import Kept, run, typed
from preau.kernel.lane import Asked, ask

# The slots asked, with the other products of their day: whoever takes a morning has the full day
# in sight, so that one child never holds both and a place that they share is given once. With
# them, the slots where this planning holds places.
_AROUND = """
SELECT other.id FROM (
    SELECT id FROM bookings_slot WHERE id = ANY(%s)
    UNION SELECT slot_id FROM bookings_hold WHERE family_id = %s AND user_id = %s
) wanted
JOIN bookings_slot asked ON asked.id = wanted.id
JOIN bookings_slot other ON other.offering_id = asked.offering_id AND other.day = asked.day
"""
# Both at once: who waits by slot (and whether an offer is past its time), and each place held.
_QUEUES = """
SELECT slot_id, count(*) FILTER (WHERE status = 'WAITING'),
       count(*) FILTER (WHERE status = 'WAITING' AND is_young),
       coalesce(bool_or(status = 'OFFERED' AND offer_expires_at <= %s), false),
       NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::int, NULL::boolean,
       NULL::boolean, NULL::timestamptz
FROM bookings_booking WHERE slot_id = ANY(%s) AND status IN ('WAITING', 'OFFERED')
GROUP BY slot_id
UNION ALL
SELECT slot_id, 0, 0, false, id, child_id, family_id, user_id, ordinal, is_young, from_kept,
       expires_at
FROM bookings_hold WHERE slot_id = ANY(%s)
"""
_HOLD = ("pk", "child_id", "family_id", "user_id", "ordinal", "is_young", "from_kept", "expires_at")
# The first of each queue, group by group: those who may be offered what is free.
_FIRST = """
SELECT id FROM (
    SELECT id, ordinal, row_number() OVER (PARTITION BY slot_id, is_young ORDER BY ordinal) AS rank,
           slot_id
    FROM bookings_booking WHERE slot_id = ANY(%s) AND status = 'WAITING'
) q WHERE rank <= %s
"""
_SAVE = """
UPDATE bookings_slot s SET taken = s.taken + v.taken, young_taken = s.young_taken + v.young,
    kept = s.kept + v.kept, last_ordinal = s.last_ordinal + v.ordinals
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[])
    AS v(id, taken, young, kept, ordinals) WHERE s.id = v.id AND s.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Planner:
    """Whose planning is under way: the places that it holds are its own."""

    family_id: int
    user_id: int


def _lock_slots(slot_ids: Iterable[int], planner: Planner | None = None) -> list[Slot]:
    return _lock(*_asked(slot_ids, planner))


def _look_at_slots(slot_ids: Iterable[int], planner: Planner | None = None) -> list[Slot]:
    return _look(*_asked(slot_ids, planner))


def asked_slots(slot_ids: Iterable[int], planner: Planner | None = None) -> Asked:
    """What taking these slots' locks asks, for `lane.ahead`."""
    return _lock.asked(*_asked(slot_ids, planner))


def _asked(slot_ids: Iterable[int], planner: Planner | None) -> tuple[list[int], Any, Any]:
    if planner is None:
        return sorted(slot_ids), None, None
    return sorted(slot_ids), planner.family_id, planner.user_id


def _around(slot_ids: Any, family_id: Any, user_id: Any) -> "QuerySet[Slot]":
    return Slot.objects.filter(
        pk__in=RawSQL(_AROUND, [slot_ids, family_id, user_id])  # noqa: S611
    ).order_by("pk")


def _locked(slot_ids: Any, family_id: Any, user_id: Any) -> "QuerySet[Slot]":
    # All takers of these slots' places queue here: what is counted after stays true until commit.
    return _around(slot_ids, family_id, user_id).select_for_update(of=("self",), no_key=True)


_look, _lock = Kept(_around), Kept(_locked)


class Seats:
    """The locked slots of one act. Use inside a transaction; `save` must be the last call.

    `slots` holds those asked and the other products of the same days; `asked`, the former. With
    `look_only` nothing is locked nor written: what would happen now, for a recap. `with_kept`: an
    agent's act, which may give the places kept back.
    """

    def __init__(
        self,
        slot_ids: Iterable[int],
        now: datetime,
        *,
        look_only: bool = False,
        with_kept: bool = False,
        planner: Planner | None = None,
    ) -> None:
        self.now, self.look_only, self.with_kept = now, look_only, with_kept
        self.planner = planner
        wanted = set(slot_ids)
        found = _look_at_slots(wanted, planner) if look_only else _lock_slots(wanted, planner)
        self.slots: dict[int, Slot] = {slot.pk: slot for slot in found}
        self.asked = {pk: slot for pk, slot in self.slots.items() if pk in wanted}
        self.offered: list[Booking] = []
        self.lapsed: list[Booking] = []
        self.pools: dict[int, list[Pool]] = defaultdict(list)
        shared = [slot.pk for slot in self.slots.values() if slot.shares]
        if shared:
            members = PoolSlot.objects.filter(slot__in=shared).select_related("pool")
            pools: dict[int, Pool] = {}
            for member in members:
                pool = pools.setdefault(member.pool_id, member.pool)
                self.pools[member.slot_id].append(pool)
        self._taken: Counter[int] = Counter()
        self._young: Counter[int] = Counter()
        self._kept: Counter[int] = Counter()
        self._ordinals: Counter[int] = Counter()
        self._waiting: Counter[int] | None = None
        self._young_waiting: Counter[int] = Counter()
        self._has_late = False
        self._holds: dict[tuple[int, int], Hold] = {}
        self._gone: list[int] = []

    # --- Reading ---------------------------------------------------------------------------

    def waiting(self, slot_id: int) -> int:
        """How many wait for a place of this slot."""
        return self._queues()[slot_id]

    def _queues(self) -> Counter[int]:
        """Those who wait, by slot; whether an offer is past its time; the places held. Read once,
        in one query: under the locks nobody else changes them."""
        if self._waiting is None:
            self._waiting = Counter()
            for slot_id, waiting, young, late, *held in ask(*self.asked_queues())[0]:
                if held[0] is not None:
                    hold = Hold(slot_id=slot_id, **dict(zip(_HOLD, held, strict=True)))
                    self._holds[slot_id, hold.child_id] = hold
                    continue
                self._waiting[slot_id] = waiting
                self._young_waiting[slot_id] = young
                self._has_late = self._has_late or late
        return self._waiting

    def asked_queues(self) -> Asked:
        """What reading the queues asks, for `lane.ahead`."""
        ids = list(self.slots)
        return _QUEUES, typed([self.now, ids, ids])

    @property
    def holds(self) -> dict[tuple[int, int], Hold]:
        """The places held for a planning under way, by (slot, child)."""
        self._queues()
        return self._holds

    def left(self, slot_id: int, *, young: bool) -> int:
        """How many places may still be given to a group: the lowest limit of the slot and of what
        it shares."""
        slot = self.slots[slot_id]
        if slot.status != SlotStatus.OPEN:
            return 0
        extra = slot.kept if self.with_kept else 0
        free = room(slot, young=young, extra=extra)
        for pool in self.pools.get(slot_id, ()):
            free = min(free, room(pool, young=young, extra=extra))
        return free

    # --- Deciding --------------------------------------------------------------------------

    def take(self, slot_id: int, *, young: bool) -> tuple[int, bool]:
        """Take one place: (its ordinal, the true order of arrival; whether it was kept back)."""
        slot = self.slots[slot_id]
        counters = [slot, *self.pools.get(slot_id, ())]
        from_kept = (
            self.with_kept
            and slot.kept > 0
            and any(room(counter, young=young) == 0 for counter in counters)
        )
        self._count(slot_id, 1, young=young, from_kept=from_kept)
        return self.next_ordinal(slot_id), from_kept

    def _count(self, slot_id: int, many: int, *, young: bool, from_kept: bool) -> None:
        self._taken[slot_id] += many
        self._young[slot_id] += many * young
        self._kept[slot_id] -= many * from_kept
        for counter in (self.slots[slot_id], *self.pools.get(slot_id, ())):
            counter.taken += many
            counter.young_taken += many * young
            counter.kept -= many * from_kept

    def next_ordinal(self, slot_id: int) -> int:
        """The next ordinal of the slot; where places are shared, of all the slots of its day, so
        that who came first for one product is before who came later for another."""
        slot = self.slots[slot_id]
        before = slot.last_ordinal
        last = before
        if slot.shares:
            last = max(
                other.last_ordinal
                for other in self.slots.values()
                if other.offering_id == slot.offering_id and other.day == slot.day
            )
        slot.last_ordinal = last + 1
        self._ordinals[slot_id] += slot.last_ordinal - before
        return slot.last_ordinal

    def join_queue(self, slot_id: int, *, young: bool) -> tuple[int, int, str]:
        """Join the queue: (ordinal, rank in the queue, the group that this rank is counted in:
        empty when it is the whole queue's)."""
        slot = self.slots[slot_id]
        before, group = self.waiting(slot_id), ""
        if waits_in_group((slot, *self.pools.get(slot_id, ())), young=young):
            mine = self._young_waiting[slot_id]
            before, group = mine if young else before - mine, group_name(slot.age_cut, young=young)
        self._queue(slot_id, 1, young=young)
        return self.next_ordinal(slot_id), before + 1, group

    def leave_queue(self, slot_id: int, *, young: bool) -> None:
        if self._waiting is not None:
            self._queue(slot_id, -1, young=young)

    def _queue(self, slot_id: int, many: int, *, young: bool) -> None:
        assert self._waiting is not None
        self._waiting[slot_id] += many
        self._young_waiting[slot_id] += many * young

    def give_back(self, place: Booking | Hold) -> None:
        """A place is free again; `settle` offers it to the first who waits."""
        self._count(place.slot_id, -1, young=place.is_young, from_kept=place.from_kept)

    def hold_of(self, slot_id: int, child_id: int) -> Hold | None:
        """The place held for this child, if any."""
        return self.holds.get((slot_id, child_id))

    def use_hold(self, hold: Hold) -> None:
        """A place held becomes a booking: it is counted already."""
        self.holds.pop((hold.slot_id, hold.child_id), None)
        self._gone.append(hold.pk)

    def release_hold(self, hold: Hold) -> None:
        """A held place is free again."""
        self.give_back(hold)
        self.holds.pop((hold.slot_id, hold.child_id), None)
        self._gone.append(hold.pk)

    def is_ours(self, hold: Hold) -> bool:
        return self.planner is not None and (hold.family_id, hold.user_id) == (
            self.planner.family_id,
            self.planner.user_id,
        )

    def lapse_offers(self) -> None:
        """Take back the places whose time to answer is over, offered or held; it costs nothing to
        anyone. What this planning held and nobody took back is still its own."""
        if self.look_only:
            return
        for hold in list(self.holds.values()):
            if hold.expires_at <= self.now and not self.is_ours(hold):
                self.release_hold(hold)
        self._queues()
        if not self._has_late:
            return
        late = Booking.objects.filter(
            slot__in=self.slots,
            status=BookingStatus.OFFERED,
            offer_expires_at__lte=self.now,
        )
        for booking in late:
            booking.status = BookingStatus.CANCELLED
            booking.cancelled_at = self.now
            booking.cancelled_channel = "SYSTEM"
            booking.cancel_reason = "Place proposée, sans réponse dans le délai"
            booking.is_charged = False
            self.give_back(booking)
            self.lapsed.append(booking)
        _update(
            self.lapsed,
            ("status", "cancelled_at", "cancelled_channel", "cancel_reason", "is_charged"),
        )

    def settle(self) -> None:
        """Offer each free place to the first who waits for it, with a time limit.

        In the order of the ordinals; a child whose group is full lets the next one of the other
        group pass. Never a place that the town keeps.
        """
        if self.look_only:
            return
        free = {
            pk: n
            for pk in self.slots
            if self.waiting(pk) and (n := max(self._free(pk, True), self._free(pk, False)))
        }
        if not free:
            return
        kept = timedelta(hours=get_terms().offer_hours)
        limits = {
            pk: offer_limit(
                now=self.now,
                day=self.slots[pk].day,
                starts_at=self.slots[pk].starts_at,
                kept=kept,
            )
            for pk in free
        }
        with connection.cursor() as cursor:
            cursor.execute(_FIRST, [list(free), max(free.values())])
            ids = [row[0] for row in cursor.fetchall()]
        queue = Booking.objects.filter(pk__in=ids).order_by("ordinal", "slot_id")
        for booking in queue:
            slot_id, limit = booking.slot_id, limits[booking.slot_id]
            if limit is None or not self._free(slot_id, booking.is_young):
                continue
            booking.status = BookingStatus.OFFERED
            booking.offer_expires_at = limit
            self._count(slot_id, 1, young=booking.is_young, from_kept=False)
            self.leave_queue(slot_id, young=booking.is_young)
            self.offered.append(booking)
        _update(self.offered, ("status", "offer_expires_at"))

    def _free(self, slot_id: int, young: bool) -> int:
        """What families may have, whoever acts."""
        slot = self.slots[slot_id]
        if slot.status != SlotStatus.OPEN:
            return 0
        return min(room(counter, young=young) for counter in (slot, *self.pools.get(slot_id, ())))

    def save(self) -> None:
        """Write the counts of all the slots in one statement, relative to what is stored."""
        assert not self.look_only
        if self._gone:
            Hold.objects.filter(pk__in=self._gone).delete()
        ids = [
            pk
            for pk in self.slots
            if self._taken[pk] or self._young[pk] or self._kept[pk] or self._ordinals[pk]
        ]
        if not ids:
            return
        counted = (self._taken, self._young, self._kept, self._ordinals)
        run(_SAVE, ids, *([counts[pk] for pk in ids] for counts in counted), ids)


def _update(bookings: list[Booking], fields: tuple[str, ...]) -> None:
    if bookings:
        Booking.objects.bulk_update(bookings, fields)
