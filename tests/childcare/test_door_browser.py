"""The crèche's door without network: two arrivals wait on the tablet, leave twice, count once."""

import datetime as dt
import re

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from preau.childcare.models import Presence, Punch
from tests.childcare.world import add_baby, make_world, sign
from tests.harness.people import make_agent

pytestmark = pytest.mark.django_db(transaction=True)
CUT = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch", "Failed to load resource")
SENDING = re.compile("/pointages/$")
MORNING = dt.datetime(2026, 10, 5, 6, 20, tzinfo=dt.UTC)


@pytest.fixture
def door(open_page, live_server, monkeypatch):
    """The tablet of a crèche that expects two children, open at 8:20."""
    for module in (
        "townhall.childcare.door",
        "townhall.childcare.scope",
        "townhall.sites.tablet",
        "townhall.access",
    ):
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: MORNING)
    world = make_world()
    world.contracts = [
        sign(world),
        sign(world, child_id=add_baby(world.family, "Noé", "2025-03-02").pk),
    ]
    agent = make_agent("CRECHE", now=MORNING)
    session = SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session[BACKEND_SESSION_KEY] = "preau.accounts.auth.AgentBackend"
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session.save()
    page = open_page(width=820, expected=CUT)
    page.context.add_cookies(
        [{"name": "preau_session", "value": session.session_key, "url": live_server.url}]
    )
    page.clock.set_fixed_time(MORNING)
    page.goto(f"{live_server.url}/mairie/tablette/creche/{world.site.pk}/")
    page.wait_for_selector("[data-tablet][data-ready='1']")
    return page, world


def test_two_arrivals_without_network_sent_twice_are_one_line_each(door, assert_accessible):
    page, world = door
    zelie, noe = world.contracts
    assert_accessible(page)
    page.context.set_offline(True)
    # One parent types the code, the team touches the other child; the page is even opened again.
    page.fill("#code", zelie.punch_code.lower())
    page.press("#code", "Enter")
    page.wait_for_selector(f"#e{zelie.child_id}[data-state='present']")
    page.click(f"[data-act='PRESENT:{noe.child_id}']")
    page.wait_for_selector(f"#e{noe.child_id}[data-state='present']")
    page.reload()
    page.wait_for_selector(f"#e{noe.child_id}[data-state='present']")
    expect(page.locator("[data-net]")).to_contain_text("2 en attente")
    assert Punch.objects.count() == 0

    # The first answer is lost on its way: everything leaves again.
    lost = []

    def lose(route):
        lost.append(route.fetch().status)
        route.abort()

    page.context.route(SENDING, lose)
    with page.expect_event("requestfailed", lambda one: one.url.endswith("/pointages/")):
        page.context.set_offline(False)
    page.context.unroute(SENDING, lose)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_selector("[data-net]", state="hidden")
    assert set(lost) == {200}
    assert {p.contract_id: p.outcome for p in Punch.objects.all()} == {
        zelie.pk: "APPLIED",
        noe.pk: "APPLIED",
    }
    assert Punch.objects.count() == Presence.objects.count() == 2
    assert sorted(Presence.objects.values_list("arrived_by", flat=True)) == ["AGENT", "CODE"]
    expect(page.locator("[data-counts] p").first).to_have_text("2présents sur 2 attendus")
