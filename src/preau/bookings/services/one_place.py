"""One child, one place: what a planning is not needed for."""

from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.doors import get_doors, opening_words
from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.errors import BookingRefused, NotOpenYet, SlotFull
from preau.bookings.household import get_household
from preau.bookings.models import Booking
from preau.bookings.rules import is_young, overlaps
from preau.bookings.services.places import Seats
from preau.kernel import french
from preau.kernel.actors import Actor


@transaction.atomic
def book_place(
    *,
    slot_id: int,
    child_id: int,
    family_id: int,
    enrolment_id: int,
    channel: str,
    now: datetime,
    actor: Actor,
    reason: str = "",
) -> Booking:
    """Give one child one place, whatever the deadline (an agent's act, a demonstration).

    An agent may give a place kept back, and with a `reason`, kept in the journal, one whose
    booking is not open yet. Raises SlotFull, NotOpenYet, BookingRefused. Twice is harmless: the
    live booking is returned.
    """
    seats = Seats([slot_id], now, with_kept=actor.is_agent)
    slot = seats.slots[slot_id]
    same_day = [pk for pk, other in seats.slots.items() if other.day == slot.day]
    held = list(Booking.objects.live().filter(slot__in=same_day, child=child_id))
    existing = next((booking for booking in held if booking.slot_id == slot_id), None)
    if existing is not None:
        return existing
    if slot.status != SlotStatus.OPEN:
        raise BookingRefused("Cette séance est annulée.")
    for booking in held:
        other = seats.slots[booking.slot_id]
        if overlaps((slot.starts_at, slot.ends_at), (other.starts_at, other.ends_at)):
            raise BookingRefused("Une autre formule est déjà réservée aux mêmes heures.")
    household = get_household(family_id, slot.day, slot.day)
    opening = get_doors(household, [slot.offering_id], slot.day, slot.day, now).opening(
        slot.offering_id, child_id, slot.day
    )
    early = not opening.is_open
    if early and not (actor.is_agent and reason.strip()):
        raise NotOpenYet(opening_words(opening))
    seats.lapse_offers()
    seats.settle()
    kid = household.kid(child_id)
    young = is_young(kid.birth_on if kid else None, slot.day, slot.age_cut)
    hold = seats.hold_of(slot_id, child_id)
    if hold is not None:
        seats.use_hold(hold)
        ordinal, from_kept, young = hold.ordinal, hold.from_kept, hold.is_young
    elif seats.left(slot_id, young=young):
        ordinal, from_kept = seats.take(slot_id, young=young)
    else:
        raise SlotFull
    seats.save()
    booking = Booking.objects.create(
        slot_id=slot_id,
        child_id=child_id,
        family_id=family_id,
        enrolment_id=enrolment_id,
        status=BookingStatus.CONFIRMED,
        ordinal=ordinal,
        channel=channel,
        booked_at=now,
        booked_by_id=actor.user_id,
        is_young=young,
        from_kept=from_kept,
    )
    if early or from_kept:
        words = "une place gardée par la ville" if from_kept else "une place avant l’ouverture"
        record(
            actor=actor,
            now=now,
            action="bookings.book_place",
            summary=f"{kid.first_name if kid else 'Enfant'}, {french.day(slot.day)} : {words}"
            + (f". Motif : {reason.strip()}" if reason.strip() else ""),
            family_id=family_id,
            object_type="bookings.Booking",
            object_id=booking.pk,
        )
    return booking
