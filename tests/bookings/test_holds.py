"""Places held while a family checks: theirs for a time, on any device, then free again."""

from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from preau.bookings.models import Booking, Hold
from preau.bookings.services import (
    cancel_slots,
    expire_holds,
    hold_places,
    preview_planning,
    release_holds,
    save_terms,
    submit_planning,
)
from preau.kernel.actors import Actor
from tests.bookings import world

pytestmark = pytest.mark.django_db
TOWN = Actor(user_id=1, label="Samia Haddad", channel="COUNTER", is_agent=True)
LATER = timedelta(minutes=16)


@pytest.fixture
def slot():
    return world.make_slot(capacity=1)


def home(slot):
    family = world.make_family(1, email=False)
    world.enrol_all(family, slot.offering)
    return family, world.children_of(family)[0]


def hold(who, slots, now):
    family, child = who
    return hold_places(
        family_id=family.pk,
        add=[(slot.pk, child.pk) for slot in slots],
        now=now,
        actor=world.parent(family),
    )


def send(who, slots, now, **more):
    family, child = who
    return submit_planning(
        family_id=family.pk,
        add=[(slot.pk, child.pk) for slot in slots],
        key=world.key(),
        channel="PORTAL",
        now=now,
        actor=world.parent(family),
        **more,
    ).receipt


def taken(slot):
    slot.refresh_from_db()
    return slot.taken


def test_a_held_place_is_its_familys_and_nobody_elses(slot, now):
    ours, theirs = home(slot), home(slot)
    held = hold(ours, [slot], now)
    assert held.until == now + timedelta(minutes=15) and len(held.lines) == 1
    assert taken(slot) == 1 and not Booking.objects.exists()
    [line] = send(theirs, [slot], now)
    assert (line["outcome"], line["rank"]) == ("WAITING", 1)
    [line] = send(ours, [slot], now)
    assert line["outcome"] == "CONFIRMED" and taken(slot) == 1 and not Hold.objects.exists()
    # The ordinal is that of the moment when it was held: who waits is after.
    rows = list(slot.bookings.order_by("ordinal").values_list("status", flat=True))
    assert rows == ["CONFIRMED", "WAITING"]


def test_the_recap_knows_what_is_held_from_whatever_device(slot, now):
    family, child = ours = home(slot)
    hold(ours, [slot], now)
    [line] = preview_planning(
        family_id=family.pk, add=[(slot.pk, child.pk)], now=now, actor=world.parent(family)
    )
    assert (line.outcome, line.held) == ("CONFIRMED", True)
    assert Hold.objects.count() == 1


def test_after_its_time_the_place_goes_to_who_waits(slot, now):
    ours, theirs = home(slot), home(slot)
    hold(ours, [slot], now)
    send(theirs, [slot], now)
    assert expire_holds(now=now) == 0
    assert expire_holds(now=now + LATER) == 1
    assert slot.bookings.get().status == "OFFERED" and taken(slot) == 1
    [line] = send(ours, [slot], now + LATER)
    assert line["outcome"] == "WAITING"


def test_whoever_comes_after_its_time_takes_it_without_waiting_for_the_job(slot, now):
    hold(home(slot), [slot], now)
    [line] = send(home(slot), [slot], now + LATER)
    assert line["outcome"] == "CONFIRMED" and not Hold.objects.exists() and taken(slot) == 1


def test_a_late_family_keeps_what_nobody_took_back(slot, now):
    ours = home(slot)
    hold(ours, [slot], now)
    [line] = send(ours, [slot], now + LATER)
    assert line["outcome"] == "CONFIRMED" and taken(slot) == 1


def test_holding_again_keeps_the_rank_and_gives_back_what_is_asked_no_more(slot, now):
    other = world.make_slot("2026-10-16", capacity=1)
    ours = home(slot)
    hold(ours, [slot, other], now)
    held = Hold.objects.get(slot=slot)
    hold(ours, [slot], now + timedelta(minutes=10))
    again = Hold.objects.get()
    assert (again.pk, again.ordinal) == (held.pk, held.ordinal)
    assert again.expires_at == now + timedelta(minutes=25)
    assert (taken(slot), taken(other)) == (1, 0)
    # A sending without it gives it back too.
    send(ours, [other], now)
    assert (taken(slot), taken(other)) == (0, 1) and not Hold.objects.exists()


def test_giving_up_gives_back_at_once(slot, now):
    family, _child = ours = home(slot)
    hold(ours, [slot], now)
    assert release_holds(family_id=family.pk, user_id=world.user_of(family).pk, now=now) == 1
    assert taken(slot) == 0


def test_a_day_cancelled_by_the_town_is_held_no_more(slot, now):
    ours = home(slot)
    hold(ours, [slot], now)
    cancel_slots(slot_ids=[slot.pk], reason="Grève", now=now, actor=TOWN)
    assert taken(slot) == 0 and not Hold.objects.exists()
    [line] = send(ours, [slot], now)
    assert line["outcome"] == "REFUSED"


def test_what_is_not_allowed_is_not_held(slot, now):
    stranger = world.make_family(1), None
    child = world.children_of(stranger[0])[0]  # not enrolled
    assert hold((stranger[0], child), [slot], now).until is None and taken(slot) == 0
    past = world.make_slot("2026-10-05")
    assert hold(home(past), [past], now).until is None


def test_the_town_sets_the_minutes_and_may_hold_nothing(slot, now):
    save_terms(hold_minutes=5, offer_hours=24, now=now, actor=TOWN)
    assert hold(home(slot), [slot], now).until == now + timedelta(minutes=5)
    save_terms(hold_minutes=0, offer_hours=24, now=now, actor=TOWN)
    assert hold(home(slot), [slot], now).until is None


def test_a_job_gives_back_at_the_time(slot, now):
    hold(home(slot), [slot], now)
    [job] = ProcrastinateJob.objects.filter(task_name="bookings.expire_holds_of")
    assert job.scheduled_at == now + timedelta(minutes=15)


def test_shared_places_are_held_for_all_the_products(now):
    slots = world.make_centre(capacity=1)
    hold(home(slots["day"]), [slots["day"]], now)
    [line] = send(home(slots["morning"]), [slots["morning"]], now)
    assert line["outcome"] == "WAITING"
