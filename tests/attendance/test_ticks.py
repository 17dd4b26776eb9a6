"""Tablets: once and only once, the same sheet in any order, every tick kept."""

import datetime as dt
import itertools
import uuid

import pytest
from django.db.utils import Error as DatabaseError

from preau.attendance.enums import AttendanceSource, TickOutcome
from preau.attendance.models import Attendance, Tick
from preau.attendance.onsite import ratio_of, site_day
from preau.attendance.services import (
    Mark,
    add_duty,
    close_sheet,
    copy_week_before,
    issue_card,
    receive_ticks,
    record_presences,
    save_groups,
    set_absent,
)
from preau.audit.models import Entry
from preau.kernel.ticks import TickData
from tests.bookings import world

pytestmark = pytest.mark.django_db
EVENING = world.instant("2026-10-06T18:30")


def at(clock):
    return world.instant(f"2026-10-06T{clock}")


@pytest.fixture
def slot():
    return world.make_slot("2026-10-06")


@pytest.fixture
def site_actor():
    return world.agent(world.make_agent("SITE_MANAGER", world.make_site()))


@pytest.fixture
def child(slot):
    family = world.make_family()
    found = world.children_of(family)[0]
    world.book(slot, found, family)
    return found


def say(slot, child, act, clock, **more):
    return TickData(
        key=more.pop("key", uuid.uuid4()),
        slot_id=slot.pk,
        act=act,
        at=at(clock),
        child_id=child.pk if child else None,
        **more,
    )


def send(actor, slot, *ticks, now=EVENING, skew=dt.timedelta(0)):
    return receive_ticks(
        ticks=ticks,
        slot_ids=frozenset([slot.pk]),
        sent_at=now - skew,
        device="A",
        now=now,
        actor=actor,
    )


def row_of(slot, child):
    row = Attendance.objects.filter(slot=slot, child=child).first()
    return (row.presence, row.arrived_at, row.left_at) if row else None


def test_the_same_tick_twice_is_one(slot, child, site_actor):
    tick = say(slot, child, "PRESENT", "16:35")
    first = send(site_actor, slot, tick)
    again = send(site_actor, slot, tick, now=EVENING + dt.timedelta(minutes=5))
    assert first == again
    assert Tick.objects.count() == 1
    assert row_of(slot, child) == ("PRESENT", at("16:35"), None)


def test_any_order_gives_the_same_sheet(slot, child, site_actor):
    acts = [
        ("PRESENT", "16:40"),
        ("PRESENT", "16:35"),
        ("ABSENT", "17:00"),
        ("LEFT", "18:10"),
        ("LEFT", "16:30"),
    ]
    ends = set()
    for order in itertools.permutations(acts):
        Attendance.objects.all().delete()
        with _forgetting_ticks():
            for act, clock in order:
                send(site_actor, slot, say(slot, child, act, clock))
            ends.add(row_of(slot, child))
    assert ends == {("PRESENT", at("16:35"), at("18:10"))}


def _forgetting_ticks():
    import contextlib

    import pgtrigger

    @contextlib.contextmanager
    def inner():
        yield
        with pgtrigger.ignore("attendance.Tick:append_only"):
            Tick.objects.all().delete()

    return inner()


def test_ticks_are_never_changed(slot, child, site_actor):
    send(site_actor, slot, say(slot, child, "PRESENT", "16:35"))
    with pytest.raises(DatabaseError):
        Tick.objects.update(outcome="KEPT")


def test_taking_back_leaves_what_the_other_tablet_said(slot, child, site_actor):
    mine, theirs = say(slot, child, "PRESENT", "16:30"), say(slot, child, "PRESENT", "16:35")
    send(site_actor, slot, mine)
    kept = send(site_actor, slot, theirs)[0]
    assert kept.outcome == TickOutcome.KEPT and "plus tôt" in kept.sentence
    send(site_actor, slot, say(slot, child, "UNDO", "16:36", undoes=mine.key))
    assert row_of(slot, child) == ("PRESENT", at("16:35"), None)
    send(site_actor, slot, say(slot, child, "UNDO", "16:37", undoes=theirs.key))
    assert row_of(slot, child) is None
    # The undoing came before what it undoes.
    late = say(slot, child, "PRESENT", "16:50")
    send(site_actor, slot, say(slot, child, "UNDO", "16:51", undoes=late.key))
    assert send(site_actor, slot, late)[0].outcome == TickOutcome.KEPT
    assert row_of(slot, child) is None


def test_presence_beats_the_closing_and_leaves_a_trace(slot, child, site_actor):
    close_sheet(slot_id=slot.pk, now=at("18:00"), actor=site_actor)
    assert row_of(slot, child)[0] == "ABSENT"
    send(site_actor, slot, say(slot, child, "PRESENT", "16:35"))
    assert row_of(slot, child)[0] == "PRESENT"
    assert Entry.objects.filter(action="attendance.correct").count() == 1


def test_a_correction_by_hand_wins_over_what_was_earlier(slot, child, site_actor):
    record_presences(
        slot_id=slot.pk,
        marks=[Mark(child.pk, "ABSENT")],
        now=at("17:30"),
        actor=site_actor,
        source=AttendanceSource.HAND,
    )
    answer = send(site_actor, slot, say(slot, child, "PRESENT", "16:35"))[0]
    assert answer.outcome == TickOutcome.KEPT and "main" in answer.sentence
    assert row_of(slot, child)[0] == "ABSENT"
    send(site_actor, slot, say(slot, child, "PRESENT", "17:45"))
    assert row_of(slot, child)[:2] == ("PRESENT", at("17:45"))


def test_cards_walk_ins_wrong_clocks_and_other_slots(slot, site_actor):
    family = world.make_family()
    child = world.children_of(family)[0]
    card = issue_card(child_id=child.pk, family_id=family.pk, now=at("08:00"), actor=site_actor)
    answer = send(site_actor, slot, say(slot, None, "PRESENT", "16:35", code=card.code))[0]
    assert (answer.outcome, answer.child_id) == ("APPLIED", child.pk)
    row = Attendance.objects.get()
    assert row.is_walk_in and row.family_id == family.pk and row.source == "CARD"
    unknown = send(site_actor, slot, say(slot, None, "PRESENT", "16:36", code="XXXX"))[0]
    assert unknown.outcome == "REFUSED" and Tick.objects.get(key=unknown.key).child_id is None
    # A tablet ten minutes fast: its instants move back by ten minutes.
    send(
        site_actor,
        slot,
        say(slot, child, "LEFT", "18:10"),
        skew=-dt.timedelta(minutes=10),
    )
    row.refresh_from_db()
    assert row.left_at == at("18:00")
    other = world.make_slot("2026-10-08")
    assert send(site_actor, slot, say(other, child, "PRESENT", "16:35"))[0].outcome == "REFUSED"
    yesterday = world.make_slot("2026-10-05")
    bad = receive_ticks(
        ticks=[say(yesterday, child, "PRESENT", "16:35")],
        slot_ids=frozenset([yesterday.pk]),
        sent_at=EVENING,
        now=EVENING,
        actor=site_actor,
    )[0]
    assert bad.outcome == "REFUSED" and "jour" in bad.sentence


def test_adults_groups_and_the_ratio(slot, child, site_actor):
    site_id = slot.offering.establishment_id
    slot.young_per_adult, slot.old_per_adult = 10, 14
    slot.save(update_fields=["young_per_adult", "old_per_adult"])
    who = {"establishment_id": site_id, "now": EVENING, "actor": site_actor}
    save_groups(groups=[("Petits", 3, 5), ("Grands", 6, 12)], **who)
    duty = add_duty(
        day=slot.day, name="Léa Petit", starts_at=dt.time(16), ends_at=dt.time(19), **who
    )
    send(site_actor, slot, say(slot, child, "PRESENT", "16:35"))
    day = site_day(site_id, slot.day)
    ratio = ratio_of(day.slots[0], day.adults_at(dt.time(17)))
    assert (ratio.children, ratio.adults, ratio.needed, ratio.is_short) == (1, 1, 1, False)
    set_absent(duty_id=duty.pk, is_absent=True, **who)
    day = site_day(site_id, slot.day)
    assert ratio_of(day.slots[0], day.adults_at(dt.time(17))).is_short
    assert copy_week_before(day=slot.day + dt.timedelta(days=7), **who) == 1
    assert copy_week_before(day=slot.day + dt.timedelta(days=7), **who) == 0
