"""Two homes over a fortnight: each parent books its days, is billed for them, sees nothing of the
other; a day exchanged by both moves who books and who pays."""

import datetime as dt
import re

import pytest
from django.apps import apps
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from preau.billing import pricing, runs
from preau.billing.models import Invoice
from preau.bookings.models import Booking
from preau.bookings.services import open_slots
from preau.families.models import Custody, CustodyException, Guardian
from preau.kernel.actors import Actor
from preau.rulebook.text.read_book import read_text
from tests.bookings import world
from tests.harness.money import AGENT, OCTOBER, make_office
from tests.harness.money import NOW as NOVEMBER
from tests.harness.people import make_town

pytestmark = pytest.mark.django_db(transaction=True)
NOW = world.instant("2026-10-06T16:45")
BOOK = """
format: 1
name: Essai
activities:
  cantine: {label: Cantine, kind: meal, products: {repas: {label: Repas}}}
tariffs:
  - id: repas
    label: Repas
    for: cantine
    grid:
      by: quotient
      rows:
        - {from: 0, to: 1000, price: 3.18}
        - {from: 1000.01, price: 5.00}
        - {unknown: true, price: 6.00}
"""
CLOCKS = (
    "ui.days.checkout",
    "ui.days.planning",
    "ui.childsheet.pages",
    "portal.family.sheets",
    "portal.family.views",
)
# What each home must never read of the other.
MOTHER = ("4 sente des Lilas", "06 11 11 11 11", "0611111111", "742", "Nadia")
FATHER = ("9 quai des Aulnes", "06 22 22 22 22", "0622222222", "2 000", "2000", "Karim")


def home(name, first_name, line1, phone, quotient):
    family = world.make_family(0, name=name)
    type(family).objects.filter(pk=family.pk).update(address_line1=line1)
    Guardian.objects.filter(family=family).update(first_name=first_name, mobile_phone=phone)
    world.set_quotient(family, quotient)
    return family


@pytest.fixture
def homes(monkeypatch):
    """Lina: even weeks at her mother's, odd ones at her father's. Week 41 is odd."""
    for module in CLOCKS:
        monkeypatch.setattr(f"preau.{module}.utc_now", lambda: NOW)
    book = read_text(BOOK)
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: book)
    make_town()
    canteen = world.make_offering()
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=canteen.activity,
        cash_office=make_office(),
        accounting_code="7067",
        is_meal=True,
    )
    mother = home("Bouvier", "Nadia", "4 sente des Lilas", "0611111111", 742)
    father = home("Keita", "Karim", "9 quai des Aulnes", "0622222222", 2000)
    lina = world.add_child(mother, "Lina", weeks="EVEN")
    Custody.objects.create(child=lina, family=father, weeks="ODD", starts_on=dt.date(2018, 3, 12))
    for family in (mother, father):
        world.enrol(family, canteen, lina)
    open_slots(
        offering_ids=[canteen.pk],
        first=world.day("2026-09-28"),
        last=world.day("2026-11-06"),
        now=NOW,
        actor=Actor.system(),
    )
    return lina, mother, father


@pytest.fixture
def parent(open_page, live_server):
    def open_as(family):
        page = open_page(width=360, base_url=live_server.url)
        user = world.user_of(family)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "preau.families.auth.FamilyBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        page.context.add_cookies(
            [{"name": "preau_session", "value": session.session_key, "url": live_server.url}]
        )
        return page

    return open_as


def book_days(page, *names):
    page.goto("/espace/reservations/?mois=2026-10")
    for name in names:
        page.locator("label.slot", has_text=re.compile(f"Lina, {name}\\b")).click()
    page.get_by_role("button", name="Vérifier et envoyer").last.click()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("body")).to_contain_text("C’est envoyé")


def type_day(page, name, day):
    for part, value in (("day", day.day), ("month", day.month), ("year", day.year)):
        page.fill(f"[name='{name}_{part}']", str(value))


def test_each_parent_books_is_billed_and_sees_nothing_of_the_other(
    homes, parent, assert_accessible
):
    lina, mother, father = homes
    hers, his = parent(mother), parent(father)
    hers.goto("/espace/reservations/?mois=2026-10")
    # Week 41 is the father's: the mother cannot even tick it.
    assert hers.locator("label.slot", has_text=re.compile("Lina, jeudi 8")).count() == 0
    expect(hers.locator("body")).to_contain_text("Chez l’autre parent")
    book_days(hers, "lundi 12", "mardi 13")
    book_days(his, "jeudi 8", "vendredi 9")

    # Thursday 15 is the mother's: she proposes that the father has it, and he agrees.
    hers.goto(f"/espace/famille/enfants/{lina.pk}/semaines/")
    assert_accessible(hers)
    hers.check("[name='where'][value='there']")
    type_day(hers, "starts_on", dt.date(2026, 10, 15))
    type_day(hers, "ends_on", dt.date(2026, 10, 15))
    hers.get_by_role("button", name="Proposer cet échange").click()
    assert CustodyException.objects.get().status == "PROPOSED"
    his.goto(f"/espace/famille/enfants/{lina.pk}/semaines/")
    assert_accessible(his)
    his.get_by_role("button", name="D’accord").click()
    assert CustodyException.objects.get().status == "AGREED"
    book_days(his, "jeudi 15")
    hers.goto("/espace/reservations/?mois=2026-10")
    assert hers.locator("label.slot", has_text=re.compile("Lina, jeudi 15")).count() == 0
    assert set(Booking.objects.values_list("family_id", "slot__day")) == {
        (mother.pk, dt.date(2026, 10, 12)),
        (mother.pk, dt.date(2026, 10, 13)),
        (father.pk, dt.date(2026, 10, 8)),
        (father.pk, dt.date(2026, 10, 9)),
        (father.pk, dt.date(2026, 10, 15)),
    }

    office = apps.get_model("billing", "CashOffice").objects.get()
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOVEMBER)
    runs.preview(run_id=run.pk, now=NOVEMBER)
    run.refresh_from_db()
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=NOVEMBER)
    runs.issue(run_id=run.pk, now=NOVEMBER)
    invoices = {i.family_id: i for i in Invoice.objects.all()}
    assert {pk: i.total_cents for pk, i in invoices.items()} == {
        mother.pk: 2 * 318,
        father.pk: 3 * 500,
    }

    # Nothing of one on any page of the other.
    pages = (
        "/espace/",
        "/espace/famille/",
        f"/espace/famille/enfants/{lina.pk}/fiche/",
        f"/espace/famille/enfants/{lina.pk}/semaines/",
        "/espace/reservations/?mois=2026-10",
        "/espace/compte/",
        "/espace/menus/",
    )
    for page, own, secrets, theirs in (
        (hers, "6,36", FATHER, invoices[father.pk]),
        (his, "15,00", MOTHER, invoices[mother.pk]),
    ):
        for address in pages:
            page.goto(address)
            text = page.inner_text("body")
            for secret in (*secrets, theirs.number):
                assert secret not in text, (address, secret)
        page.goto("/espace/compte/")
        expect(page.locator("body")).to_contain_text(own)
        answer = page.request.get(f"/espace/compte/facture/{theirs.number}/")
        assert answer.status == 404
    his.goto(pages[2])
    assert_accessible(his)
