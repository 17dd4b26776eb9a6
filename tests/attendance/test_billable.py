"""What billing reads: places held, given up too late, children who came without booking."""

import pytest
from django.db import connection

from preau.attendance.models import AbsenceReport, Attendance
from preau.attendance.queries import billable_days
from preau.bookings.models import Slot
from tests.bookings import world

pytestmark = pytest.mark.django_db
OCTOBER = (world.day("2026-10-01"), world.day("2026-10-31"))


def days(slot):
    return list(billable_days(*OCTOBER, [slot.offering.activity_id]))


def test_each_kind_of_day_once(now):
    slot = world.make_slot("2026-10-06")
    held, late, gone, came, not_there, absent = (world.make_family() for _ in range(6))
    child = {f.pk: world.children_of(f)[0] for f in (held, late, gone, came, not_there, absent)}
    world.book(slot, child[held.pk], held, surcharge_cents=250)
    world.book(slot, child[late.pk], late, status="CANCELLED", cancelled_at=now)
    world.book(slot, child[gone.pk], gone, status="CANCELLED", cancelled_at=now, is_charged=False)
    world.book(slot, child[absent.pk], absent)
    Attendance.objects.create(
        slot=slot,
        child=child[came.pk],
        family=came,
        presence="PRESENT",
        is_walk_in=True,
        recorded_at=now,
    )
    Attendance.objects.create(
        slot=slot,
        child=child[not_there.pk],
        family=not_there,
        presence="ABSENT",
        is_walk_in=True,
        recorded_at=now,
    )
    Attendance.objects.create(
        slot=slot,
        child=child[absent.pk],
        family=absent,
        presence="ABSENT",
        is_justified=True,
        recorded_at=now,
    )
    AbsenceReport.objects.create(
        reference="A-1",
        child=child[absent.pk],
        family=absent,
        starts_on=slot.day,
        ends_on=slot.day,
        reason="ILLNESS",
        status="JUSTIFIED",
        reported_at=now,
        channel="PORTAL",
    )
    found = {row.family_id: row for row in days(slot)}
    assert set(found) == {held.pk, late.pk, came.pk, absent.pk}
    assert (found[held.pk].status, found[held.pk].surcharge_cents) == ("CONFIRMED", 250)
    assert found[late.pk].status == "CANCELLED" and found[late.pk].cancelled_at == now
    assert found[came.pk].is_walk_in and found[came.pk].status == ""
    assert found[absent.pk].presence == "ABSENT" and found[absent.pk].is_justified
    assert found[absent.pk].absence_reason == "ILLNESS"
    assert (found[held.pk].activity, found[held.pk].product) == ("cantine", "repas")


def test_cancelled_slots_and_other_activities_are_left_out(now):
    slot = world.make_slot("2026-10-06")
    family = world.make_family()
    world.book(slot, world.children_of(family)[0], family)
    assert list(billable_days(*OCTOBER, [slot.offering.activity_id + 1])) == []
    Slot.objects.update(status="CANCELLED")
    assert days(slot) == []


def test_booked_again_after_a_late_cancellation_counts_once(now):
    slot = world.make_slot("2026-10-06")
    family = world.make_family()
    child = world.children_of(family)[0]
    world.book(slot, child, family, status="CANCELLED", cancelled_at=now)
    world.book(slot, child, family)
    assert [row.status for row in days(slot)] == ["CONFIRMED"]


@pytest.mark.slow
def test_a_towns_month_is_read_whole_in_one_statement(now, django_assert_num_queries):
    """52,800 bookings (3,300 children × 16 days), most of them recorded."""
    offering = world.make_offering(capacity=9000)
    family = world.make_family()
    child = world.children_of(family)[0]
    world.enrol(family, offering, child)
    for n in range(1, 17):
        world.make_slot(f"2026-10-{n:02d}", capacity=9000, offering=offering)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO families_child (last_name, usage_name, first_name, birth_on, sex, diet, "
            "has_pai, search_key, former_code, created_at) "
            "SELECT 'Nom' || g, '', 'Prénom', '2018-01-01', 'F', "
            "'STANDARD', false, 'nom' || g, '', now() FROM generate_series(1, 3300) g"
        )
        cursor.execute(
            "INSERT INTO enrolments_enrolment (child_id, family_id, offering_id, starts_on, "
            "ends_on, status, channel, created_at, ended_reason) SELECT c.id, %s, %s, "
            "'2026-09-01', '2027-07-02', 'ACTIVE', 'PORTAL', now(), '' FROM families_child c "
            "WHERE c.id <> %s",
            [family.pk, offering.pk, child.pk],
        )
        cursor.execute(
            "INSERT INTO bookings_booking (slot_id, child_id, family_id, enrolment_id, status, "
            "ordinal, channel, booked_at, surcharge_cents, decision_sentence, cancelled_channel, "
            "cancel_reason, is_charged) SELECT s.id, e.child_id, e.family_id, e.id, 'CONFIRMED', "
            "1, 'PORTAL', now(), 0, '', '', '', true "
            "FROM bookings_slot s, enrolments_enrolment e WHERE e.child_id <> %s",
            [child.pk],
        )
        cursor.execute(
            "INSERT INTO attendance_attendance (slot_id, child_id, family_id, presence, "
            "is_walk_in, source, recorded_at) SELECT slot_id, child_id, family_id, 'PRESENT', "
            "false, 'SHEET', now() FROM bookings_booking WHERE child_id % 20 <> 0"
        )
        cursor.execute("ANALYZE")
    with django_assert_num_queries(1):
        count = sum(1 for _ in billable_days(*OCTOBER, [offering.activity_id]))
    assert count == 52_800
