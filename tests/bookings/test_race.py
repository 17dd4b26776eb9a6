"""The same places taken from many processes at once: never one too many, and the race is real.

Each taker is a process of its own, with its own connection, as behind several web servers.
"""

import datetime as dt
import itertools
import multiprocessing
import os

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, connections

from preau.bookings.errors import SlotFull
from preau.bookings.models import Booking, Slot
from preau.bookings.services import (  # type: ignore[attr-defined]
    book_place,
    deciding,
    places,
    submit_planning,
)
from preau.kernel.locks import lock_rows
from tests.bookings import world

# One process reads the whole file: its families are made once.
pytestmark = pytest.mark.xdist_group("race")
TAKERS, PLACES = 12, 3
_day = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def crowd(django_db_setup, django_db_blocker):
    """Twelve families, enrolled at the canteen and on Wednesdays, written for all to see; each
    test has days of its own."""
    with django_db_blocker.unblock():
        canteen, centre = world.make_offering(), a_centre()["day"].offering
        takers = []
        for _ in range(TAKERS):
            family = world.make_family(1, email=False)
            child = world.children_of(family)[0]
            rights = {o.pk: world.enrol(family, o, child) for o in (canteen, centre)}
            takers.append((family, child, rights))
        yield takers
        connections.close_all()
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)


def a_slot(**fields):
    """A slot of the canteen on a day of its own."""
    return world.make_slot(dt.date(2026, 11, 3) + dt.timedelta(days=next(_day)), **fields)


def a_centre(**fields):
    """The products of a day that share its places."""
    day = dt.date(2026, 11, 3) + dt.timedelta(days=next(_day))
    return world.make_centre(on=day.isoformat(), **fields)


FORK = multiprocessing.get_context("fork")


def Barrier(parties):
    return FORK.Barrier(parties, timeout=120)


def _rush(jobs):
    """Each job in a process of its own, all started together: what each of them tells, sorted."""
    start, told = Barrier(len(jobs)), FORK.SimpleQueue()

    def attempt(job):
        # Whatever connection this process sees, its parent opened: after a browser's test the
        # parent has two, and `close_all` below closes the one of its own loop alone. Kept until
        # the end, so that nobody says goodbye for the parent.
        inherited = connections["default"]
        connections["default"] = inherited.copy()
        try:
            start.wait()
            told.put(job())
        except SlotFull:
            told.put("full")
        except IntegrityError:
            told.put("broken")
        except BaseException as error:
            told.put(repr(error))
        finally:
            os._exit(0)  # nothing of the parent's is ours to close

    connections.close_all()  # a connection is never shared with a child
    processes = [FORK.Process(target=attempt, args=(job,)) for job in jobs]
    for process in processes:
        process.start()
    found = sorted(told.get() for _ in processes)
    for process in processes:
        process.join()
    return found


def _job(slot, taker, now):
    family, child, rights = taker

    def run():
        book_place(
            slot_id=slot.pk,
            child_id=child.pk,
            family_id=family.pk,
            enrolment_id=rights[slot.offering_id].pk,
            channel="PORTAL",
            now=now,
            actor=world.parent(family),
        )
        return "booked"

    return run


def _book_all(slot, takers, now):
    return _rush([_job(slot, taker, now) for taker in takers])


def test_rush_never_overbooks(now, crowd):
    slot = a_slot(capacity=PLACES)
    assert _book_all(slot, crowd, now) == ["booked"] * PLACES + ["full"] * (TAKERS - PLACES)
    slot.refresh_from_db()
    assert slot.taken == PLACES


def test_rush_without_the_lock_runs_into_the_constraint(now, crowd, monkeypatch):
    # Control: nobody is told "full" in time, and the database still refuses one too many.
    slot = a_slot(capacity=PLACES)
    all_in = Barrier(TAKERS)

    _unlock(monkeypatch, all_in)
    assert _book_all(slot, crowd, now) == ["booked"] * PLACES + ["broken"] * (TAKERS - PLACES)


def _unlock(monkeypatch, all_in):
    """The places read without a lock, everyone at the same time: slots and what they share."""
    see = places.Seats.__init__

    def see_together(self, *slots, **how):
        see(self, *slots, **how)
        all_in.wait()

    monkeypatch.setattr(places, "_lock", places._look)
    monkeypatch.setattr(places.Seats, "__init__", see_together)


@pytest.fixture
def without_guard():
    """The database's own guard taken away, for the controls that show what it prevents."""

    def switch(word):
        with connection.cursor() as cursor:
            for table in ("slot", "pool"):
                cursor.execute(f"ALTER TABLE bookings_{table} {word} TRIGGER USER")
                # What is shared is still counted: only the guard is away.
            if word == "DISABLE":
                cursor.execute(
                    "SELECT tgname FROM pg_trigger WHERE tgrelid = 'bookings_slot'::regclass "
                    "AND tgname LIKE 'pgtrigger_counts%'"
                )
                cursor.execute(f"ALTER TABLE bookings_slot ENABLE TRIGGER {cursor.fetchone()[0]}")

    switch("DISABLE")
    yield
    switch("ENABLE")


def test_without_lock_nor_guard_places_are_overbooked(now, crowd, monkeypatch, without_guard):
    # Control of the guard: everybody is told that the place is theirs.
    slot = a_slot(capacity=PLACES)
    _unlock(monkeypatch, Barrier(TAKERS))
    assert _book_all(slot, crowd, now) == ["booked"] * TAKERS
    slot.refresh_from_db()
    assert slot.taken == TAKERS > slot.capacity


LEVELS = {
    "group": lambda: [a_slot(capacity=50, old_capacity=PLACES)],
    "adults": lambda: [a_slot(capacity=50, adults=1, young_per_adult=2, old_per_adult=PLACES)],
    "kept": lambda: [a_slot(capacity=PLACES + 2, kept=2)],
    "shared": lambda: list(a_centre(capacity=PLACES).values())[:2],
}


@pytest.mark.parametrize("level", LEVELS)
def test_rush_never_overbooks_any_level(level, now, crowd):
    slots = LEVELS[level]()
    got = _book_each(slots, crowd, now)
    assert got == ["booked"] * PLACES + ["full"] * (TAKERS - PLACES)
    assert _taken(slots) == PLACES


@pytest.mark.parametrize("level", LEVELS)
def test_without_the_lock_the_database_refuses_on_each_level(level, now, crowd, monkeypatch):
    slots = LEVELS[level]()
    _unlock(monkeypatch, Barrier(TAKERS))
    got = _book_each(slots, crowd, now)
    assert got == ["booked"] * PLACES + ["broken"] * (TAKERS - PLACES)
    assert _taken(slots) == PLACES


@pytest.mark.parametrize("level", LEVELS)
def test_without_lock_nor_guard_each_level_is_overbooked(
    level, now, crowd, monkeypatch, without_guard
):
    slots = LEVELS[level]()
    _unlock(monkeypatch, Barrier(TAKERS))
    assert _book_each(slots, crowd, now) == ["booked"] * TAKERS
    assert _taken(slots) == TAKERS


def _book_each(slots, takers, now):
    """Each taker on one of the slots in turn."""
    return _rush([_job(slots[rank % len(slots)], taker, now) for rank, taker in enumerate(takers)])


def _taken(slots):
    return sum(Slot.objects.get(pk=slot.pk).taken for slot in slots)


def _two_formulas(now, crowd):
    slots = a_centre()
    family, child, _ = crowd[0]

    def job(slot):
        def run():
            sent = submit_planning(
                family_id=family.pk,
                add=[(slot.pk, child.pk)],
                key=world.key(),
                channel="PORTAL",
                now=now,
                actor=world.parent(family),
            )
            return sent.receipt[0]["outcome"]

        return run

    return _rush([job(slots["day"]), job(slots["morning"])])


def test_one_child_never_holds_two_formulas_at_once(now, crowd):
    assert _two_formulas(now, crowd) == ["CONFIRMED", "REFUSED"]


def test_two_formulas_pass_when_each_sending_locks_its_own_slot_only(now, crowd, monkeypatch):
    # Control: the two sendings are in sight of each other by the locks of the whole day.
    both_read, read_live = Barrier(2), deciding._read_live

    def own_slot(slot_ids, planner=None):
        return lock_rows(Slot.objects.all(), slot_ids)

    def read(*asked):
        found = list(read_live(*asked))
        both_read.wait()
        return found

    monkeypatch.setattr(places, "_lock", places._look)
    monkeypatch.setattr(places, "_lock_slots", own_slot)
    read.asked = read_live.asked
    monkeypatch.setattr(deciding, "_read_live", read)
    assert _two_formulas(now, crowd) == ["CONFIRMED", "CONFIRMED"]


def _send_all(slots, takers, now):
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

    return _rush([job(family, child) for family, child, _ in takers])


def test_plannings_sent_at_once_fill_the_places_and_rank_the_others(now, crowd):
    slots = [a_slot(capacity=PLACES), a_slot(capacity=PLACES)]
    _send_all(slots, crowd, now)
    for slot in slots:
        slot.refresh_from_db()
        rows = list(slot.bookings.order_by("ordinal").values_list("status", flat=True))
        # In the order of their ordinals: nobody is confirmed after one who waits.
        assert rows == ["CONFIRMED"] * PLACES + ["WAITING"] * (TAKERS - PLACES)
        assert slot.taken == PLACES and slot.last_ordinal == TAKERS


def test_slots_named_in_any_order_never_deadlock(now, crowd):
    slots = [a_slot(capacity=50) for _ in range(4)]
    takers = crowd[:8]

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
    assert Booking.objects.filter(slot__in=slots, status="CONFIRMED").count() == 32


def test_the_same_sending_from_two_tabs_at_once_is_one_sending(now, crowd):
    slot = a_slot()
    family, child, _ = crowd[0]
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
    assert slot.taken == 1 == slot.bookings.count()
