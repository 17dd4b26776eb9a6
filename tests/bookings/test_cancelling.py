"""Days that the town cancels, capacities lowered, enrolments ended, whole periods."""

import pytest

from preau.audit.models import Entry
from preau.bookings.errors import BookingRefused
from preau.bookings.models import Booking, Slot
from preau.bookings.services import (
    book_whole_period,
    cancel_bookings,
    cancel_future,
    cancel_slots,
    change_capacity,
    move_in_queue,
    open_slots,
)
from preau.kernel.actors import Actor
from preau.messaging.models import Message
from tests.bookings import world

pytestmark = pytest.mark.django_db
TOWN = Actor.system()


def queue(slot, capacity, waiting):
    """A full slot and the families who wait, in order."""
    held = []
    for _ in range(capacity):
        family = world.make_family()
        held.append(world.book(slot, world.children_of(family)[0], family))
    lines = []
    for _ in range(waiting):
        family = world.make_family()
        lines.append(world.book(slot, world.children_of(family)[0], family, status="WAITING"))
    return held, lines


def check(slot):
    slot.refresh_from_db()
    assert slot.taken == slot.bookings.holding_a_place().count() <= slot.capacity


def test_a_cancelled_day_takes_every_child_off_at_no_cost_and_tells_families(now):
    slot = world.make_slot(capacity=2)
    queue(slot, 2, 1)
    assert len(cancel_slots(slot_ids=[slot.pk], reason="Grève", now=now, actor=TOWN)) == 3
    check(slot)
    assert slot.status == "CANCELLED" and slot.taken == 0
    assert set(Booking.objects.values_list("status", "is_charged")) == {("CANCELLED", False)}
    assert Message.objects.filter(subject="Séance annulée par la ville").count() == 3
    with pytest.raises(BookingRefused):
        cancel_slots(slot_ids=[slot.pk], reason=" ", now=now, actor=TOWN)


def test_raised_capacity_is_offered_at_once(now):
    slot = world.make_slot(capacity=1)
    _, (first, second) = queue(slot, 1, 2)
    change_capacity(slot_id=slot.pk, capacity=2, now=now, actor=TOWN)
    check(slot)
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.status, second.status) == ("OFFERED", "WAITING")


def test_lowered_capacity_puts_nobody_out_and_gives_no_place_until_it_is_met(now):
    slot = world.make_slot(capacity=3)
    held, (waits,) = queue(slot, 3, 1)
    change_capacity(slot_id=slot.pk, capacity=1, now=now, actor=TOWN)
    slot.refresh_from_db()
    assert (slot.capacity, slot.taken, slot.is_over) == (1, 3, True)

    cancel_bookings(bookings=held[:2], reason="x", channel="COUNTER", now=now, actor=TOWN)
    check(slot)
    waits.refresh_from_db()
    assert (slot.capacity, slot.taken, slot.is_over, waits.status) == (1, 1, False, "WAITING")

    cancel_bookings(bookings=held[2:], reason="x", channel="COUNTER", now=now, actor=TOWN)
    check(slot)
    waits.refresh_from_db()
    assert (slot.capacity, slot.taken, waits.status) == (1, 1, "OFFERED")


def test_the_end_of_an_enrolment_takes_back_what_follows(now):
    family = world.make_family()
    child = world.children_of(family)[0]
    before, after = world.make_slot("2026-10-12"), world.make_slot("2026-10-15")
    kept, gone = world.book(before, child, family), world.book(after, child, family)
    assert (
        cancel_future(
            enrolment_id=gone.enrolment_id,
            since=world.day("2026-10-13"),
            reason="Fin d’inscription",
            now=now,
            actor=TOWN,
        )
        == 1
    )
    kept.refresh_from_db(), gone.refresh_from_db()
    assert (kept.status, gone.status, gone.is_charged) == ("CONFIRMED", "CANCELLED", False)


def test_sports_are_taken_for_the_whole_period_and_twice_is_harmless(now):
    judo = world.make_offering(
        "judo",
        name="Judo",
        kind="SPORT",
        mode="WHOLE_PERIOD",
        hours=("17:00", "18:00"),
        weekdays=(3,),
        capacity=1,
        product="séance",
    )
    open_slots(
        offering_ids=[judo.pk],
        first=world.day("2026-09-01"),
        last=world.day("2026-11-30"),
        now=now,
        actor=TOWN,
    )
    full = Slot.objects.get(day=world.day("2026-11-05"))
    queue(full, 1, 0)
    family = world.make_family()
    enrolment = world.enrol_all(family, judo)[0]
    got = book_whole_period(enrolment_id=enrolment.pk, channel="PORTAL", now=now, actor=TOWN)
    # Thursdays from 8 October, holidays left out: 8, 15, (5), 12, 19, 26 November.
    assert (got.booked, got.waiting) == (5, 1)
    again = book_whole_period(enrolment_id=enrolment.pk, channel="PORTAL", now=now, actor=TOWN)
    assert (again.booked, again.waiting) == (0, 0)
    for slot in Slot.objects.all():
        check(slot)


def test_agents_may_change_the_order_of_a_queue_with_a_reason_that_is_kept(now):
    slot = world.make_slot(capacity=0)
    _, (a, b, c) = queue(slot, 0, 3)
    with pytest.raises(BookingRefused):
        move_in_queue(booking_id=c.pk, before_id=a.pk, reason="", now=now, actor=TOWN)
    move_in_queue(booking_id=c.pk, before_id=a.pk, reason="Fratrie présente", now=now, actor=TOWN)
    order = list(slot.bookings.order_by("ordinal").values_list("pk", flat=True))
    assert order == [c.pk, a.pk, b.pk]
    assert "Fratrie présente" in Entry.objects.get(action="bookings.move_in_queue").summary
