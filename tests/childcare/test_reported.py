"""The general «Signaler une absence» reaches the crèche contracts, by the same rules as the month.

October as in `test_month`: ill from the 12th to the 19th, 12 and 13 stay due, 15 and 19 are given
back with a certificate.
"""

import datetime as dt

import pytest

from preau.attendance import services as attendance
from preau.attendance.errors import AbsenceRefused
from preau.childcare.models import Absence
from preau.childcare.monthly import reckon
from preau.childcare.queries import expected_on
from preau.kernel.enums import Channel
from tests.childcare.world import PARENT, came, close_site, day, make_world, sign

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 10, 12, 5, 10, tzinfo=dt.UTC)


@pytest.fixture
def world():
    world = make_world()
    close_site(world.site, "2026-12-24", "2026-12-31")
    world.contract = sign(world)
    return world


def asked(world, reason="ILLNESS", first="2026-10-12", last="2026-10-19"):
    return {
        "family_id": world.family.pk,
        "child_id": world.baby.pk,
        "starts_on": day(first),
        "ends_on": day(last),
        "reason": reason,
        "now": AT,
    }


def report(world, **more):
    return attendance.report_absence(
        **(asked(world) | {"channel": Channel.PORTAL, "actor": PARENT} | more)
    )


def test_what_it_changes_is_said_before_and_is_what_the_month_deducts(world, settings):
    without = attendance.preview_absence(**asked(world))
    assert [(e.day[-2:], e.charged) for e in without] == [
        ("12", True),
        ("13", True),
        ("15", True),
        ("19", True),
    ]
    assert "certificat" in without[0].sentence and without[0].activity == "Crèche des Lilas"
    proved = attendance.preview_absence(**asked(world), has_document=True)
    assert [e.charged for e in proved] == [True, True, False, False]

    sent = report(world)
    absence = Absence.objects.get()
    assert (absence.contract_id, absence.report_id) == (world.contract.pk, sent.pk)
    (row,) = expected_on([world.site.pk], day("2026-10-13"))
    assert row.state == "away" and row.absence.get_reason_display() == "maladie"
    (before,) = reckon([world.contract], day("2026-10-01"))
    assert before.cents == 16_275, "no certificate: nothing is given back"
    # The agent finds it justified: the crèche follows; then changes his mind.
    attendance.justify_absence(report_id=sent.pk, justified=True, now=AT, actor=PARENT)
    (after,) = reckon([world.contract], day("2026-10-01"))
    assert after.cents == 16_275 - 2_790
    attendance.justify_absence(
        report_id=sent.pk, justified=False, comment="Illisible.", now=AT, actor=PARENT
    )
    (again,) = reckon([world.contract], day("2026-10-01"))
    assert again.cents == 16_275


def test_a_hospital_counts_from_the_first_day_and_what_the_creche_knows_is_not_told_twice(world):
    came(world.contract, "2026-10-12")
    found = attendance.preview_absence(**asked(world, "HOSPITAL"))
    assert [(e.day[-2:], e.charged) for e in found] == [
        ("13", False),
        ("15", False),
        ("19", False),
    ]
    report(world, reason="HOSPITAL")
    report(world, reason="HOSPITAL", starts_on=day("2026-10-05"), ends_on=day("2026-10-13"))
    assert Absence.objects.count() == 2
    with pytest.raises(AbsenceRefused):
        report(world, reason="HOSPITAL", starts_on=day("2026-10-13"), ends_on=day("2026-10-15"))


def test_leave_is_for_a_contract_alone(world):
    planned = attendance.preview_absence(**asked(world, "LEAVE", "2026-10-26", "2026-10-30"))
    assert [e.charged for e in planned] == [False, False, False]
    with pytest.raises(AbsenceRefused, match="contrat"):
        attendance.preview_absence(
            **asked(world, "LEAVE") | {"child_id": world.elder.pk},
        )
