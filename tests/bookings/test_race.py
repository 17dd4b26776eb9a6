"""The same places taken from many threads at once: never one too many, and the race is real."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection

from preau.bookings.errors import SlotFull
from preau.bookings.models import Booking, Slot
from preau.bookings.services import book_place, places, submit_planning  # type: ignore[attr-defined]
from tests.bookings import world

pytestmark = pytest.mark.django_db(transaction=True)
TAKERS, PLACES = 12, 3


def _rush(jobs):
    start = Barrier(len(jobs))

    def attempt(job):
        start.wait()
        try:
            return job()
        except SlotFull:
            return "full"
        except IntegrityError:
            return "broken"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return sorted(pool.map(attempt, jobs))


def _takers(slot, count=TAKERS):
    families = [world.make_family(1, email=False) for _ in range(count)]
    return [
        (family, world.children_of(family)[0], world.enrol_all(family, slot.offering)[0])
        for family in families
    ]


def _book_all(slot, now):
    def job(family, child, enrolment):
        def run():
            book_place(
                slot_id=slot.pk,
                child_id=child.pk,
                family_id=family.pk,
                enrolment_id=enrolment.pk,
                channel="PORTAL",
                now=now,
                actor=world.parent(family),
            )
            return "booked"

        return run

    return _rush([job(*taker) for taker in _takers(slot)])


def test_rush_never_overbooks(now):
    slot = world.make_slot(capacity=PLACES)
    assert _book_all(slot, now) == ["booked"] * PLACES + ["full"] * (TAKERS - PLACES)
    slot.refresh_from_db()
    assert slot.taken == PLACES


def test_rush_without_the_lock_runs_into_the_constraint(now, monkeypatch):
    # Control: nobody is told "full" in time, and the database still refuses one too many.
    slot = world.make_slot(capacity=PLACES)
    all_in = Barrier(TAKERS)

    def unlocked(slot_ids):
        found = list(Slot.objects.filter(pk__in=list(slot_ids)))
        all_in.wait()
        return found

    monkeypatch.setattr(places, "_lock_slots", unlocked)
    assert _book_all(slot, now) == ["booked"] * PLACES + ["broken"] * (TAKERS - PLACES)


def _send_all(slots, now):
    def job(family, child):
        def run():
            sent = submit_planning(
                family_id=family.pk,
                add=[(slot.pk, child.pk) for slot in slots],
                key=world.key(),
                channel="PORTAL",
                now=now,
                actor=world.parent(family),
            )
            return " ".join(line["outcome"] for line in sent.receipt)

        return run

    return _rush([job(family, child) for family, child, _ in _takers(slots[0])])


def test_plannings_sent_at_once_fill_the_places_and_rank_the_others(now):
    slots = [world.make_slot(d, capacity=PLACES) for d in ("2026-10-15", "2026-10-16")]
    _send_all(slots, now)
    for slot in slots:
        slot.refresh_from_db()
        rows = list(slot.bookings.order_by("ordinal").values_list("status", flat=True))
        # In the order of their ordinals: nobody is confirmed after one who waits.
        assert rows == ["CONFIRMED"] * PLACES + ["WAITING"] * (TAKERS - PLACES)
        assert slot.taken == PLACES and slot.last_ordinal == TAKERS


def test_slots_named_in_any_order_never_deadlock(now):
    slots = [world.make_slot(f"2026-10-{d}", capacity=50) for d in (12, 13, 15, 16)]
    takers = _takers(slots[0], 8)

    def job(rank, family, child):
        order = slots if rank % 2 else slots[::-1]

        def run():
            submit_planning(
                family_id=family.pk,
                add=[(s.pk, child.pk) for s in order],
                key=world.key(),
                channel="PORTAL",
                now=now,
                actor=world.parent(family),
            )
            return "sent"

        return run

    assert _rush([job(i, f, c) for i, (f, c, _) in enumerate(takers)]) == ["sent"] * 8
    assert Booking.objects.filter(status="CONFIRMED").count() == 32


def test_the_same_sending_from_two_tabs_at_once_is_one_sending(now):
    slot = world.make_slot()
    family, child, _ = _takers(slot, 1)[0]
    key = world.key()

    def run():
        return submit_planning(
            family_id=family.pk,
            add=[(slot.pk, child.pk)],
            key=key,
            channel="PORTAL",
            now=now,
            actor=world.parent(family),
        ).reference

    references = _rush([run] * 6)
    assert len(set(references)) == 1
    slot.refresh_from_db()
    assert slot.taken == 1 == Booking.objects.count()
