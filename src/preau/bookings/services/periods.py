"""Activities taken for a whole period (sports): every session is booked with the enrolment."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.doors import get_doors
from preau.bookings.enums import LIVE, BookingStatus, SlotStatus
from preau.bookings.household import get_household
from preau.bookings.models import Booking, Slot
from preau.bookings.notices import tell_offers
from preau.bookings.rules import is_young, started
from preau.bookings.services.places import Seats
from preau.enrolments.queries import get_enrolment
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


@dataclass(frozen=True, slots=True)
class WholePeriod:
    """How many sessions were booked, how many are full (the child waits for them), and how many
    are not open to this household yet (asked again once they are, they are booked)."""

    booked: int
    waiting: int
    shut: int = 0


@transaction.atomic
def book_whole_period(
    *, enrolment_id: int, channel: str, now: datetime, actor: Actor, reason: str = ""
) -> WholePeriod:
    """Book every session to come of the enrolment's offering; where it is full, the child waits.

    Asked again (new sessions opened since), it books only what is missing. Sessions whose booking
    is not open to the household are left out, and booked by a job when they open; unless an agent
    gives a `reason`, kept in the journal.
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
    early = bool(actor.is_agent and reason.strip())
    household = get_household(enrolment.family_id, first, enrolment.ends_on)
    doors = get_doors(household, [enrolment.offering_id], first, enrolment.ends_on, now)
    created = []
    shut = 0
    coming: list[datetime] = []
    for slot in sorted(seats.asked.values(), key=lambda s: (s.day, s.starts_at)):
        if slot.pk in held or started(day=slot.day, starts_at=slot.starts_at, now=now):
            continue
        opening = doors.opening(slot.offering_id, enrolment.child_id, slot.day)
        if not opening.is_open and not early:
            shut += 1
            coming += [opening.opens_at] if opening.opens_at else []
            continue
        young, from_kept = is_young(enrolment.child.birth_on, slot.day, slot.age_cut), False
        if seats.left(slot.pk, young=young):
            status = BookingStatus.CONFIRMED
            ordinal, from_kept = seats.take(slot.pk, young=young)
        else:
            status = BookingStatus.WAITING
            ordinal = seats.join_queue(slot.pk, young=young)[0]
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
                is_young=young,
                from_kept=from_kept,
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
            summary=f"{enrolment.child.first_name} : {french.count(booked, 'séance')} réservées "
            f"({enrolment.offering.activity.name})"
            + (f". Avant l’ouverture : {reason.strip()}" if early else ""),
            family_id=enrolment.family_id,
            object_type="enrolments.Enrolment",
            object_id=enrolment.pk,
        )
    tell_offers(seats.offered, now=now)
    for at in sorted(set(coming))[:1]:
        # The sessions that are shut are booked when they open, those that open later after them.
        from preau.bookings.tasks import book_when_open

        book_when_open.configure(schedule_at=at).defer(enrolment_id=enrolment_id, channel=channel)
    return WholePeriod(booked, len(created) - booked, shut)
