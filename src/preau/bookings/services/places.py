"""Taking and giving back places, under the locks of their slots.

Every writer of places goes through `Seats`: the slots' rows are locked in primary-key order, what
is decided is counted in memory, and one statement writes it. The check constraint of the slot
refuses one too many, whoever writes.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.models import Booking, Slot
from preau.bookings.rules import offer_limit
from preau.kernel.locks import lock_rows

_QUEUES = """
SELECT slot_id, count(*) FILTER (WHERE status = 'WAITING'),
       coalesce(bool_or(status = 'OFFERED' AND offer_expires_at <= %s), false)
FROM bookings_booking WHERE slot_id = ANY(%s) AND status IN ('WAITING', 'OFFERED')
GROUP BY slot_id
"""


def _lock_slots(slot_ids: Iterable[int]) -> list[Slot]:
    # All takers of these slots' places queue here: what is counted after stays true until commit.
    return lock_rows(Slot.objects.all(), slot_ids)


class Seats:
    """The locked slots of one act. Use inside a transaction; `save` must be the last call.

    With `look_only` nothing is locked nor written: what would happen now, for a recap.
    """

    def __init__(self, slot_ids: Iterable[int], now: datetime, *, look_only: bool = False) -> None:
        self.now = now
        self.look_only = look_only
        found = Slot.objects.filter(pk__in=list(slot_ids)) if look_only else _lock_slots(slot_ids)
        self.slots: dict[int, Slot] = {slot.pk: slot for slot in found}
        self.offered: list[Booking] = []
        self.lapsed: list[Booking] = []
        self._taken: Counter[int] = Counter()
        self._ordinals: Counter[int] = Counter()
        self._capacity: Counter[int] = Counter()
        self._waiting: Counter[int] | None = None
        self._has_late = False

    def waiting(self, slot_id: int) -> int:
        """How many wait for a place of this slot."""
        return self._queues()[slot_id]

    def _queues(self) -> Counter[int]:
        """Those who wait, by slot; and whether an offer is past its time. Read once, in one query:
        under the locks nobody else changes either."""
        if self._waiting is None:
            self._waiting = Counter()
            with connection.cursor() as cursor:
                cursor.execute(_QUEUES, [self.now, list(self.slots)])
                for slot_id, waiting, late in cursor.fetchall():
                    self._waiting[slot_id] = waiting
                    self._has_late = self._has_late or late
        return self._waiting

    def left(self, slot_id: int) -> int:
        """How many places may still be given."""
        slot = self.slots[slot_id]
        if slot.status != SlotStatus.OPEN:
            return 0
        limit = slot.capacity
        if slot.wanted_capacity is not None:
            limit = min(limit, slot.wanted_capacity)
        return max(limit - slot.taken, 0)

    def take(self, slot_id: int) -> int:
        """Take one place; returns its ordinal, the true order of arrival."""
        self.slots[slot_id].taken += 1
        self._taken[slot_id] += 1
        return self.next_ordinal(slot_id)

    def next_ordinal(self, slot_id: int) -> int:
        slot = self.slots[slot_id]
        slot.last_ordinal += 1
        self._ordinals[slot_id] += 1
        return slot.last_ordinal

    def join_queue(self, slot_id: int) -> tuple[int, int]:
        """Join the queue: (ordinal, rank in the queue)."""
        rank = self.waiting(slot_id) + 1
        assert self._waiting is not None
        self._waiting[slot_id] += 1
        return self.next_ordinal(slot_id), rank

    def leave_queue(self, slot_id: int) -> None:
        if self._waiting is not None:
            self._waiting[slot_id] -= 1

    def give_back(self, slot_id: int) -> None:
        """One place is free again; `settle` offers it to the first who waits."""
        self.slots[slot_id].taken -= 1
        self._taken[slot_id] -= 1

    def lapse_offers(self) -> None:
        """Take back the places whose time to answer is over; it costs nothing to anyone."""
        if self.look_only:
            return
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
            self.give_back(booking.slot_id)
            self.lapsed.append(booking)
        _update(
            self.lapsed,
            ("status", "cancelled_at", "cancelled_channel", "cancel_reason", "is_charged"),
        )

    def settle(self) -> None:
        """Offer each free place to the first who waits for it, with a time limit."""
        if self.look_only:
            return
        free = {pk: n for pk in self.slots if (n := self.left(pk)) and self.waiting(pk)}
        for slot_id, places in free.items():
            slot = self.slots[slot_id]
            limit = offer_limit(now=self.now, day=slot.day, starts_at=slot.starts_at)
            if limit is None:
                continue
            queue = Booking.objects.filter(slot=slot, status=BookingStatus.WAITING)
            for booking in queue.order_by("ordinal")[:places]:
                booking.status = BookingStatus.OFFERED
                booking.offer_expires_at = limit
                slot.taken += 1
                self._taken[slot_id] += 1
                self.leave_queue(slot_id)
                self.offered.append(booking)
        _update(self.offered, ("status", "offer_expires_at"))

    def shrink(self) -> None:
        """Bring the capacity down towards what the town wants, never under what is taken."""
        for slot in self.slots.values():
            if slot.wanted_capacity is not None and slot.capacity > slot.wanted_capacity:
                lower = max(slot.wanted_capacity, slot.taken)
                self._capacity[slot.pk] += lower - slot.capacity
                slot.capacity = lower

    def save(self) -> None:
        """Write the counts of all the slots in one statement, relative to what is stored."""
        assert not self.look_only
        self.shrink()
        ids = [
            pk for pk in self.slots if self._taken[pk] or self._ordinals[pk] or self._capacity[pk]
        ]
        if not ids:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bookings_slot s SET taken = s.taken + v.taken, "
                "last_ordinal = s.last_ordinal + v.ordinals, capacity = s.capacity + v.capacity "
                "FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[]) "
                "AS v(id, taken, ordinals, capacity) WHERE s.id = v.id",
                [
                    ids,
                    [self._taken[pk] for pk in ids],
                    [self._ordinals[pk] for pk in ids],
                    [self._capacity[pk] for pk in ids],
                ],
            )


def _update(bookings: list[Booking], fields: tuple[str, ...]) -> None:
    if bookings:
        Booking.objects.bulk_update(bookings, fields)
