"""Crèche, card and absence by request."""

import datetime as dt

import pytest

from preau.attendance import queries as attendance
from preau.attendance import services as attendance_services
from preau.bookings.models import Booking
from preau.casework import services
from preau.casework.errors import InvalidPayload
from preau.casework.values import GivenFile
from preau.childcare import queries as childcare
from preau.childcare import services as childcare_services
from preau.messaging.models import Message
from tests.bookings.world import make_slot
from tests.casework.deciding import (
    MINUTE,
    approve,
    canteen,
    undo,
)
from tests.casework.world import (
    make_file,
    submit,
)
from tests.harness.people import (
    AGENT,
    NOW,
    child_of,
)

pytestmark = pytest.mark.django_db


WEEK = {
    "wished_from": "2027-01-04",
    "days": ["0", "1", "3"],
    "arrives_at": "08:30",
    "leaves_at": "17:30",
}


def accept_pieces():
    """The base pieces of every file: they unlock its rank."""
    for row in childcare.preregistrations():
        for piece in row.pieces.filter(criterion=None):
            childcare_services.decide_piece(
                preregistration_id=row.pk, piece_id=piece.pk, accepted=True, now=NOW, actor=AGENT
            )


def test_creche_place_from_pregnancy_on(world):
    request = submit(world.family, "CRECHE_PLACE", {**WEEK, "expected_on": "2026-12-20"})
    assert "20 décembre" in request.summary
    approve(world, request)
    assert not childcare.waiting_list().exists()  # no rank before its pieces
    accept_pieces()
    row = childcare.waiting_list().get()
    assert (row.rank, row.weekly_minutes) == (1, [540, 540, 0, 540, 0])
    assert row.child.expected_on == dt.date(2026, 12, 20)
    assert row.created_at == request.submitted_at
    undo(world, request)
    assert not childcare.waiting_list().exists()
    with pytest.raises(InvalidPayload):
        submit(world.family, "CRECHE_PLACE", {**WEEK, "days": []}, child=world.child)


def test_the_rank_follows_the_day_of_the_request_not_of_the_approval(world):
    first = submit(world.family, "CRECHE_PLACE", WEEK, child=child_of(world.family, 1))
    second = submit(world.family, "CRECHE_PLACE", WEEK, child=world.child, now=NOW + MINUTE)
    approve(world, second)
    approve(world, first)
    accept_pieces()
    assert [row.child_id for row in childcare.waiting_list()] == [
        child_of(world.family, 1).pk,
        world.child.pk,
    ]


def test_a_lost_card_is_dead_at_once_and_the_next_one_is_issued(world):
    card = attendance_services.issue_card(
        child_id=world.child.pk, family_id=world.family.pk, now=NOW, actor=world.agent
    )
    request = submit(world.family, "CARD", {"reason": "LOST"}, child=world.child)
    card.refresh_from_db()
    assert (request.status, card.status) == ("SUBMITTED", "LOST")
    approve(world, request)
    active = attendance.active_card_of(world.child.pk)
    assert active.rank == 2


def absent(world, **fields):
    offering = canteen()
    make_slot("2026-10-08", offering=offering)
    from tests.bookings.world import book

    book(Booking.slot.field.related_model.objects.get(), world.child, world.family)
    return submit(
        world.family,
        "ABSENCE",
        {"starts_on": "2026-10-08", "ends_on": "2026-10-08", "reason": "ILLNESS"},
        child=world.child,
        **fields,
    )


def test_an_absence_is_reported_at_once_and_justified_on_approval(world):
    given = make_file(world.family)
    request = absent(world, files=(GivenFile(given.pk),))
    report = attendance.absences_of(world.family.pk).get()
    assert (report.status, report.document_id, report.reported_at) == ("REPORTED", given.pk, NOW)
    approve(world, request)
    report.refresh_from_db()
    assert report.status == "JUSTIFIED"


def test_a_refused_absence_is_not_justified(world):
    request = absent(world)
    services.refuse(
        request_id=request.pk, reason="Certificat illisible", now=NOW, actor=world.agent
    )
    report = attendance.absences_of(world.family.pk).get()
    assert (report.status, report.decision_comment) == ("NOT_JUSTIFIED", "Certificat illisible")


def test_a_justified_absence_is_told_in_one_letter_at_each_step(world):
    request = absent(world)
    assert Message.objects.count() == 1
    approve(world, request)
    assert Message.objects.count() == 2
