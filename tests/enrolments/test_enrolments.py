"""The right to attend, and the pieces: dates, expiry, review, races."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.db import connection

from preau.enrolments import queries, services
from preau.enrolments.errors import (
    AlreadyEnrolled,
    DocumentRefusal,
    EnrolmentRefusal,
    NotInHousehold,
    OfferingClosed,
    OutsideOffering,
    ReasonNeeded,
)
from preau.enrolments.rules import add_months, expiry, school_year_end
from preau.kernel.enums import Channel
from tests.bookings.world import make_offering
from tests.casework.world import make_document_kind, make_file, require
from tests.harness.people import AGENT, DAY, NOW, child_of, make_family, make_town

day = dt.date.fromisoformat


def test_expiry_is_the_first_of_its_ends():
    assert school_year_end(day("2026-06-30")) == day("2026-08-31")
    assert school_year_end(day("2026-07-01")) == day("2027-08-31")
    assert school_year_end(day("2026-09-01")) == day("2027-08-31")
    assert add_months(day("2026-08-31"), 6) == day("2027-02-28")
    assert add_months(day("2026-12-15"), 1) == day("2027-01-15")
    assert expiry(DAY, valid_months=None, until_school_year_end=False) is None
    assert expiry(DAY, valid_months=3, until_school_year_end=True) == day("2027-01-06")
    assert expiry(DAY, valid_months=24, until_school_year_end=True) == day("2027-08-31")


@pytest.fixture
def world():
    make_town()
    family = make_family()
    return SimpleNamespace(family=family, child=child_of(family), offering=make_offering())


def enrol(world, **fields):
    return services.enrol(
        **{
            "child_id": world.child.pk,
            "family_id": world.family.pk,
            "offering_id": world.offering.pk,
            "starts_on": DAY,
            "channel": Channel.COUNTER,
            "now": NOW,
            "actor": AGENT,
            **fields,
        }
    )


@pytest.mark.django_db
def test_an_enrolment_stays_within_its_offering(world):
    enrolment = enrol(world)
    assert (enrolment.starts_on, enrolment.ends_on) == (DAY, world.offering.ends_on)
    assert queries.is_enrolled(
        child_id=world.child.pk, family_id=world.family.pk, offering_id=world.offering.pk, day=DAY
    )
    with pytest.raises(AlreadyEnrolled):
        enrol(world, starts_on=day("2027-01-04"))
    with pytest.raises(OutsideOffering, match="ouverte"):
        enrol(world, starts_on=day("2028-01-04"))
    with pytest.raises(NotInHousehold):
        enrol(world, child_id=child_of(make_family(last_name="Moreau")).pk)
    world.offering.is_open = False
    world.offering.save()
    with pytest.raises(OfferingClosed):
        enrol(world)


@pytest.mark.django_db
def test_an_enrolment_ends_and_may_begin_again(world):
    enrolment = enrol(world)
    end = {"reason": "déménagement", "now": NOW, "actor": AGENT}
    with pytest.raises(EnrolmentRefusal):
        services.end_enrolment(enrolment_id=enrolment.pk, ends_on=day("2029-01-01"), **end)
    services.end_enrolment(enrolment_id=enrolment.pk, ends_on=day("2026-12-18"), **end)
    again = enrol(world, starts_on=day("2027-01-04"))
    services.cancel_enrolment(enrolment_id=again.pk, **end)
    active = queries.active_enrolments(world.family.pk, DAY)
    assert [row.ends_on for row in active] == [day("2026-12-18")]
    assert queries.enrolments_of(world.family.pk).count() == 2


@pytest.mark.django_db
def test_pieces_are_missing_until_given_and_again_once_expired(world):
    insurance = make_document_kind(until_school_year_end=True)
    home = make_document_kind("domicile", subject="FAMILY", valid_months=3)
    for kind in (insurance, home):
        require(world.offering.activity, kind)

    def missing(on=DAY, child=world.child):
        return {
            kind.slug
            for kind in queries.missing_documents(
                child_id=child.pk,
                family_id=world.family.pk,
                activity_id=world.offering.activity_id,
                day=on,
            )
        }

    def give(kind, child):
        return services.provide_document(
            kind_id=kind.pk,
            family_id=world.family.pk,
            child_id=child and child.pk,
            file_id=make_file(world.family).pk,
            now=NOW,
            actor=AGENT,
        )

    assert missing() == {"assurance", "domicile"}
    with pytest.raises(DocumentRefusal):
        give(insurance, None)
    piece = give(insurance, world.child)
    give(home, world.child)
    assert missing() == set()
    # The sibling needs its own insurance; the home is the household's.
    assert missing(child=child_of(world.family, 1)) == {"assurance"}
    assert missing(day("2027-01-07")) == {"domicile"}
    with pytest.raises(ReasonNeeded):
        services.review_document(document_id=piece.pk, accepted=False, now=NOW, actor=AGENT)
    services.review_document(
        document_id=piece.pk, accepted=False, reason="Illisible", now=NOW, actor=AGENT
    )
    assert missing() == {"assurance"}
    assert queries.documents_to_review().count() == 1


@pytest.mark.django_db(transaction=True)
def test_asked_many_times_at_once_it_is_one_enrolment(world):
    start = Barrier(6)

    def run(_order):
        start.wait()
        try:
            enrol(world)
        except AlreadyEnrolled:
            return "already"
        finally:
            connection.close()
        return "enrolled"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(run, range(6))) == ["already"] * 5 + ["enrolled"]
