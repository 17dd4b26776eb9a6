"""Places under the demonstration's rulebook: prices, deadlines, absences, in the same words."""

from pathlib import Path

import pytest

from preau.attendance.services import preview_absence, report_absence
from preau.bookings.models import Booking
from preau.bookings.services import submit_planning
from preau.kernel.actors import Actor
from preau.rulebook.services import publish, save_draft
from tests.bookings import world

pytestmark = pytest.mark.django_db
RULES = Path(__file__).parents[2] / "examples" / "rulebooks" / "demo.yaml"


@pytest.fixture
def family(now):
    draft = save_draft(text=RULES.read_text(encoding="utf-8"), now=now, actor=Actor.system())
    publish(version_id=draft.pk, now=now, actor=Actor.system())
    canteen = world.make_offering()
    family = world.make_family(3)
    world.set_quotient(family, 812)
    world.enrol_all(family, canteen)
    return family


def send(family, at, **what):
    return submit_planning(
        family_id=family.pk,
        key=world.key(),
        channel="PORTAL",
        now=world.instant(at),
        actor=world.parent(family),
        **what,
    ).receipt


def test_each_day_has_its_price_the_third_child_half(family):
    slot = world.make_slot("2026-10-15")
    lines = send(
        family, "2026-10-06T09:00", add=[(slot.pk, c.pk) for c in world.children_of(family)]
    )
    assert [line["cents"] for line in lines] == [340, 340, 170]


def test_the_deadline_is_the_school_day_before_at_nine(family):
    lina = world.children_of(family)[0]
    thursday = world.make_slot("2026-10-15")
    # Wednesday is no school day: the limit is on Tuesday 13, 9:00 included.
    in_time = send(family, "2026-10-13T09:00", add=[(thursday.pk, lina.pk)])
    assert in_time[0]["outcome"] == "CONFIRMED"
    booking = Booking.objects.get()
    late = send(family, "2026-10-13T09:01", remove=[booking.pk])
    assert late[0]["outcome"] == "TOO_LATE"
    assert late[0]["sentence"] == "Il fallait annuler avant mardi 13 octobre, 9\u00a0h."
    noe = world.children_of(family)[1]
    assert send(family, "2026-10-13T09:01", add=[(thursday.pk, noe.pk)])[0]["sentence"] == (
        "Il fallait réserver avant mardi 13 octobre, 9\u00a0h."
    )
    friday = world.make_slot("2026-10-16")
    send(family, "2026-10-13T09:00", add=[(friday.pk, lina.pk)])
    freed = send(family, "2026-10-15T08:59", remove=[Booking.objects.get(slot=friday).pk])
    assert freed[0]["outcome"] == "CANCELLED"
    assert Booking.objects.get(slot=friday).is_charged is False


def test_an_agent_may_accept_what_is_late(family):
    slot = world.make_slot("2026-10-15")
    sent = submit_planning(
        family_id=family.pk,
        key=world.key(),
        channel="PHONE",
        now=world.instant("2026-10-15T08:00"),
        actor=world.agent(world.make_agent()),
        add=[(slot.pk, world.children_of(family)[0].pk)],
        late_allowed=True,
        reason="Enfant confié",
    )
    assert sent.receipt[0]["outcome"] == "CONFIRMED"
    assert Booking.objects.get().channel == "PHONE"


@pytest.mark.parametrize(
    ("at", "reason", "document", "freed", "charged"),
    [
        ("2026-10-13T08:00", "FAMILY", False, True, False),
        ("2026-10-15T08:00", "FAMILY", False, False, True),
        ("2026-10-15T08:00", "ILLNESS", True, False, True),
        ("2026-10-15T08:00", "SCHOOL_TRIP", False, False, False),
    ],
)
def test_an_absence_says_its_effect_before_it_is_sent(family, at, reason, document, freed, charged):
    lina = world.children_of(family)[0]
    world.book(world.make_slot("2026-10-15"), lina, family)
    effect = preview_absence(
        family_id=family.pk,
        child_id=lina.pk,
        starts_on=world.day("2026-10-15"),
        ends_on=world.day("2026-10-15"),
        reason=reason,
        has_document=document,
        now=world.instant(at),
    )[0]
    assert (effect.freed, effect.charged) == (freed, charged)
    assert ("reste dû (3,40" in effect.sentence) is charged, effect.sentence


def test_with_a_certificate_the_second_day_of_illness_is_not_due(family):
    lina = world.children_of(family)[0]
    for on in ("2026-10-12", "2026-10-13"):
        world.book(world.make_slot(on), lina, family)
    report = report_absence(
        family_id=family.pk,
        child_id=lina.pk,
        starts_on=world.day("2026-10-12"),
        ends_on=world.day("2026-10-13"),
        reason="ILLNESS",
        channel="PORTAL",
        document_id=None,
        now=world.instant("2026-10-13T12:00"),
        actor=world.parent(family),
    )
    assert [e["charged"] for e in report.effects] == [True, True]
    seen = preview_absence(
        family_id=family.pk,
        child_id=lina.pk,
        starts_on=world.day("2026-10-12"),
        ends_on=world.day("2026-10-13"),
        reason="ILLNESS",
        has_document=True,
        now=world.instant("2026-10-13T12:00"),
    )
    assert [e.charged for e in seen] == [True, False]
