"""The sheet of a slot: present, absent, walk-ins, closing, corrections with a trace."""

import datetime as dt

import pytest

from preau.attendance.errors import AttendanceRefused, NotExpected
from preau.attendance.models import AbsenceReport, Attendance
from preau.attendance.queries import counts_of, sheet
from preau.attendance.services import (
    Mark,
    close_sheet,
    mark_all_present,
    record_presences,
    remove_walk_in,
)
from preau.audit.models import Entry
from tests.bookings import world

pytestmark = pytest.mark.django_db
NINE = dt.time(9, 0)


@pytest.fixture
def site_actor():
    return world.agent(world.make_agent("SITE_MANAGER", world.make_site()))


@pytest.fixture
def slot():
    return world.make_slot("2026-10-06")


@pytest.fixture
def children(slot):
    families = [world.make_family() for _ in range(3)]
    found = [world.children_of(f)[0] for f in families]
    for child, family in zip(found, families, strict=True):
        world.book(slot, child, family)
    return found


def report(child, family_id, reason="ILLNESS", **more):
    return AbsenceReport.objects.create(
        reference=f"A-{child.pk}",
        child=child,
        family_id=family_id,
        starts_on="2026-10-06",
        ends_on="2026-10-06",
        reason=reason,
        reported_at=world.NOW,
        channel="PORTAL",
        **more,
    )


def test_present_absent_and_hours_may_be_written_again(slot, children, site_actor, now):
    a, b, _ = children
    record_presences(
        slot_id=slot.pk,
        now=now,
        actor=site_actor,
        marks=[
            Mark(a.pk, "PRESENT", arrived=dt.time(11, 40)),
            Mark(b.pk, "ABSENT"),
        ],
    )
    record_presences(
        slot_id=slot.pk,
        now=now,
        actor=site_actor,
        marks=[
            Mark(a.pk, "PRESENT", left=dt.time(13, 30)),
            Mark(b.pk, "PRESENT"),
        ],
    )
    row = Attendance.objects.get(child=a)
    assert row.arrived_at == world.instant("2026-10-06T11:40")
    assert row.left_at == world.instant("2026-10-06T13:30")
    found = sheet(slot.pk, slot.day)
    assert found.counts == {
        "expected": 3,
        "present": 1,
        "left": 1,
        "absent": 0,
        "away": 0,
        "walk_in": 0,
        "todo": 1,
    }
    with pytest.raises(AttendanceRefused, match="avant"):
        record_presences(
            slot_id=slot.pk,
            now=now,
            actor=site_actor,
            marks=[
                Mark(a.pk, "PRESENT", left=dt.time(8, 0)),
            ],
        )


def test_a_child_who_is_not_expected_needs_a_yes(slot, site_actor, now):
    family = world.make_family()
    child = world.children_of(family)[0]
    marks = [Mark(child.pk, "PRESENT")]
    with pytest.raises(NotExpected):
        record_presences(slot_id=slot.pk, marks=marks, now=now, actor=site_actor)
    record_presences(slot_id=slot.pk, marks=marks, now=now, actor=site_actor, walk_in=True)
    row = Attendance.objects.get()
    assert (row.is_walk_in, row.family_id) == (True, family.pk)
    remove_walk_in(slot_id=slot.pk, child_id=child.pk, now=now, actor=site_actor)
    assert not Attendance.objects.exists()


def test_a_shared_child_who_walks_in_is_billed_to_the_home_of_the_week(slot, site_actor, now):
    even, odd = world.make_family(0), world.make_family(0)
    child = world.add_child(odd, "Adam", weeks="ODD")
    child.custodies.create(family=even, weeks="EVEN", starts_on=dt.date(2020, 1, 1))
    record_presences(
        slot_id=slot.pk, marks=[Mark(child.pk, "PRESENT")], now=now, actor=site_actor, walk_in=True
    )
    assert Attendance.objects.get().family_id == odd.pk  # 6 October 2026 is in week 41


def test_all_present_leaves_out_who_is_known_or_reported_away(slot, children, site_actor, now):
    a, b, c = children
    record_presences(slot_id=slot.pk, marks=[Mark(a.pk, "ABSENT")], now=now, actor=site_actor)
    report(b, world.Custody.objects.get(child=b).family_id)
    assert mark_all_present(slot_id=slot.pk, now=now, actor=site_actor) == 1
    assert dict(Attendance.objects.values_list("child", "presence")) == {
        a.pk: "ABSENT",
        c.pk: "PRESENT",
    }
    assert sheet(slot.pk, slot.day).counts["away"] == 1


def test_closing_marks_the_rest_absent_and_later_changes_leave_a_trace(
    slot, children, site_actor, now
):
    a, b, c = children
    report(c, world.Custody.objects.get(child=c).family_id, status="JUSTIFIED")
    record_presences(slot_id=slot.pk, marks=[Mark(a.pk, "PRESENT")], now=now, actor=site_actor)
    first = close_sheet(slot_id=slot.pk, now=now, actor=site_actor)
    assert close_sheet(slot_id=slot.pk, now=now, actor=site_actor).pk == first.pk
    assert dict(Attendance.objects.values_list("child", "is_justified")) == {
        a.pk: None,
        b.pk: None,
        c.pk: True,
    }
    assert counts_of([slot.pk])[slot.pk].is_closed
    assert not Entry.objects.filter(action="attendance.correct").exists()

    record_presences(
        slot_id=slot.pk,
        marks=[Mark(b.pk, "PRESENT", arrived=dt.time(11, 50))],
        now=now,
        actor=site_actor,
    )
    trace = Entry.objects.get(action="attendance.correct")
    assert trace.summary == (
        "Pointage corrigé après clôture : absent → présent, arrivé à 11\u00a0h\u00a050"
    )


def test_a_day_to_come_is_neither_recorded_nor_closed(site_actor, now):
    slot = world.make_slot("2026-10-15")
    with pytest.raises(AttendanceRefused):
        close_sheet(slot_id=slot.pk, now=now, actor=site_actor)
    with pytest.raises(AttendanceRefused):
        record_presences(slot_id=slot.pk, marks=[], now=now, actor=site_actor)
