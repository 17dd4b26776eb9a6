"""Activities taken for a whole period (sports): every session is booked with the enrolment."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.enums import LIVE, BookingStatus, SlotStatus
from preau.bookings.models import Booking, Slot
from preau.bookings.rules import started
from preau.bookings.services.places import Seats
from preau.enrolments.queries import get_enrolment
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


@dataclass(frozen=True, slots=True)
class WholePeriod:
    """How many sessions were booked, and how many are full (the child waits for them)."""

    booked: int
    waiting: int


@transaction.atomic
def book_whole_period(
    *, enrolment_id: int, channel: str, now: datetime, actor: Actor
) -> WholePeriod:
    """Book every session to come of the enrolment's offering; where it is full, the child waits.

    Asked again (new sessions opened since), it books only what is missing.
    """
    enrolment = get_enrolment(enrolment_id)
    assert enrolment is not None
    first = max(enrolment.starts_on, paris_day(now))
    ids = (
        list(
            Slot.objects.filter(
                offering_id=enrolment.offering_id,
                status=SlotStatus.OPEN,
                day__range=(first, enrolment.ends_on),
            )
            .exclude(bookings__child=enrolment.child_id, bookings__status__in=LIVE)
            .values_list("pk", flat=True)
        )
        if first <= enrolment.ends_on
        else []
    )
    seats = Seats(ids, now)
    seats.lapse_offers()
    seats.settle()
    held = set(
        Booking.objects.filter(slot__in=ids, child=enrolment.child_id, status__in=LIVE).values_list(
            "slot_id", flat=True
        )
    )
    created = []
    for slot in sorted(seats.slots.values(), key=lambda s: (s.day, s.starts_at)):
        if slot.pk in held or started(day=slot.day, starts_at=slot.starts_at, now=now):
            continue
        if seats.left(slot.pk):
            status, ordinal = BookingStatus.CONFIRMED, seats.take(slot.pk)
        else:
            status, ordinal = BookingStatus.WAITING, seats.join_queue(slot.pk)[0]
        created.append(
            Booking(
                slot=slot,
                child_id=enrolment.child_id,
                family_id=enrolment.family_id,
                enrolment_id=enrolment.pk,
                status=status,
                ordinal=ordinal,
                channel=channel,
                booked_at=now,
                booked_by_id=actor.user_id,
            )
        )
    seats.save()
    Booking.objects.bulk_create(created)
    booked = sum(b.status == BookingStatus.CONFIRMED for b in created)
    if created:
        record(
            actor=actor,
            now=now,
            action="bookings.book_whole_period",
            summary=f"{enrolment.child.first_name} : {french.count(booked, 'séance')} réservées "
            f"({enrolment.offering.activity.name})",
            family_id=enrolment.family_id,
            object_type="enrolments.Enrolment",
            object_id=enrolment.pk,
        )
    return WholePeriod(booked, len(created) - booked)
