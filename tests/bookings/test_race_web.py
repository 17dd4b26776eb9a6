"""The race through the web: several server processes, and one of them killed in the middle."""

import asyncio
import os
import random
import re
import signal
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from bench.opening_client import Browser, Tally
from preau.bookings.models import Booking, Slot, Submission
from preau.config.run import Part, stop_all, web_command
from preau.kernel import french
from tests.bookings import world
from tests.harness.stack import free_port, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
FAMILIES = 50
MONTH = "2027-01"


@pytest.fixture
def web(transactional_db, tmp_path):
    """Two web processes on this test's database; (port, supervisor's pid)."""
    port = free_port()
    part = Part(
        "web",
        "web",
        web_command(host="127.0.0.1", port=port, workers=2, threads=2),
        tmp_path / "web.log",
    )
    part.start(
        {
            **os.environ,
            "PREAU_MODE": "test",
            "PREAU_BASE_URL": f"http://localhost:{port}",
            "PREAU_WAITING_ROOM": "0",
        }
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", [part])
        yield port, part.process.pid
    finally:
        stop_all([part])


def crowd(slot, count=FAMILIES):
    people = []
    for _ in range(count):
        family = world.make_family(1)
        world.enrol_all(family, slot.offering)
        client = Client()
        client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
        people.append(
            {
                "session": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "child": world.children_of(family)[0].pk,
            }
        )
    return people


async def come(port, people, choose, tally, meanwhile=None):
    """Everyone at once, each with the days that `choose` gives it; an act in the middle."""

    async def one(rank, person):
        await asyncio.sleep(random.random())
        try:
            await Browser(port, person, tally).journey(MONTH, choose(rank), activity="cantine")
        except Exception as error:
            tally.errors.append(repr(error))

    await asyncio.gather(
        *(one(rank, person) for rank, person in enumerate(people)),
        *([meanwhile()] if meanwhile else []),
    )


def test_fifty_families_one_place(web):
    port, _pid = web
    slot = world.make_slot("2027-01-14", capacity=1)
    tally = Tally()
    asyncio.run(come(port, crowd(slot), lambda rank: ["0"], tally))
    assert tally.errors == [] and len(tally.receipts) == FAMILIES
    rows = list(slot.bookings.order_by("ordinal").values_list("status", flat=True))
    assert rows == ["CONFIRMED"] + ["WAITING"] * (FAMILIES - 1)
    # Each of the others was told its own position, from first to last.
    ranks = {}
    for sent in Submission.objects.all():
        [line] = sent.receipt
        ranks[sent.reference] = line["rank"]
    assert sorted(rank or 0 for rank in ranks.values()) == list(range(FAMILIES))
    for reference, rank in ranks.items():
        page = tally.receipts[reference].decode()
        said = re.search(r"(\d+(?:er|re|e))[^<]{0,3}de la liste d’attente", page)
        assert (said and said[1]) == (french.ordinal(rank) if rank else None)


def workers(pid):
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_killed_process_loses_and_invents_nothing(web):
    port, pid = web
    days = ["2027-01-12", "2027-01-14", "2027-01-15"]
    slots = [world.make_slot(day, capacity=15) for day in days]
    people, tally, killed = crowd(slots[0]), Tally(), []

    async def kill():
        # In the middle of the rush: no word, no chance to finish.
        while len(tally.receipts) < 10 and not tally.errors:
            await asyncio.sleep(0.02)
        killed.append(workers(pid)[-1])
        os.kill(killed[0], signal.SIGKILL)

    asyncio.run(come(port, people, lambda rank: [str(rank % 3), str((rank + 1) % 3)], tally, kill))
    assert killed and len(tally.receipts) > 10
    assert tally.errors == [] and len(tally.receipts) == FAMILIES
    # Every receipt that was read is in the database, and nothing else is: one sending a family,
    # and exactly the days that the receipts tell.
    sent = {s.reference: s for s in Submission.objects.all()}
    assert set(sent) == set(tally.receipts)
    told = {
        (line["slot"], line["child"]): line["outcome"] for s in sent.values() for line in s.receipt
    }
    held = {(b.slot_id, b.child_id): b.status for b in Booking.objects.all()}
    assert told == held and len(held) == 2 * FAMILIES
    for slot in Slot.objects.all():
        rows = list(slot.bookings.order_by("ordinal").values_list("status", flat=True))
        assert slot.taken == 15 and slot.last_ordinal == len(rows)
        assert rows == ["CONFIRMED"] * 15 + ["WAITING"] * (len(rows) - 15)
    until = time.monotonic() + 120  # another takes its place, within a second or so
    while killed[0] in workers(pid) or len(workers(pid)) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
