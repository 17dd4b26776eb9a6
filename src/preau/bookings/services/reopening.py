"""Undoing what the town cancelled: slots open again, places given back to those who held them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.models import Booking, Slot
from preau.bookings.notices import tell_offers
from preau.bookings.rules import begun_since, overlaps
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


# Why a place cannot come back, as families and agents read it.
BEGUN = "la séance a commencé depuis"
SHUT = "la séance reste annulée"
AGAIN = "ce jour a été réservé autrement depuis"
ENDED = "l’inscription a pris fin depuis"
TAKEN = "la place a été donnée depuis"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back (`back`: a place, or a rank in the queue that it had), who waits now for a
    place given since (`queued`), and what could not come back, with why."""

    back: list[Booking] = field(default_factory=list)
    queued: list[Booking] = field(default_factory=list)
    missed: list[Booking] = field(default_factory=list)
    why: dict[int, str] = field(default_factory=dict)


@transaction.atomic
def reopen_slots(
    *, slot_ids: Iterable[int], since: datetime, now: datetime, actor: Actor
) -> list[int]:
    """Open again slots that the town cancelled at `since`, and that have not begun meanwhile.
    Returns their ids. What waits for them is not offered here: `restore_bookings` comes first."""
    seats = Seats(slot_ids, now)
    ids = [
        slot.pk
        for slot in seats.asked.values()
        if slot.status == SlotStatus.CANCELLED
        and not begun_since(day=slot.day, starts_at=slot.starts_at, at=since, now=now)
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
def restore_bookings(
    *,
    held: Mapping[int, str],
    now: datetime,
    actor: Actor,
    queue_when_full: bool = False,
    reopening: Collection[int] = (),
    look_only: bool = False,
) -> Restored:
    """Give cancelled bookings back what each held (id → its status then), with its old rank.

    A place that was given to another child since stays his; who waited waits again. With
    `queue_when_full`, who finds the place given waits for one, before those who came after.
    Twice is harmless. The family is told by the caller. With `look_only` nothing is locked nor
    written: what would happen now, were the slots `reopening` open.
    """
    bookings = list(
        Booking.objects.filter(pk__in=held, status=BookingStatus.CANCELLED)
        .select_related("enrolment")
        .order_by("ordinal", "slot_id", "pk")
    )
    seats = Seats({booking.slot_id for booking in bookings}, now, look_only=look_only)
    for pk in reopening:
        if pk in seats.slots:
            seats.slots[pk].status = SlotStatus.OPEN
    live: dict[int, list[Slot]] = defaultdict(list)
    for slot_id, child_id in (
        Booking.objects.live().filter(slot__in=seats.slots).values_list("slot_id", "child_id")
    ):
        live[child_id].append(seats.slots[slot_id])
    result = Restored()
    for booking in bookings:
        slot, waited = seats.slots[booking.slot_id], held[booking.pk] != BookingStatus.CONFIRMED
        why = _why_not(booking, slot, live[booking.child_id], now)
        full = not waited and not why and not seats.left(slot.pk, young=booking.is_young)
        if why or (full and not queue_when_full):
            result.missed.append(booking)
            result.why[booking.pk] = why or TAKEN
            continue
        if not (waited or full):
            booking.from_kept = seats.take(slot.pk, young=booking.is_young)[1]
        booking.status = BookingStatus.WAITING if waited or full else BookingStatus.CONFIRMED
        booking.cancelled_at = booking.offer_expires_at = None
        booking.cancelled_channel = booking.cancel_reason = booking.decision_sentence = ""
        booking.is_charged = True
        live[booking.child_id].append(slot)
        (result.queued if full else result.back).append(booking)
    if look_only:
        return result
    changed = [*result.back, *result.queued]
    Booking.objects.bulk_update(changed, _FIELDS, batch_size=500)
    seats.settle()
    seats.save()
    _journal(changed, now=now, actor=actor)
    tell_offers(seats.offered, now=now)
    return result


def _why_not(booking: Booking, slot: Slot, live: Iterable[Slot], now: datetime) -> str:
    """Why a place cannot come back; empty when it can, if it is free."""
    if slot.status != SlotStatus.OPEN:
        return SHUT
    at = booking.cancelled_at
    assert at is not None
    if begun_since(day=slot.day, starts_at=slot.starts_at, at=at, now=now):
        return BEGUN
    hours = slot.starts_at, slot.ends_at
    if any(
        other.day == slot.day
        and (other.pk == slot.pk or overlaps(hours, (other.starts_at, other.ends_at)))
        for other in live
    ):
        return AGAIN
    right = booking.enrolment
    if right.status != "ACTIVE" or not right.starts_on <= slot.day <= right.ends_on:
        return ENDED
    return ""


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
