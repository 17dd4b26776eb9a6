"""The waiting room in real browsers on the real server: the wait, the turn and the receipt, on a
phone, with script and without, at the same time."""

import datetime as dt
import os
import re

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from preau.bookings.models import Booking
from preau.config.run import Part, stop_all, web_command
from preau.openings.gate import open_room
from preau.openings.models import Admission, Gate
from tests.bookings import world
from tests.harness.stack import free_port, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE_US = 60


@pytest.fixture
def web(transactional_db, tmp_path):
    """A web process of this test's database, with the waiting room; its address."""
    port = free_port()
    part = Part(
        "web",
        "web",
        web_command(host="127.0.0.1", port=port, workers=1, threads=2),
        tmp_path / "web.log",
    )
    part.start(
        {
            **os.environ,
            "PREAU_MODE": "test",
            "PREAU_BASE_URL": f"http://localhost:{port}",
            "PREAU_WAITING_ROOM": "1",
        }
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", [part])
        yield f"http://localhost:{port}"
    finally:
        stop_all([part])


def sign_in(page, address, user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "preau.families.auth.FamilyBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    page.context.add_cookies(
        [{"name": "preau_session", "value": session.session_key, "url": address}]
    )


def test_the_wait_the_turn_and_the_receipt(web, open_page, assert_accessible):
    slot = world.make_slot("2027-01-14", capacity=1)
    pages = []
    for javascript in (True, False):
        family = world.make_family(1)
        world.enrol_all(family, slot.offering)
        page = open_page(width=360, javascript=javascript)
        sign_in(page, web, world.user_of(family))
        pages.append(page)
    now = dt.datetime.now(dt.UTC)
    open_room(rate=2, now=now)
    # Nobody is let in before the pages were looked at, however long that takes.
    Gate.objects.update(last_ticket=BEFORE_US, beat_at=now + dt.timedelta(days=1))
    planning = f"{web}/espace/reservations/?mois=2027-01&activite=cantine"

    # The wait: a place in words, kept when the page is loaded again.
    for page in pages:
        page.goto(planning)
        assert "/file-attente/" in page.url
        expect(page.locator("#place")).to_have_text(
            re.compile(r"\d+\sfamilles? (est|sont) avant vous")
        )
        assert page.get_attribute("#place", "aria-live") == "polite"
    scripted, plain = pages
    assert_accessible(scripted)
    given = Gate.objects.get().last_ticket
    scripted.reload()
    expect(scripted.locator("#place")).to_contain_text("avant vous")
    assert Gate.objects.get().last_ticket == given == BEFORE_US + 2

    # The turn: each page goes on by itself, nobody touching it.
    Gate.objects.update(admitted=BEFORE_US, beat_at=dt.datetime.now(dt.UTC))
    for page in pages:
        page.wait_for_url(re.compile("/espace/reservations/"), timeout=90_000)
    assert Admission.objects.count() == 2

    # The receipt: the first who sends has the place, the other knows its rank.
    for page, words in ((scripted, "1 jour réservé"), (plain, "1er de la liste d’attente")):
        day = page.locator("label.slot", has_text=re.compile("jeudi 14"))
        day.locator("input").check(force=True)
        page.get_by_role("button", name="Envoyer", exact=True).click()
        expect(page.locator("h1")).to_contain_text("C’est envoyé")
        expect(page.locator("main")).to_contain_text(words)
    assert set(Booking.objects.values_list("status", flat=True)) == {"CONFIRMED", "WAITING"}
