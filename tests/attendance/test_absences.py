"""Absences reported ahead or after: what is freed, what stays due, what an agent decides."""

import pytest

from preau.attendance.errors import AbsenceRefused
from preau.attendance.models import AbsenceReport, Attendance
from preau.attendance.queries import sheet
from preau.attendance.services import justify_absence, preview_absence, report_absence
from preau.bookings.models import Booking
from preau.messaging.models import Message
from tests.bookings import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def family():
    return world.make_family(2)


def tell(family, now, first="2026-10-15", last=None, **more):
    fields = {
        "family_id": family.pk,
        "child_id": world.children_of(family)[0].pk,
        "starts_on": world.day(first),
        "ends_on": world.day(last or first),
        "reason": "ILLNESS",
        "channel": "PORTAL",
        "now": now,
        "actor": world.parent(family),
    }
    return report_absence(**(fields | more))


def test_in_time_the_booking_is_freed_and_the_next_child_gets_the_place(family, now):
    lina, noe = world.children_of(family)
    slot = world.make_slot(capacity=1)
    mine = world.book(slot, lina, family)
    next_one = world.book(slot, noe, family, status="WAITING")
    absence = tell(family, now)
    mine.refresh_from_db(), next_one.refresh_from_db()
    assert (mine.status, mine.is_charged, next_one.status) == ("CANCELLED", False, "OFFERED")
    assert absence.effects[0]["freed"] and "rien n’est dû" in absence.effects[0]["sentence"]
    assert Message.objects.filter(subject=f"Absence notée, {absence.reference}").count() == 1
    found = sheet(slot.pk, slot.day)
    assert found.rows == []
    assert [report.child for report in found.announced] == [lina], "the site still knows"


def test_after_the_start_the_booking_stays_and_the_rules_or_the_service_say(family, now):
    lina = world.children_of(family)[0]
    past = world.book(world.make_slot("2026-10-05"), lina, family)
    absence = tell(family, now, "2026-10-05")
    past.refresh_from_db()
    assert past.status == "CONFIRMED"
    assert not absence.effects[0]["freed"]


def test_a_preview_writes_nothing_and_says_the_same(family, now):
    lina = world.children_of(family)[0]
    world.book(world.make_slot(), lina, family)
    fields = {
        "family_id": family.pk,
        "child_id": lina.pk,
        "starts_on": world.day("2026-10-15"),
        "ends_on": world.day("2026-10-15"),
        "reason": "ILLNESS",
        "now": now,
    }
    seen = preview_absence(**fields)
    assert Booking.objects.get().status == "CONFIRMED"
    assert tell(family, now).effects[0]["sentence"] == seen[0].sentence


def test_twice_with_one_key_is_one_report_and_the_same_days_again_are_refused(family, now):
    key = world.key()
    first = tell(family, now, "2026-10-12", "2026-10-16", key=key)
    assert tell(family, now, "2026-10-12", "2026-10-16", key=key).pk == first.pk
    with pytest.raises(AbsenceRefused, match=first.reference):
        tell(family, now, "2026-10-13")


@pytest.mark.parametrize(
    ("first", "last", "word"),
    [
        ("2026-10-16", "2026-10-15", "avant"),
        ("2026-06-01", "2026-06-02", "deux mois"),
        ("2026-10-16", "2027-03-15", "trois mois"),
        ("2028-10-16", "2028-10-16", "un an"),
    ],
)
def test_dates_that_make_no_sense(family, now, first, last, word):
    with pytest.raises(AbsenceRefused, match=word):
        tell(family, now, first, last)


def test_another_familys_child_is_refused(family, now):
    stranger = world.children_of(world.make_family())[0]
    with pytest.raises(AbsenceRefused):
        tell(family, now, child_id=stranger.pk)
    assert not AbsenceReport.objects.exists()


def test_an_agent_justifies_or_not_with_a_reason_and_recorded_days_follow(family, now):
    lina = world.children_of(family)[0]
    slot = world.make_slot("2026-10-05")
    world.book(slot, lina, family)
    row = Attendance.objects.create(
        slot=slot, child=lina, family=family, presence="ABSENT", recorded_at=now
    )
    absence = tell(family, now, "2026-10-05")
    agent = world.agent(world.make_agent())
    with pytest.raises(AbsenceRefused):
        justify_absence(report_id=absence.pk, justified=False, now=now, actor=agent)
    justify_absence(report_id=absence.pk, justified=True, now=now, actor=agent)
    row.refresh_from_db(), absence.refresh_from_db()
    assert row.is_justified is True and absence.status == "JUSTIFIED"
    assert Message.objects.filter(subject__endswith="justifiée").exists()
