"""A parent pays at the bank in a real browser: on a phone, on a desk, without JavaScript."""

import os
import re
import uuid

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import expect

from preau.billing import counter
from tests.bookings.world import children_of, make_family, make_offering, user_of
from tests.harness.bank import BankProcess
from tests.harness.browser import overflow_of, read_by_axe
from tests.harness.money import AGENT, NOW, left_on, make_invoice, name_cashier
from tests.payments.world import open_office

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("PREAU_SHOTS", "")


@pytest.fixture
def bank(live_server):
    bank = BankProcess(live_server.url)
    yield bank
    bank.stop()


def sign_in(page, user, live_server, backend="preau.families.auth.FamilyBackend"):
    client = Client()
    client.force_login(user, backend=backend)
    page.context.add_cookies(
        [
            {
                "name": django_settings.SESSION_COOKIE_NAME,
                "value": client.cookies[django_settings.SESSION_COOKIE_NAME].value,
                "url": live_server.url,
            }
        ]
    )


def looked_at(page, name, javascript=True):
    """No violation for axe; the page does not scroll sideways; a picture when asked for."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    if javascript:
        assert read_by_axe(page) == [], name
    else:
        assert overflow_of(page) <= 0, name


@pytest.mark.parametrize(
    ("kind", "width", "javascript", "scheme"),
    [
        ("SPPLUS", 360, True, "light"),
        ("SYSTEMPAY", 1280, True, "dark"),
        ("SPPLUS", 1280, False, "light"),
        ("SYSTEMPAY", 360, False, "dark"),
    ],
)
def test_a_parent_pays(live_server, bank, open_page, settings, kind, width, javascript, scheme):
    settings.BASE_URL = live_server.url
    family = make_family(2)
    lina, noe = children_of(family)
    office = open_office(kind, bank.url)
    activity = make_offering().activity_id
    make_invoice(
        family,
        office,
        3180,
        2862,
        child_id=lina.pk,
        activity_id=activity,
        month=NOW.date().replace(month=9, day=1),
    )
    counter.take_payment(
        family_id=family.pk,
        cash_office_id=office.pk,
        means="CASH",
        amount_cents=6042,
        key=uuid.uuid4(),
        actor=AGENT,
        now=NOW,
    )
    invoice = make_invoice(family, office, 3180, 8542, child_id=noe.pk, activity_id=activity)
    page = open_page(width, javascript=javascript, scheme=scheme)
    sign_in(page, user_of(family), live_server)
    tail = f"{width}-{scheme}"

    page.goto(f"{live_server.url}/espace/compte/")
    looked_at(page, f"account-{tail}", javascript)
    page.get_by_role("link", name="Payer une partie").first.click()
    looked_at(page, f"pay-{tail}", javascript)
    page.locator(f"input[name=invoice_{invoice.pk}]").fill("100")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("button", name="sur la page de la banque")).to_be_visible()
    looked_at(page, f"leave-{tail}", javascript)
    page.get_by_role("button", name="sur la page de la banque").click()
    page.wait_for_url(f"{bank.url}/**")
    looked_at(page, f"bank-{tail}", javascript)
    page.get_by_role("button", name="Payer").click()
    page.wait_for_url(f"{live_server.url}/**")
    page.get_by_role("heading", name="Paiement reçu").first.wait_for()
    looked_at(page, f"paid-{tail}", javascript)
    assert left_on(invoice) == 1722


def test_while_the_bank_is_silent_it_is_in_progress(live_server, bank, open_page, settings):
    settings.BASE_URL = live_server.url
    family = make_family(1)
    office = open_office("SPPLUS", bank.url)
    make_invoice(family, office, 5000)
    bank.control("reglages", delay_s=3, etats=["10"])
    page = open_page(360)
    sign_in(page, user_of(family), live_server)
    page.goto(f"{live_server.url}/espace/compte/")
    page.get_by_role("button", name=re.compile("Payer 50,00")).click()
    page.get_by_role("button", name="sur la page de la banque").click()
    page.get_by_role("button", name="Payer").click()
    page.get_by_role("heading", name="Paiement en cours").wait_for()
    looked_at(page, "pending-360")
    page.goto(f"{live_server.url}/espace/compte/")
    looked_at(page, "account-pending-360")
    page.go_back()
    # The page asks by itself, and says it when the bank has spoken.
    page.get_by_text("Total").wait_for()
    page.get_by_role("heading", name="Paiement reçu", level=1).wait_for()
    looked_at(page, "pending-then-paid-360")


def test_an_agent_takes_cash(live_server, open_page):
    from preau.accounts.enums import Role
    from tests.harness.people import make_agent

    family = make_family(2)
    office = open_office("SPPLUS")
    for rank in range(3):
        make_invoice(family, office, 3180 + rank, child_id=children_of(family)[0].pk)
    page = open_page(1280)
    agent = make_agent(Role.CASHIER, Role.ACCOUNTANT)
    name_cashier(office, agent.pk, name="Sonia Lopes")
    sign_in(page, agent, live_server, "preau.accounts.auth.AgentBackend")
    for name, path in [
        ("invoices", "/mairie/factures/"),
        ("runs", "/mairie/facturation/"),
        ("offices", "/mairie/regies/"),
        ("office", "/mairie/regies/enfance/"),
        ("gateway", "/mairie/regies/enfance/banque/"),
        ("activities", "/mairie/regies/enfance/activites/"),
        ("payments", "/mairie/paiements/"),
        ("counter", "/mairie/encaissements/"),
        ("family-account", f"/mairie/dossiers/{family.code}/compte/"),
    ]:
        page.goto(live_server.url + path)
        looked_at(page, f"agent-{name}")
    page.goto(live_server.url + "/mairie/caisses/enfance/")
    page.get_by_label("Fonds de caisse compté").fill("50")
    page.get_by_role("button", name="Ouvrir la journée").click()
    page.goto(live_server.url + f"/mairie/dossiers/{family.code}/compte/")
    page.get_by_role("link", name="Encaisser").first.click()
    page.locator("[name^=pay_]").first.check()
    page.locator("[name=means_1]").select_option("CASH")
    looked_at(page, "agent-take")
    page.get_by_role("button", name="Encaisser et donner un reçu").click()
    page.get_by_text("ENFANCE-R-").first.wait_for()
    looked_at(page, "agent-taken")
