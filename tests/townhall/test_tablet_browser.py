"""A site's evening on two tablets: ten minutes without network, the same child ticked twice."""

import datetime as dt

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from preau.attendance.models import Attendance, Tick
from preau.attendance.services import add_duty, issue_card
from preau.childsheet.health import Health
from preau.childsheet.services import add_collector, write_health
from preau.kernel.actors import Actor
from tests.bookings import world
from tests.harness.people import make_town

pytestmark = pytest.mark.django_db(transaction=True)
DAY = "2026-10-06"
CUT = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch", "Failed to load resource")


class Clock:
    """The town hall's clock; the tablets' are played along with it."""

    def __init__(self) -> None:
        self.now = at("16:35")
        self.pages: list = []

    def move(self, clock: str) -> None:
        self.now = at(clock)
        for page in self.pages:
            page.clock.set_fixed_time(self.now)


def at(clock: str) -> dt.datetime:
    return world.instant(f"{DAY}T{clock}")


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    for module in ("townhall.sites.tablet", "townhall.sites.scope", "townhall.access"):
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: found.now)
    return found


@pytest.fixture
def evening():
    make_town()
    offering = world.make_offering(
        "soir", name="Accueil du soir", kind="EVENING_CARE", hours=("16:30", "18:30")
    )
    slot = world.make_slot(DAY, offering=offering, young_per_adult=10, old_per_adult=14)
    family = world.make_family(children=3)
    children = world.children_of(family)
    for child in children:
        world.book(slot, child, family)
    who = {"now": at("08:00"), "actor": Actor.system()}
    write_health(
        child_id=children[0].pk,
        family_id=family.pk,
        health=Health(allergens=("PEANUTS",)),
        **who,
    )
    add_collector(
        child_id=children[0].pk,
        family_id=family.pk,
        kind="ALLOWED",
        name="Rose Martin",
        phone="0601020304",
        **who,
    )
    add_duty(
        establishment_id=offering.establishment_id,
        day=slot.day,
        name="Léa Petit",
        starts_at=dt.time(16),
        ends_at=dt.time(19),
        **who,
    )
    card = issue_card(child_id=children[2].pk, family_id=family.pk, **who)
    return slot, children, card


@pytest.fixture
def tablets(open_page, live_server, clock, evening):
    """Two tablets of the site, open on the evening."""
    slot, *_ = evening
    agent = world.make_agent("SITE_MANAGER", slot.offering.establishment)
    url = f"{live_server.url}/mairie/tablette/{slot.offering.establishment_id}/"
    pages = []
    for _n in range(2):
        page = open_page(width=820, expected=CUT)
        session = SessionStore()
        session[SESSION_KEY] = str(agent.pk)
        session[BACKEND_SESSION_KEY] = "preau.accounts.auth.AgentBackend"
        session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
        session.save()
        page.context.add_cookies(
            [{"name": "preau_session", "value": session.session_key, "url": live_server.url}]
        )
        page.clock.set_fixed_time(clock.now)
        clock.pages.append(page)
        page.goto(url)
        page.wait_for_selector("[data-tablet][data-ready='1']")
        pages.append(page)
    return pages


def press(page, act, child):
    page.click(f"[data-act='{act}:{child.pk}']")


def wait_state(page, child, state):
    page.wait_for_selector(f"#e{child.pk}[data-state='{state}']")


def wait_sent(page):
    page.wait_for_selector("[data-net]", state="hidden")


def test_an_evening_without_network_for_ten_minutes(tablets, evening, clock, assert_accessible):
    _slot, (lina, noe, sami), card = evening
    one, two = tablets
    assert_accessible(one)
    press(one, "PRESENT", lina)
    wait_state(one, lina, "present")
    wait_sent(one)

    # 16:40, the first tablet loses the network; the page is even opened again.
    clock.move("16:40")
    one.context.set_offline(True)
    press(one, "PRESENT", noe)
    wait_state(one, noe, "present")
    one.fill("#code", card.code)
    one.press("#code", "Enter")
    wait_state(one, sami, "present")
    one.reload()
    wait_state(one, noe, "present")
    wait_state(one, sami, "present")
    expect(one.locator("[data-net]")).to_contain_text("2 en attente")
    assert_accessible(one)
    # What is health is not on the tablet.
    one.click(f"[data-health='{lina.pk}']")
    expect(one.locator("[data-dialog-body]")).to_contain_text("Sans réseau")
    one.click("[data-dialog-close]")
    # Meanwhile the second one, on line, sees the same child two minutes before.
    clock.move("16:38")
    press(two, "PRESENT", noe)
    wait_state(two, noe, "present")
    wait_sent(two)
    # A child goes home, given to a person of the list.
    clock.move("16:45")
    press(one, "LEFT", lina)
    one.click("[data-by^='Rose']")
    wait_state(one, lina, "left")
    assert Tick.objects.count() == 2, "the first tablet has said nothing since 16:40"

    # 16:50: back; the answer to the first sending is lost on the way, so it is sent again.
    clock.move("16:50")
    lost = []

    def lose(route):
        lost.append(route.fetch())
        route.abort()

    one.route("**/pointages/", lose)
    with one.expect_event("requestfailed", lambda asked: "/pointages/" in asked.url):
        one.context.set_offline(False)
    one.wait_for_selector("[data-net]:has-text('3 en attente')")
    one.unroute("**/pointages/", lose)
    one.evaluate("window.dispatchEvent(new Event('online'))")
    wait_sent(one)
    assert lost and lost[0].status == 200
    assert Tick.objects.count() == 5
    rows = {row.child_id: row for row in Attendance.objects.all()}
    assert rows[noe.pk].arrived_at == at("16:38"), "the earliest arrival wins"
    assert rows[sami.pk].arrived_at == at("16:40") and rows[sami.pk].source == "CARD"
    assert (rows[lina.pk].left_at, rows[lina.pk].collected_by) == (at("16:45"), "Rose Martin")
    outcomes = list(Tick.objects.filter(child=noe).order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["APPLIED", "KEPT"]
    # Both tablets end with the same list, and the ratio is shown.
    two.evaluate("window.dispatchEvent(new Event('online'))")
    wait_state(two, lina, "left")
    expect(two.locator("[data-counts]")).to_contain_text("2 / 1")
    # Signing out wipes what is personal.
    assert kept_days(two) == 1
    two.click("[data-signs-out] button")
    two.wait_for_url("**/mairie/connexion/**")
    assert kept_days(two) == 0


def kept_days(page) -> int:
    """How many days the tablet keeps."""
    return page.evaluate(
        """() => new Promise((yes) => {
            const asked = indexedDB.open("preau-site-day", 1);
            asked.onsuccess = () => {
              const base = asked.result;
              if (!base.objectStoreNames.contains("rows")) { base.close(); return yes(0); }
              const all = base.transaction("rows").objectStore("rows").getAllKeys();
              all.onsuccess = () => {
                base.close();
                yes(all.result.filter((key) => key.startsWith("day-")).length);
              };
            };
          })"""
    )
