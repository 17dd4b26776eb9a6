"""Taking thousands of places at once: the same rows and counters as one place at a time.

For what is known before Préau is (a take-over from another system, a demonstration): the rules of
booking are not asked, but places, queues and ordinals are given in the order received.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.models import Booking
from preau.bookings.rules import is_young
from preau.bookings.services.places import Seats
from preau.families.queries import get_children
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.copying import copy_rows

_COLUMNS = (
    "slot_id child_id family_id enrolment_id status ordinal channel booked_at booked_by_id "
    "surcharge_cents decision_sentence cancelled_channel cancel_reason is_charged is_young"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One place asked: who, where, by right of which enrolment, when and by which channel."""

    slot_id: int
    child_id: int
    family_id: int
    enrolment_id: int
    booked_at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Taken:
    """How many places were given, and how many wait in a queue."""

    booked: int
    waiting: int


@transaction.atomic
def book_places(*, places: Sequence[Place], now: datetime, actor: Actor) -> Taken:
    """Book all these places, in their order; where a slot is full, the child waits.

    A child who holds the slot already is left as it is, and so is a cancelled slot: twice the
    same list changes nothing. Two products of one offering at the same hours are the caller's
    care. Statements do not grow with the places.
    """
    seats = Seats({place.slot_id for place in places}, now)
    births = {
        pk: child.birth_on for pk, child in get_children({p.child_id for p in places}).items()
    }
    held = set(
        Booking.objects.live().filter(slot__in=list(seats.slots)).values_list("slot_id", "child_id")
    )
    rows = []
    booked = 0
    for place in places:
        slot = seats.slots.get(place.slot_id)
        key = (place.slot_id, place.child_id)
        if slot is None or slot.status != SlotStatus.OPEN or key in held:
            continue
        held.add(key)
        young = is_young(births.get(place.child_id), slot.day, slot.age_cut)
        if seats.left(place.slot_id, young=young):
            status = BookingStatus.CONFIRMED.value
            ordinal, _ = seats.take(place.slot_id, young=young)
            booked += 1
        else:
            status = BookingStatus.WAITING.value
            ordinal = seats.join_queue(place.slot_id, young=young)[0]
        rows.append(
            (
                place.slot_id,
                place.child_id,
                place.family_id,
                place.enrolment_id,
                status,
                ordinal,
                place.channel,
                place.booked_at,
                None,
                0,
                "",
                "",
                "",
                True,
                young,
            )
        )
    seats.save()
    copy_rows("bookings_booking", _COLUMNS, rows)
    if rows:
        record(
            actor=actor,
            now=now,
            action="bookings.book_places",
            summary=f"{french.count(booked, 'place réservée', 'places réservées')} d’un coup, "
            f"{len(rows) - booked} en liste d’attente",
        )
    return Taken(booked, len(rows) - booked)
