"""Taking places back outside a planning: one booking, the end of an enrolment, a day that the
town cancels."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.enums import HOLDING, LIVE, BookingStatus, SlotStatus
from preau.bookings.errors import BookingRefused
from preau.bookings.models import Booking, Slot
from preau.bookings.notices import tell_cancelled_by_town, tell_offers
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
)


@transaction.atomic
def cancel_bookings(
    *,
    bookings: Iterable[Booking],
    reason: str,
    charged: bool = False,
    sentence: str = "",
    channel: str,
    now: datetime,
    actor: Actor,
) -> list[Booking]:
    """Take several bookings back, each place going to the first who waits for it."""
    wanted = [b.pk for b in bookings]
    seats = Seats(Booking.objects.filter(pk__in=wanted).values_list("slot_id", flat=True), now)
    found = list(Booking.objects.filter(pk__in=wanted).order_by("pk"))
    changed = []
    for booking in found:
        if booking.status == BookingStatus.CANCELLED:
            continue
        if booking.status in HOLDING:
            seats.give_back(booking)
        else:
            seats.leave_queue(booking.slot_id, young=booking.is_young)
        _cancel(
            booking, reason=reason, charged=charged, sentence=sentence, channel=channel, now=now
        )
        changed.append(booking)
    Booking.objects.bulk_update(changed, _FIELDS)
    seats.settle()
    seats.save()
    for family_id in sorted({b.family_id for b in changed}):
        mine = [b for b in changed if b.family_id == family_id]
        record(
            actor=actor,
            now=now,
            action="bookings.cancel",
            summary=f"{french.count(len(mine), 'réservation')} retirée"
            f"{'s' if len(mine) > 1 else ''} : {reason}",
            family_id=family_id,
            data={"bookings": [b.pk for b in mine]},
        )
    tell_offers(seats.offered, now=now)
    return found


def cancel_future(
    *, enrolment_id: int, since: date, reason: str, now: datetime, actor: Actor
) -> int:
    """An enrolment ends: take back every booking from the day `since`, at no cost.

    Returns how many days were taken back.
    """
    bookings = Booking.objects.filter(
        enrolment_id=enrolment_id, slot__day__gte=since, status__in=LIVE
    )
    return len(
        cancel_bookings(
            bookings=bookings, reason=reason, channel=actor.channel, now=now, actor=actor
        )
    )


@transaction.atomic
def cancel_slots(
    *, slot_ids: Iterable[int], reason: str, now: datetime, actor: Actor, tell: bool = True
) -> list[Booking]:
    """The town cancels slots (strike, closure): each child is taken off at no cost, families are
    told, unless the caller tells them all in one message. Returns the bookings taken back."""
    if not reason.strip():
        raise BookingRefused("Écrivez pourquoi ces séances sont annulées.")
    seats = Seats(slot_ids, now)
    open_ids = [pk for pk, slot in seats.asked.items() if slot.status == SlotStatus.OPEN]
    for pk in open_ids:
        seats.slots[pk].status = SlotStatus.CANCELLED
    Slot.objects.filter(pk__in=open_ids).update(
        status=SlotStatus.CANCELLED, cancelled_reason=reason.strip()[:160]
    )
    bookings = list(Booking.objects.filter(slot__in=open_ids, status__in=LIVE))
    for booking in bookings:
        if booking.status in HOLDING:
            seats.give_back(booking)
        _cancel(
            booking,
            reason=f"Annulé par la ville : {reason.strip()}",
            charged=False,
            sentence="Séance annulée par la ville : rien n’est dû.",
            channel=actor.channel,
            now=now,
        )
    for hold in list(seats.holds.values()):
        if hold.slot_id in open_ids:
            seats.release_hold(hold)
    Booking.objects.bulk_update(bookings, _FIELDS, batch_size=500)
    if tell:
        # What the other products of the day share with these is free. An act on many slots comes
        # to those products too: nobody is offered what is about to be cancelled.
        seats.settle()
    seats.save()
    record(
        actor=actor,
        now=now,
        action="bookings.cancel_slots",
        summary=f"{french.count(len(open_ids), 'séance')} annulées : {reason.strip()}",
        data={"slots": open_ids, "bookings": [b.pk for b in bookings]},
    )
    if tell:
        tell_cancelled_by_town(bookings, reason=reason.strip(), now=now)
    tell_offers(seats.offered, now=now)
    return bookings


def _cancel(
    booking: Booking, *, reason: str, charged: bool, sentence: str, channel: str, now: datetime
) -> None:
    booking.status = BookingStatus.CANCELLED
    booking.cancelled_at = now
    booking.cancelled_channel = channel
    booking.cancel_reason = reason[:200]
    booking.is_charged = charged
    booking.decision_sentence = sentence[:300]
