"""Slots come from weekly patterns and the calendar; opening twice opens nothing more."""

import pytest

from preau.bookings.models import Slot
from preau.bookings.services import open_slots
from preau.catalogue.models import ClosedDay
from preau.kernel.actors import Actor
from tests.bookings.world import day, make_offering, make_site

pytestmark = pytest.mark.django_db


def _open(offering, now, first="2026-10-05", last="2026-11-08"):
    return open_slots(
        offering_ids=[offering.pk],
        first=day(first),
        last=day(last),
        now=now,
        actor=Actor.system(),
    )


def test_school_days_only_holidays_and_closed_days_left_out(now):
    offering = make_offering()
    ClosedDay.objects.create(day=day("2026-10-08"), reason="Grève")
    ClosedDay.objects.create(
        day=day("2026-10-09"), reason="Travaux", establishment=offering.establishment
    )
    ClosedDay.objects.create(
        day=day("2026-10-12"), reason="Autre site", establishment=make_site("École Pasteur")
    )
    # 5, 6, 12, 13, 15, 16 October; 2, 3, 5, 6 November: no Wednesday, strike, works, holidays.
    assert _open(offering, now) == 10
    assert list(Slot.objects.order_by("day").values_list("day__day", flat=True)) == [
        5,
        6,
        12,
        13,
        15,
        16,
        2,
        3,
        5,
        6,
    ]
    slot = Slot.objects.order_by("day").first()
    assert (slot.capacity, slot.starts_at.hour, slot.period_kind) == (100, 11, "SCHOOL_DAYS")


def test_opening_again_opens_only_what_is_missing(now):
    offering = make_offering()
    assert _open(offering, now, last="2026-10-11") == 4
    Slot.objects.filter(day=day("2026-10-06")).update(capacity=7)
    assert _open(offering, now, last="2026-10-16") == 4
    assert Slot.objects.get(day=day("2026-10-06")).capacity == 7
    assert _open(offering, now, last="2026-10-16") == 0


def test_a_pattern_may_hold_its_own_number_of_places(now):
    offering = make_offering()
    offering.patterns.filter(weekday=1).update(capacity=12)
    _open(offering, now, last="2026-10-11")
    assert Slot.objects.get(day=day("2026-10-06")).capacity == 12
    assert Slot.objects.get(day=day("2026-10-05")).capacity == 100
