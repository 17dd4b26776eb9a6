"""A freed place is offered to the first who waits: it is accepted, declined, or lapses."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.enums import BookingStatus
from preau.bookings.errors import BookingRefused, OfferGone
from preau.bookings.models import Booking
from preau.bookings.notices import tell_offers
from preau.bookings.services.places import Seats
from preau.kernel import french
from preau.kernel.actors import Actor


@transaction.atomic
def accept_offer(*, booking_id: int, family_id: int, now: datetime, actor: Actor) -> Booking:
    """The household takes the place kept for it. Twice is harmless; OfferGone once it lapsed."""
    booking = Booking.objects.for_family(family_id).get(pk=booking_id)
    Seats([booking.slot_id], now)
    booking.refresh_from_db()
    if booking.status == BookingStatus.CONFIRMED:
        return booking
    if booking.status != BookingStatus.OFFERED or (
        booking.offer_expires_at is not None and booking.offer_expires_at <= now
    ):
        raise OfferGone
    booking.status = BookingStatus.CONFIRMED
    booking.offer_expires_at = None
    booking.save(update_fields=["status", "offer_expires_at"])
    _journal(booking, "accept_offer", "Place proposée acceptée", now=now, actor=actor)
    return booking


@transaction.atomic
def decline_offer(*, booking_id: int, family_id: int, now: datetime, actor: Actor) -> Booking:
    """The household lets the place go, at no cost; it is offered to the next at once."""
    booking = Booking.objects.for_family(family_id).get(pk=booking_id)
    seats = Seats([booking.slot_id], now)
    booking.refresh_from_db()
    if booking.status == BookingStatus.CANCELLED:
        return booking
    if booking.status != BookingStatus.OFFERED:
        raise OfferGone("Aucune place n’est proposée pour ce jour.")
    booking.status = BookingStatus.CANCELLED
    booking.cancelled_at = now
    booking.cancelled_channel = actor.channel
    booking.cancel_reason = "Place proposée, refusée"
    booking.is_charged = False
    booking.save(
        update_fields=[
            "status",
            "cancelled_at",
            "cancelled_channel",
            "cancel_reason",
            "is_charged",
        ]
    )
    seats.give_back(booking)
    seats.settle()
    seats.save()
    _journal(booking, "decline_offer", "Place proposée refusée", now=now, actor=actor)
    tell_offers(seats.offered, now=now)
    return booking


def expire_offers(*, now: datetime, slot_ids: Iterable[int] | None = None) -> int:
    """Take back the places offered past their time and offer them to the next. Returns how many.

    Each slot in a transaction of its own: a lock is held for a moment only.
    """
    late = Booking.objects.filter(status=BookingStatus.OFFERED, offer_expires_at__lte=now)
    if slot_ids is not None:
        late = late.filter(slot__in=list(slot_ids))
    lapsed = 0
    for slot_id in sorted(set(late.values_list("slot_id", flat=True))):
        with transaction.atomic():
            seats = Seats([slot_id], now)
            seats.lapse_offers()
            seats.settle()
            seats.save()
            lapsed += len(seats.lapsed)
            for booking in seats.lapsed:
                _journal(
                    booking,
                    "offer_lapsed",
                    "Place proposée, sans réponse dans le délai",
                    now=now,
                    actor=Actor.system(),
                )
            tell_offers(seats.offered, now=now)
    return lapsed


@transaction.atomic
def move_in_queue(
    *, booking_id: int, before_id: int | None, reason: str, now: datetime, actor: Actor
) -> None:
    """An agent puts a waiting child before another (last when `before_id` is None); the reason
    is kept in the journal. Ordinals are dealt again among those who wait."""
    if not reason.strip():
        raise BookingRefused("Écrivez pourquoi cet enfant change de rang.")
    moved = Booking.objects.get(pk=booking_id)
    Seats([moved.slot_id], now)
    queue = list(
        Booking.objects.filter(slot=moved.slot_id, status=BookingStatus.WAITING).order_by("ordinal")
    )
    ids = [b.pk for b in queue]
    if booking_id not in ids or (before_id is not None and before_id not in ids):
        raise BookingRefused("Cet enfant n’est plus dans la liste d’attente.")
    ordinals = [b.ordinal for b in queue]
    queue.sort(key=lambda b: b.pk == booking_id)
    mine = queue.pop()
    place = next((i for i, b in enumerate(queue) if b.pk == before_id), len(queue))
    queue.insert(place, mine)
    for booking, ordinal in zip(queue, ordinals, strict=True):
        booking.ordinal = ordinal
    Booking.objects.bulk_update(queue, ("ordinal",))
    _journal(
        mine,
        "move_in_queue",
        f"Liste d’attente : passe {french.ordinal(place + 1)}. Motif : {reason.strip()}",
        now=now,
        actor=actor,
    )


def _journal(booking: Booking, verb: str, summary: str, *, now: datetime, actor: Actor) -> None:
    record(
        actor=actor,
        now=now,
        action=f"bookings.{verb}",
        summary=summary,
        family_id=booking.family_id,
        object_type="bookings.Booking",
        object_id=booking.pk,
        data={"slot": booking.slot_id, "child": booking.child_id},
    )
