"""Undoing what the town cancelled: slots open again, places given back to those who held them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.models import Booking, Slot
from preau.bookings.notices import tell_offers
from preau.bookings.rules import started
from preau.bookings.services.places import Seats
from preau.kernel import french
from preau.kernel.actors import Actor

_FIELDS = (
    "status",
    "cancelled_at",
    "cancelled_channel",
    "cancel_reason",
    "is_charged",
    "decision_sentence",
    "offer_expires_at",
    "from_kept",
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and what could not: the place was given since, or the day has begun."""

    back: list[Booking] = field(default_factory=list)
    missed: list[Booking] = field(default_factory=list)


@transaction.atomic
def reopen_slots(*, slot_ids: Iterable[int], now: datetime, actor: Actor) -> list[int]:
    """Open again slots that the town had cancelled and that have not begun. Returns their ids."""
    seats = Seats(slot_ids, now)
    ids = [
        slot.pk
        for slot in seats.asked.values()
        if slot.status == SlotStatus.CANCELLED
        and not started(day=slot.day, starts_at=slot.starts_at, now=now)
    ]
    Slot.objects.filter(pk__in=ids).update(status=SlotStatus.OPEN, cancelled_reason="")
    if ids:
        record(
            actor=actor,
            now=now,
            action="bookings.reopen_slots",
            summary=f"{french.count(len(ids), 'séance rouverte', 'séances rouvertes')}",
            data={"slots": ids},
        )
    return ids


@transaction.atomic
def restore_bookings(*, held: Mapping[int, str], now: datetime, actor: Actor) -> Restored:
    """Give cancelled bookings back what each held (id → its status then), with its old rank.

    A place that was given to another child since stays his; who waited waits again. Twice is
    harmless. The family is told by the caller.
    """
    seats = Seats(set(Booking.objects.filter(pk__in=held).values_list("slot_id", flat=True)), now)
    again = set(
        Booking.objects.live().filter(slot__in=seats.slots).values_list("slot_id", "child_id")
    )
    result = Restored()
    cancelled = Booking.objects.filter(pk__in=held, status=BookingStatus.CANCELLED)
    for booking in cancelled.order_by("slot_id", "ordinal"):
        slot = seats.slots[booking.slot_id]
        waited = held[booking.pk] != BookingStatus.CONFIRMED
        possible = (
            slot.status == SlotStatus.OPEN
            and not started(day=slot.day, starts_at=slot.starts_at, now=now)
            and (slot.pk, booking.child_id) not in again
        )
        if not possible or not (waited or seats.left(slot.pk, young=booking.is_young)):
            result.missed.append(booking)
            continue
        if not waited:
            booking.from_kept = seats.take(slot.pk, young=booking.is_young)[1]
        booking.status = BookingStatus.WAITING if waited else BookingStatus.CONFIRMED
        booking.cancelled_at = booking.offer_expires_at = None
        booking.cancelled_channel = booking.cancel_reason = booking.decision_sentence = ""
        booking.is_charged = True
        result.back.append(booking)
    Booking.objects.bulk_update(result.back, _FIELDS, batch_size=500)
    seats.settle()
    seats.save()
    _journal(result.back, now=now, actor=actor)
    tell_offers(seats.offered, now=now)
    return result


def _journal(bookings: list[Booking], *, now: datetime, actor: Actor) -> None:
    for family_id in sorted({booking.family_id for booking in bookings}):
        mine = [booking.pk for booking in bookings if booking.family_id == family_id]
        record(
            actor=actor,
            now=now,
            action="bookings.restore",
            summary=french.count(len(mine), "réservation remise", "réservations remises"),
            family_id=family_id,
            data={"bookings": mine},
        )
