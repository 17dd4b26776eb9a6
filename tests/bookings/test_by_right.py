"""Booked by right of an enrolment: what the database itself refuses, and what it lets pass."""

import pytest
from django.db import DatabaseError, connection, transaction

from preau.bookings.models import Booking, Slot
from preau.bookings.queries import upcoming
from preau.enrolments.models import Enrolment
from preau.families.models import Family
from tests.bookings import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    """Lina, booked at the canteen; and an after-school club where nobody is enrolled."""
    slot = world.make_slot()
    family = world.make_family()
    [lina] = world.children_of(family)
    booking = world.book(slot, lina, family)
    club = world.make_slot(
        offering=world.make_offering("soir", name="Soir", hours=("16:30", "18:00"))
    )
    return booking, club


def write(place, **fields):
    """The same booking again, with other columns, straight to the table."""
    booking, club = place
    fields = {"slot": club, "ordinal": 1} | fields
    names = ("child", "family", "enrolment", "status", "channel", "booked_at")
    return Booking.objects.create(**{n: getattr(booking, n) for n in names} | fields)


def refused(act):
    """Whether the database refuses, at once or at the end of the transaction."""
    try:
        with transaction.atomic():
            act()
            connection.check_constraints()
    except DatabaseError:
        return True
    return False


def test_no_booking_without_an_enrolment_for_its_slot(place):
    _, club = place
    assert refused(lambda: write(place))
    theirs = world.make_family(name="Nguyen")
    [sami] = world.children_of(theirs)
    right = world.enrol(theirs, club.offering, sami)
    assert refused(lambda: write(place, enrolment=right))  # another child's, another home's
    assert refused(lambda: write(place, enrolment=right, child=sami))
    assert not refused(lambda: write(place, enrolment=right, child=sami, family=theirs))


def test_a_booking_and_an_enrolment_move_together(place):
    booking, club = place
    other = world.make_family(0)
    mine = Booking.objects.filter(pk=booking.pk)
    right = Enrolment.objects.filter(pk=booking.enrolment_id)
    assert refused(lambda: mine.update(slot=club))
    assert refused(lambda: mine.update(family=other))
    assert refused(lambda: right.update(family=other))
    assert refused(lambda: right.update(offering=club.offering))
    assert refused(lambda: Slot.objects.filter(pk=booking.slot_id).update(offering=club.offering))
    # In whatever order, once both are there.
    assert not refused(lambda: (mine.update(family=other), right.update(family=other)))
    assert not refused(
        lambda: (right.update(family=booking.family), mine.update(family=booking.family))
    )

    # A file that closes keeps what was billed to it.
    def joined():
        right.update(family=other)
        Family.objects.filter(pk=booking.family_id).update(status="CLOSED", closed_on=world.YEAR[0])

    assert not refused(joined)


def test_without_its_guards_a_home_would_miss_a_day(place):
    booking, club = place
    day = club.day
    assert len(upcoming(booking.family_id, day, 1)) == 1
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_booking DISABLE TRIGGER USER")
    write(place)
    assert len(upcoming(booking.family_id, day, 1)) == 1  # of two
