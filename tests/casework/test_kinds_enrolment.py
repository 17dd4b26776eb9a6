"""Enrolment by request: applied, automatic, doubtful, undone."""

import datetime as dt

import pytest

from preau.bookings.models import Booking
from preau.casework.errors import InvalidPayload
from preau.casework.kinds import get_kind
from preau.casework.values import GivenFile
from preau.enrolments import queries as enrolments
from preau.enrolments.models import ProvidedDocument
from tests.bookings.world import make_offering, make_site, make_slot
from tests.casework.deciding import (
    approve,
    at_school,
    canteen,
    undo,
)
from tests.casework.world import (
    make_document_kind,
    make_file,
    require,
    submit,
)
from tests.harness.people import (
    DAY,
)

pytestmark = pytest.mark.django_db


def enrolment(world, offering, **fields):
    return submit(
        world.family,
        "ENROLMENT",
        {"offering": offering.pk, "starts_on": "2026-10-12"},
        child=world.child,
        **fields,
    )


def test_enrolment_is_applied_with_its_pieces(world):
    site = make_site()
    at_school(world, site)
    offering = canteen(site)
    insurance = make_document_kind(until_school_year_end=True)
    require(offering.activity, insurance)
    given = make_file(world.family)
    request = enrolment(world, offering, files=(GivenFile(given.pk, insurance.pk),))
    assert request.status == "SUBMITTED"
    change = get_kind("ENROLMENT").changes(request, DAY)[0]
    assert change.before == "non inscrit" and "12 octobre 2026" in change.after
    approve(world, request)
    held = enrolments.active_enrolments(world.family.pk, DAY).get()
    assert (held.offering_id, held.request_id, held.channel) == (
        offering.pk,
        request.pk,
        "PORTAL",
    )
    assert held.starts_on == dt.date(2026, 10, 12)
    piece = ProvidedDocument.objects.get()
    assert (piece.status, piece.expires_on) == ("ACCEPTED", dt.date(2027, 8, 31))
    undo(world, request)
    assert not enrolments.active_enrolments(world.family.pk, DAY).exists()
    assert ProvidedDocument.objects.get().status == "REFUSED"
    approve(world, request)
    assert enrolments.active_enrolments(world.family.pk, DAY).count() == 1


def test_enrolment_is_automatic_when_the_activity_says_so_and_nothing_is_missing(world):
    site = make_site()
    at_school(world, site)
    offering = canteen(site)
    offering.activity.is_automatic = True
    offering.activity.save()
    insurance = make_document_kind()
    require(offering.activity, insurance)
    assert enrolment(world, offering).status == "SUBMITTED"
    given = make_file(world.family)
    request = enrolment(world, offering, files=(GivenFile(given.pk, insurance.pk),))
    assert request.status == "APPROVED" and request.was_automatic
    # Nobody has looked at the piece yet: it waits for an agent, and counts meanwhile.
    assert ProvidedDocument.objects.get().status == "RECEIVED"
    assert not enrolments.missing_documents(
        child_id=world.child.pk,
        family_id=world.family.pk,
        activity_id=offering.activity_id,
        day=DAY,
    )


def test_a_doubtful_automatic_enrolment_goes_to_an_agent(world):
    at_school(world, make_site("École Jean-Moulin"))
    offering = canteen(make_site("École des Marronniers"))
    offering.activity.is_automatic = True
    offering.activity.save()
    request = enrolment(world, offering)
    assert request.status == "SUBMITTED"
    texts = [c.text for c in get_kind("ENROLMENT").consequences(request, DAY)]
    assert any("Jean-Moulin" in text for text in texts)


def test_enrolment_twice_is_refused_in_words(world):
    offering = canteen()
    approve(world, enrolment(world, offering))
    with pytest.raises(Exception, match="déjà inscrit"):
        approve(world, enrolment(world, offering))


def test_a_sport_is_booked_whole_and_freed_by_the_undo(world):
    offering = make_offering(
        "judo",
        name="Judo",
        kind="SPORT",
        mode="WHOLE_PERIOD",
        site=make_site("Dojo", "SPORTS"),
        product="seance",
    )
    for day in ("2026-10-14", "2026-11-04"):
        make_slot(day, offering=offering)
    request = enrolment(world, offering)
    approve(world, request)
    assert Booking.objects.filter(child=world.child, status="CONFIRMED").count() == 2
    undo(world, request)
    assert not Booking.objects.filter(child=world.child, status="CONFIRMED").exists()


def test_a_date_outside_the_offering_is_told_at_once(world):
    offering = canteen()
    with pytest.raises(InvalidPayload, match="Choisissez une date"):
        submit(
            world.family,
            "ENROLMENT",
            {"offering": offering.pk, "starts_on": "2028-01-01"},
            child=world.child,
        )
