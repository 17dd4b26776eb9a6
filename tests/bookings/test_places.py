"""Places counted on each level: the slot, its groups, what the town keeps, the adults, and what the
products of a day share. The service says no in time; the database, whoever writes."""

import itertools
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction

from preau.bookings import rules
from preau.bookings.errors import BookingRefused, SlotFull
from preau.bookings.models import Pool, Slot
from preau.bookings.queries import slots_between
from preau.bookings.services import (
    apply_offering,
    book_place,
    cancel_bookings,
    change_places,
    submit_planning,
)
from preau.kernel.actors import Actor
from tests.bookings import world

pytestmark = pytest.mark.django_db
TOWN = Actor(user_id=1, label="Samia Haddad", channel="COUNTER", is_agent=True)
YOUNG, OLD = 2022, 2016


def child_of(year):
    family = world.make_family(0, email=False)
    return family, world.add_child(family, "Lina", year)


def take(slot, year=OLD, *, actor=None, now):
    """One child of a new family asks for a place: the booking, or "full"."""
    family, child = child_of(year)
    enrolment = world.enrol(family, slot.offering, child)
    try:
        return book_place(
            slot_id=slot.pk,
            child_id=child.pk,
            family_id=family.pk,
            enrolment_id=enrolment.pk,
            channel="PORTAL",
            now=now,
            actor=actor or world.parent(family),
        )
    except SlotFull:
        return "full"


def send(slot, year=OLD, *, now):
    """The same by the planning: the outcome of the day."""
    family, child = child_of(year)
    world.enrol(family, slot.offering, child)
    sent = submit_planning(
        family_id=family.pk,
        add=[(slot.pk, child.pk)],
        key=world.key(),
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
    )
    return sent.receipt[0]["outcome"]


def refused(**counts):
    """Whether the database refuses these counts of the slot, written straight to its table."""

    def attempt(row):
        try:
            with transaction.atomic():
                type(row).objects.filter(pk=row.pk).update(**counts)
        except IntegrityError:
            return True
        return False

    return attempt


def test_a_group_has_places_of_its_own(now):
    slot = world.make_slot(capacity=10, young_capacity=1, old_capacity=2)
    assert take(slot, YOUNG, now=now).is_young
    assert [take(slot, YOUNG, now=now), send(slot, YOUNG, now=now)] == ["full", "WAITING"]
    assert [send(slot, OLD, now=now) for _ in range(3)] == ["CONFIRMED", "CONFIRMED", "WAITING"]
    slot.refresh_from_db()
    assert (slot.taken, slot.young_taken) == (3, 1)
    assert refused(taken=4, young_taken=2)(slot) and refused(taken=4)(slot)
    [row] = slots_between([slot.offering_id], slot.day, slot.day)
    assert (row.left(young=True), row.left(young=False)) == (0, 0)


def test_the_group_is_that_of_the_childs_age_on_the_day(now):
    family = world.make_family(0)
    child = world.add_child(family, "Lina", 2021)  # 6 on 12 March 2027
    world.enrol(family, world.make_offering(), child)
    before, after = world.make_slot("2027-03-11"), world.make_slot("2027-03-12")
    submit_planning(
        family_id=family.pk,
        add=[(before.pk, child.pk), (after.pk, child.pk)],
        key=world.key(),
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
    )
    assert [slot.bookings.get().is_young for slot in (before, after)] == [True, False]


def test_places_kept_are_given_by_agents_alone_and_go_back_where_they_were(now):
    slot = world.make_slot(capacity=3, kept=2)
    [row] = slots_between([slot.offering_id], slot.day, slot.day)
    assert row.left(young=False) == 1
    assert [send(slot, now=now), send(slot, now=now)] == ["CONFIRMED", "WAITING"]
    slot.refresh_from_db()
    assert refused(taken=2)(slot)  # a family in a place kept back
    given = take(slot, actor=TOWN, now=now)
    assert given.from_kept
    slot.refresh_from_db()
    assert (slot.taken, slot.kept) == (2, 1)
    # Taken back, it is kept again: nobody in the queue is offered it.
    cancel_bookings(bookings=[given], reason="x", channel="COUNTER", now=now, actor=TOWN)
    slot.refresh_from_db()
    assert (slot.taken, slot.kept) == (1, 2)
    assert list(slot.bookings.filter(status="OFFERED")) == []
    # Released by the town, it is offered at once.
    change_places(slot_ids=[slot.pk], changes={"kept": 1}, now=now, actor=TOWN)
    assert slot.bookings.filter(status="OFFERED").count() == 1


def test_an_agent_takes_what_is_free_before_what_is_kept(now):
    slot = world.make_slot(capacity=2, kept=1)
    assert [take(slot, actor=TOWN, now=now).from_kept for _ in range(2)] == [False, True]
    assert take(slot, actor=TOWN, now=now) == "full"


def test_adults_limit_the_places_the_lower_limit_rules(now):
    # Two adults, 8 under 6 or 12 from 6 on for each: one for the small ones, one for the others.
    slot = world.make_slot(capacity=40, adults=2, young_per_adult=8, old_per_adult=12)
    assert [send(slot, YOUNG, now=now) for _ in range(2)] == ["CONFIRMED"] * 2
    slot.refresh_from_db()
    assert rules.room(slot, young=False) == 12 and rules.room(slot, young=True) == 14
    Slot.objects.filter(pk=slot.pk).update(taken=14, young_taken=2)
    assert send(slot, OLD, now=now) == "WAITING"
    slot.refresh_from_db()
    assert slot.adults_needed == 2 and refused(taken=15)(slot)
    assert not refused(taken=15, young_taken=3)(slot)  # the small ones' adult still has room
    # An adult is ill: nobody is put out, the slot is over, nothing more is given.
    change_places(slot_ids=[slot.pk], changes={"adults": 1}, now=now, actor=TOWN)
    slot.refresh_from_db()
    assert slot.is_over and slot.taken == 15
    assert send(slot, YOUNG, now=now) == "WAITING"


def test_half_days_and_full_days_take_the_same_places(now):
    slots = world.make_centre(capacity=2)
    assert send(slots["day"], now=now) == "CONFIRMED"
    assert [send(slots["morning"], now=now) for _ in range(2)] == ["CONFIRMED", "WAITING"]
    # The afternoon has a place left, of which a full day cannot make use.
    assert send(slots["day"], now=now) == "WAITING"
    assert send(slots["afternoon"], now=now) == "CONFIRMED"
    pools = dict(Pool.objects.values_list("starts_at__hour", "taken"))
    assert pools == {8: 2, 13: 2}
    assert all(refused(taken=3)(pool) for pool in Pool.objects.all())
    # Straight to the slot's own counter: it has places, the moment it shares has none.
    assert all(refused(taken=slot.taken + 1)(slot) for slot in Slot.objects.filter(shares=True))
    rows = slots_between([slots["day"].offering_id], slots["day"].day, slots["day"].day)
    assert [row.left(young=False) for row in rows] == [0, 0, 0]


def test_a_shared_place_goes_to_who_waited_first_for_whatever_product(now):
    slots = world.make_centre(capacity=1)
    held = take(slots["day"], now=now)
    first, second = (child_of(OLD) for _ in range(2))
    for (family, child), name in ((first, "morning"), (second, "day")):
        world.enrol(family, slots[name].offering, child)
        submit_planning(
            family_id=family.pk,
            add=[(slots[name].pk, child.pk)],
            key=world.key(),
            channel="PORTAL",
            now=now,
            actor=world.parent(family),
        )
    cancel_bookings(bookings=[held], reason="x", channel="PORTAL", now=now, actor=TOWN)
    # The morning was asked first: it is offered, the full day still waits for its morning.
    statuses = {
        name: slot.bookings.last().status for name, slot in slots.items() if name != "afternoon"
    }
    assert statuses == {"morning": "OFFERED", "day": "WAITING"}
    ordinals = [slots[n].bookings.order_by("ordinal").last().ordinal for n in ("morning", "day")]
    assert ordinals == sorted(ordinals)


def test_from_the_full_day_to_the_morning_in_one_sending(now):
    # The last place: it is left and taken in the same statement.
    slots = world.make_centre(capacity=1)
    family, child = child_of(OLD)
    world.enrol(family, slots["day"].offering, child)
    booking = world.book(slots["day"], child, family)
    sent = submit_planning(
        family_id=family.pk,
        add=[(slots["morning"].pk, child.pk)],
        remove=[booking.pk],
        key=world.key(),
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
    )
    assert sorted(line["outcome"] for line in sent.receipt) == ["CANCELLED", "CONFIRMED"]
    assert dict(Pool.objects.values_list("starts_at__hour", "taken")) == {8: 1, 13: 0}


def test_what_a_product_keeps_is_kept_for_the_moments_that_it_shares(now):
    slots = world.make_centre(capacity=2)
    change_places(slot_ids=[slots["day"].pk], changes={"kept": 1}, now=now, actor=TOWN)
    assert set(Pool.objects.values_list("kept", flat=True)) == {1}
    assert [send(slots["morning"], now=now) for _ in range(2)] == ["CONFIRMED", "WAITING"]
    assert take(slots["day"], actor=TOWN, now=now).from_kept
    assert set(Pool.objects.values_list("kept", "taken")) == {(0, 2), (0, 1)}


def test_a_full_group_lets_the_other_pass_in_the_queue(now):
    slot = world.make_slot(capacity=3, young_capacity=1)
    held = [take(slot, year, now=now) for year in (YOUNG, OLD, OLD)]
    waiting = [send(slot, year, now=now) for year in (YOUNG, OLD)]
    assert waiting == ["WAITING"] * 2
    cancel_bookings(bookings=[held[1]], reason="x", channel="PORTAL", now=now, actor=TOWN)
    rows = slot.bookings.filter(status__in=("WAITING", "OFFERED")).order_by("ordinal")
    assert list(rows.values_list("is_young", "status")) == [(True, "WAITING"), (False, "OFFERED")]
    cancel_bookings(bookings=[held[0]], reason="x", channel="PORTAL", now=now, actor=TOWN)
    assert set(rows.values_list("status", flat=True)) == {"OFFERED"}


def test_places_of_a_day_are_set_together_and_those_who_wait_served(now):
    slots = world.make_centre(capacity=1)
    take(slots["day"], now=now)
    assert send(slots["morning"], now=now) == "WAITING"
    done = change_places(
        slot_ids=[slot.pk for slot in slots.values()],
        changes={"capacity": 3, "shared": 2, "young_capacity": 1, "adults": 4},
        now=now,
        actor=TOWN,
        reason="Renfort",
    )
    assert (done.slots, done.over, done.offered) == (3, 0, 1)
    assert set(Pool.objects.values_list("capacity", "young_capacity", "adults")) == {(2, 1, 4)}
    with pytest.raises(BookingRefused):
        change_places(slot_ids=[slots["day"].pk], changes={"capacity": -1}, now=now, actor=TOWN)


def test_less_is_kept_when_the_rest_is_taken_and_it_is_told(now):
    slot = world.make_slot(capacity=2)
    take(slot, now=now)
    done = change_places(slot_ids=[slot.pk], changes={"kept": 2}, now=now, actor=TOWN)
    slot.refresh_from_db()
    assert (done.less_kept, slot.kept) == (1, 1)


def test_slots_open_as_their_offering_says_and_follow_it_when_asked(now):
    slots = world.make_centre(capacity=4)
    offering = slots["day"].offering
    type(offering).objects.filter(pk=offering.pk).update(
        capacity=9, young_capacity=3, kept=2, adults=2, supervision="TERM"
    )
    done = apply_offering(
        offering_id=offering.pk, first=slots["day"].day, last=slots["day"].day, now=now, actor=TOWN
    )
    assert done.slots == 3
    # The full day lasts more than five hours: one adult for 8, and for 12.
    got = set(
        Slot.objects.values_list(
            "capacity", "young_capacity", "kept", "young_per_adult", "old_per_adult"
        )
    )
    assert got == {(9, 3, 2, 8, 12)}
    assert set(Pool.objects.values_list("capacity", "kept", "adults")) == {(9, 4, 2)}


def test_the_rule_is_the_same_in_python_and_in_the_database():
    names = (
        "capacity",
        "kept",
        "taken",
        "young_taken",
        "young_capacity",
        "old_capacity",
        "adults",
        "young_per_adult",
        "old_per_adult",
    )
    cases = list(
        itertools.product(
            (10,), (0, 3), (0, 6, 12), (0, 4), (None, 5), (None, 2), (None, 2), (None, 3), (None, 5)
        )
    )
    with connection.cursor() as cursor:
        for case, young in itertools.product(cases, (True, False)):
            cursor.execute(f"SELECT bookings_room({', '.join(['%s'] * 10)})", [young, *case])
            counter = SimpleNamespace(**dict(zip(names, case, strict=True)))
            assert cursor.fetchone()[0] == rules.room(counter, young=young), (young, case)
