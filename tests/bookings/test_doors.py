"""Days whose booking is not open yet are refused, and said so; each audience at its own hour."""

import datetime as dt

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from preau.audit.models import Entry
from preau.bookings.doors import get_doors, opening_words
from preau.bookings.errors import BookingRefused, NeedsRecap, NotOpenYet
from preau.bookings.household import get_household
from preau.bookings.models import Booking, Submission
from preau.bookings.services import book_place, book_whole_period, submit_planning
from preau.catalogue.models import Offering, SchoolYear
from preau.enrolments.models import Enrolment
from preau.kernel.actors import Actor
from preau.openings.errors import WindowRefused
from preau.openings.models import Window
from preau.openings.services import delete_window, save_window
from tests.bookings import world

pytestmark = pytest.mark.django_db
DECEMBER = world.instant("2026-12-01T09:00")


def window(offering, audience="ALL", opens="2026-12-01T09:00", **more):
    fields = {
        "offering_id": offering.pk,
        "audience": audience,
        "opens_at": world.instant(opens),
        "first_day": world.day("2026-10-01"),
        "last_day": world.day("2026-12-31"),
        "now": world.NOW,
        "actor": Actor.system(),
        **more,
    }
    return save_window(**fields)


def send(family, slot, now, actor=None, **more):
    child = world.children_of(family)[0]
    sent = submit_planning(
        family_id=family.pk,
        add=[(slot.pk, child.pk)],
        key=world.key(),
        channel="PORTAL",
        now=now,
        actor=actor or world.parent(family),
        **more,
    )
    return sent.receipt[0]


@pytest.fixture
def family():
    family = world.make_family(1)
    world.enrol_all(family, world.make_offering())
    return family


def test_a_day_is_refused_until_its_window_opens(family, now):
    slot = world.make_slot("2026-12-15")
    window(slot.offering)
    line = send(family, slot, now)
    assert line["outcome"] == "NOT_OPEN"
    assert line["sentence"] == "Les réservations ouvrent mardi 1er décembre à 9\u00a0h."
    assert not Booking.objects.exists()
    assert send(family, slot, DECEMBER - dt.timedelta(seconds=1))["outcome"] == "NOT_OPEN"
    assert send(family, slot, DECEMBER)["outcome"] == "CONFIRMED"


def test_a_day_out_of_every_window_is_open(family, now):
    slot = world.make_slot("2026-10-15")
    window(slot.offering, first_day=world.day("2026-11-01"))
    assert send(family, slot, now)["outcome"] == "CONFIRMED"


def test_residents_come_in_first(family, now):
    slot = world.make_slot("2026-12-15")
    window(slot.offering, "RESIDENTS", "2026-10-01T09:00")
    window(slot.offering, "ALL")
    stranger = world.make_family(1)
    stranger.is_resident = False
    stranger.save()
    world.enrol_all(stranger, slot.offering)
    assert send(stranger, slot, now)["outcome"] == "NOT_OPEN"
    assert send(family, slot, now)["outcome"] == "CONFIRMED"


def test_siblings_and_those_of_last_year_come_in_first(now):
    offering = world.make_offering()
    alone, pair, faithful = (world.make_family(n) for n in (1, 2, 1))
    for family in (alone, pair, faithful):
        world.enrol_all(family, offering)
    last = SchoolYear.objects.create(
        label="2025-2026", starts_on=world.day("2025-09-01"), ends_on=world.day("2026-08-31")
    )
    old = Offering.objects.create(
        activity=offering.activity,
        establishment=offering.establishment,
        school_year=last,
        capacity=10,
        starts_on=last.starts_on,
        ends_on=last.ends_on,
    )
    Enrolment.objects.create(
        child=world.children_of(faithful)[0],
        family=faithful,
        offering=old,
        status="ENDED",
        starts_on=old.starts_on,
        ends_on=old.ends_on,
        channel="PORTAL",
        created_at=world.NOW,
    )
    window(offering, "SIBLINGS", "2026-10-01T09:00")
    window(offering, "LAST_YEAR", "2026-10-01T10:00")
    window(offering, "ALL")
    day = world.day("2026-12-15")

    def is_open(family, offering=offering):
        doors = get_doors(get_household(family.pk, day, day), [offering.pk], day, day, now)
        return doors.opening(offering.pk, world.children_of(family)[0].pk, day).is_open

    assert [is_open(f) for f in (alone, pair, faithful)] == [False, True, True]


def test_closed_windows_say_since_when(family, now):
    slot = world.make_slot("2026-12-15")
    window(slot.offering, opens="2026-09-01T09:00", closes_at=world.instant("2026-10-01T12:00"))
    line = send(family, slot, now)
    assert line["sentence"] == "Les réservations sont fermées depuis jeudi 1er octobre à 12\u00a0h."
    doors = get_doors(
        get_household(family.pk, slot.day, slot.day), [slot.offering_id], slot.day, slot.day, now
    )
    assert opening_words(doors.opening(0, 0, slot.day)) == ""


def test_an_agent_may_book_before_the_hour_knowingly(family, now):
    slot = world.make_slot("2026-12-15")
    window(slot.offering)
    actor = world.agent(world.make_agent())
    assert send(family, slot, now, actor)["outcome"] == "NOT_OPEN"
    assert (
        send(family, slot, now, actor, late_allowed=True, reason="Fratrie")["outcome"]
        == "CONFIRMED"
    )
    # A family cannot claim what only an agent may.
    other = world.make_family(1)
    world.enrol_all(other, slot.offering)
    assert send(other, slot, now, late_allowed=True, reason="Fratrie")["outcome"] == "NOT_OPEN"


def test_windows_of_one_audience_never_overlap(now):
    offering = world.make_offering()
    first = window(offering)
    with pytest.raises(WindowRefused):
        window(offering, first_day=world.day("2026-12-31"), last_day=world.day("2027-01-31"))
    with pytest.raises(WindowRefused):
        window(offering, "RESIDENTS", closes_at=world.instant("2026-11-01T09:00"))
    with pytest.raises(WindowRefused):
        window(offering, "RESIDENTS", last_day=world.day("2026-09-01"))
    window(offering, window_id=first.pk, opens="2026-12-02T09:00")
    delete_window(offering_id=offering.pk, window_id=first.pk, now=now, actor=Actor.system())
    delete_window(offering_id=offering.pk, window_id=first.pk, now=now, actor=Actor.system())
    assert not Window.objects.exists()


def test_a_sending_in_one_step_never_surprises(family, now, monkeypatch):
    from preau.bookings.pricing import FamilyRules

    slot = world.make_slot("2026-10-15")
    child = world.children_of(family)[0]
    world.book(slot, child, family)
    booking = Booking.objects.get()
    verdict = FamilyRules.cancelling

    def charged(self, *args):
        import dataclasses

        return dataclasses.replace(verdict(self, *args), allowed=True, charged=True)

    monkeypatch.setattr(FamilyRules, "cancelling", charged)
    with pytest.raises(NeedsRecap):
        submit_planning(
            family_id=family.pk,
            remove=[booking.pk],
            key=world.key(),
            channel="PORTAL",
            now=now,
            actor=world.parent(family),
            no_surprise=True,
        )
    booking.refresh_from_db()
    assert booking.status == "CONFIRMED" and not Submission.objects.exists()


def judo():
    return world.make_offering(
        "judo",
        name="Judo",
        kind="SPORT",
        mode="WHOLE_PERIOD",
        hours=("17:00", "18:00"),
        weekdays=(3,),
        product="séance",
    )


def test_an_enrolment_for_the_whole_period_waits_for_its_window(now):
    offering = judo()
    world.make_slot("2026-10-15", offering=offering)
    later = [world.make_slot(on, offering=offering) for on in ("2026-12-10", "2026-12-17")]
    window(offering, first_day=world.day("2026-12-01"))
    family = world.make_family(1)
    [enrolment] = world.enrol_all(family, offering)
    asked = {"enrolment_id": enrolment.pk, "channel": "PORTAL"}
    got = book_whole_period(**asked, now=now, actor=world.parent(family))
    assert (got.booked, got.waiting, got.shut) == (1, 0, 2)
    [job] = ProcrastinateJob.objects.filter(task_name="bookings.book_when_open")
    assert job.scheduled_at == DECEMBER and job.args["enrolment_id"] == enrolment.pk
    again = book_whole_period(**asked, now=DECEMBER, actor=Actor.system())
    assert (again.booked, again.shut) == (2, 0)
    assert all(slot.bookings.count() == 1 for slot in later)


def test_an_agent_passes_the_window_with_a_reason_that_is_kept(family, now):
    slot = world.make_slot("2026-12-15")
    window(slot.offering)
    town = Actor(user_id=1, label="Samia Haddad", channel="COUNTER", is_agent=True)
    child = world.children_of(family)[0]
    place = {
        "slot_id": slot.pk,
        "child_id": child.pk,
        "family_id": family.pk,
        "enrolment_id": Enrolment.objects.get(child=child).pk,
        "channel": "COUNTER",
        "now": now,
    }
    for actor, reason in ((world.parent(family), "Je voudrais"), (town, " ")):
        with pytest.raises(NotOpenYet, match="Les réservations ouvrent mardi"):
            book_place(**place, actor=actor, reason=reason)
    book_place(**place, actor=town, reason="Enfant confié")
    assert Entry.objects.filter(summary__contains="avant l’ouverture. Motif : Enfant confié")
    with pytest.raises(BookingRefused, match="hors délai"):
        send(family, world.make_slot("2026-12-17"), now, actor=town, late_allowed=True)
