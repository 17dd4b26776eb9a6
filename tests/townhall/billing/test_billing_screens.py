"""The agents' money screens: lists, runs, offices, counter; who may, and what bad input gets."""

import datetime as dt
import re
import uuid

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.billing import counter, runs
from preau.billing.models import BillingRun, CashOffice, Invoice
from preau.payments.models import GatewayAccount
from tests.billing.test_runs import BOOK, book_day, set_quotient
from tests.bookings.world import children_of, make_family, make_offering, make_slot
from tests.harness.money import AGENT, NOW, OCTOBER, balance, left_on, make_invoice, make_office
from tests.harness.people import make_agent
from tests.payments.world import open_office, start

pytestmark = pytest.mark.django_db
BACKEND = "preau.accounts.auth.AgentBackend"


def url(name, *args):
    return reverse(f"townhall:{name}", args=args)


def signed_in(*roles):
    client = Client()
    client.force_login(make_agent(*roles, email=f"{uuid.uuid4()}@mairie.example"), BACKEND)
    return client


@pytest.fixture
def agent():
    return signed_in(Role.CASHIER, Role.ACCOUNTANT)


@pytest.fixture
def family():
    return make_family(2)


@pytest.fixture
def office():
    return make_office()


def text(response):
    return re.sub(r"[\u202f\u00a0]", " ", response.content.decode())


def test_every_screen_stands_empty_and_full(agent, family, office):
    names = [
        ("billing",),
        ("billing-runs",),
        ("cash-offices",),
        ("cash-office-new",),
        ("billing-payments",),
        ("family-account", family.code),
        ("cash-office", "enfance"),
        ("cash-office-gateway", "enfance"),
        ("cash-office-activities", "enfance"),
    ]
    for name in names:
        assert agent.get(url(*name)).status_code == 200, name
    invoice = make_invoice(family, office, 5000)
    make_offering()
    for name in [
        *names,
        ("billing-invoice", invoice.number),
        ("billing-credit-note", invoice.number),
    ]:
        assert agent.get(url(*name)).status_code == 200, name
    for query in (
        "?sort=-left",
        "?q=Bouvier",
        "?page=zz",
        "?office=enfance&state=left",
        "?month=2026-10-01",
        "?month=zz",
        "?state=credit",
        "?sort=secret",
    ):
        assert agent.get(url("billing") + query).status_code == 200, query
    assert agent.get(url("billing") + "?q=%00").status_code == 400
    for kind in ("csv", "xlsx", "ods"):
        response = agent.get(url("billing") + f"?export={kind}")
        assert response.status_code == 200
    assert agent.get(url("billing") + "?export=exe").status_code == 404


def test_who_may_not(family, office):
    invoice = make_invoice(family, office, 5000)
    manager = signed_in(Role.SITE_MANAGER)
    for name in [
        ("billing",),
        ("billing-invoice", invoice.number),
        ("family-account", family.code),
        ("billing-runs",),
        ("cash-offices",),
    ]:
        assert manager.get(url(*name)).status_code == 403, name
    desk = signed_in(Role.COUNTER)
    assert desk.get(url("family-account", family.code)).status_code == 200
    assert desk.get(url("billing-runs")).status_code == 403
    assert Client().get(url("billing")).status_code == 302


def test_a_credit_note_from_the_screen(agent, family, office):
    invoice = make_invoice(family, office, 5000, 1000)
    line = invoice.lines.order_by("pk").first()
    page = url("billing-credit-note", invoice.number)
    assert agent.post(page, {f"line_{line.pk}": "5"}).status_code == 422
    assert agent.post(page, {f"line_{line.pk}": "50,01", "reason": "x"}).status_code == 422
    assert agent.post(page, {"reason": "x"}).status_code == 422
    response = agent.post(page, {f"line_{line.pk}": "5", "reason": "Grève du 8"})
    assert response.status_code == 302 and left_on(invoice) == 5500
    note = Invoice.objects.get(kind="CREDIT_NOTE")
    assert "Grève du 8" in text(agent.get(url("billing-invoice", note.number)))
    assert agent.get(url("billing-credit-note", note.number)).status_code == 404


def test_a_run_from_the_screens(agent, family, office, monkeypatch):
    from preau.billing import pricing
    from preau.rulebook.text.read_book import read_text

    book = read_text(BOOK)
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: book)
    monkeypatch.setattr("preau.townhall.billing.runs.utc_now", lambda: NOW)
    offering = make_offering()
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=offering.activity, cash_office=office
    )
    set_quotient(family, 742)
    book_day(family, children_of(family)[0], make_slot(dt.date(2026, 10, 1), offering=offering))
    response = agent.post(url("billing-runs"), {"office": "enfance", "month": "2026-10-01"})
    assert response.status_code == 302
    run = BillingRun.objects.get()
    page = url("billing-run", run.pk)
    assert "Avancement" in text(agent.get(page))
    assert (
        agent.post(url("billing-runs"), {"office": "enfance", "month": "2026-10-01"}).status_code
        == 422
    )
    assert agent.post(url("billing-runs"), {"office": "x", "month": "y"}).status_code == 422
    runs.preview(run_id=run.pk, now=NOW)
    html = text(agent.get(page))
    assert "3,18 €" in html and "Réservations sans pointage" in html and "Émettre 1" in html
    run.refresh_from_db()
    agent.post(url("billing-run-approve", run.pk), {"fingerprint": "wrong"})
    run.refresh_from_db()
    assert run.status == "PREVIEWED"
    agent.post(url("billing-run-approve", run.pk), {"fingerprint": run.fingerprint})
    runs.issue(run_id=run.pk, now=NOW)
    assert "Voir les factures" in text(agent.get(page))
    assert Invoice.objects.get().total_cents == 318
    assert agent.get(url("billing-run", 999)).status_code == 404


def test_offices_and_banks_from_the_screens(agent):
    values = {
        "code": "sports",
        "name": "Régie des sports",
        "top_up_min_cents": "10",
        "is_active": "on",
        "accepts_top_up": "on",
    }
    assert agent.post(url("cash-office-new"), values).status_code == 302
    assert agent.post(url("cash-office-new"), values).status_code == 422
    assert agent.post(url("cash-office", "sports"), values | {"name": ""}).status_code == 422
    assert agent.post(url("cash-office", "sports"), values | {"name": "Sports"}).status_code == 302
    assert CashOffice.objects.get().name == "Sports"
    bank = url("cash-office-gateway", "sports")
    bad = {"gateway": "SYSTEMPAY", "site_id": "12", "secret": "x", "is_active": "on"}
    response = agent.post(bank, bad)
    assert response.status_code == 422 and "fonctionner" in text(response)
    good = bad | {"site_id": "12345678", "secret": "cleDeTest", "is_test": "on"}
    assert agent.post(bank, good).status_code == 302
    assert GatewayAccount.objects.get().options == {"site_id": "12345678"}
    html = agent.get(bank).content.decode()
    assert "cleDeTest" not in html and "/api/paiements/sports/notification/" in html
    assert agent.post(bank, good | {"service_url": "ftp://x"}).status_code == 422
    payfip = {"gateway": "PAYFIP", "numcli": "12345", "saisie": "W", "is_active": "on"}
    assert agent.post(bank, payfip).status_code == 422
    assert agent.post(bank, payfip | {"numcli": ""}).status_code == 422
    assert agent.post(bank, payfip | {"numcli": "090909", "is_test": "on"}).status_code == 302
    account = GatewayAccount.objects.get()
    assert account.options == {"numcli": "090909", "saisie": "W"}
    assert not account.is_test and not account.sealed_secret
    offering = make_offering()
    prefix = f"a{offering.activity_id}"
    response = agent.post(
        url("cash-office-activities", "sports"),
        {
            f"{prefix}-office": "sports",
            f"{prefix}-accounting_code": "7067",
            f"{prefix}-is_meal": "on",
        },
    )
    assert response.status_code == 302
    row = apps.get_model("billing", "ActivityAccounting").objects.get()
    assert (row.accounting_code, row.is_meal) == ("7067", True)


def test_a_product_is_given_its_own_account_and_an_activity_stays_prepaid(agent, office):
    offering = make_offering()
    make_offering(product="pique-nique")
    products = {p.slug: p.pk for p in offering.activity.products.all()}
    page, prefix = url("cash-office-activities", office.code), f"a{offering.activity_id}"
    sent = {f"{prefix}-office": office.code, f"{prefix}-is_prepaid": "on"}
    picnic = f"p{products['pique-nique']}"
    bad = agent.post(page, sent | {f"{picnic}-function_code": "281"})
    assert bad.status_code == 422 and "Écrivez aussi le compte" in text(bad)
    assert agent.post(page, sent | {f"{picnic}-accounting_code": "70688"}).status_code == 302
    html = agent.get(page).content.decode()
    assert (
        html.count("70688") == 1
        and f'name="{prefix}-is_prepaid" id="id_{prefix}-is_prepaid" checked' in html
    )
    assert agent.post(page, sent).status_code == 302
    own = apps.get_model("billing", "ProductAccounting")
    assert not own.objects.exists()
    assert apps.get_model("billing", "ActivityAccounting").objects.get().is_prepaid


@pytest.mark.parametrize("many", [1, 3])
def test_few_queries(agent, office, many, django_assert_max_num_queries):
    family = make_family(1)
    for _ in range(many):
        make_invoice(family, office, *[1000] * many)
        counter.take_payment(
            family_id=family.pk,
            cash_office_id=office.pk,
            means="CASH",
            amount_cents=100,
            key=uuid.uuid4(),
            actor=AGENT,
            now=NOW,
        )
    for name in [("billing",), ("family-account", family.code)]:
        with django_assert_max_num_queries(22):
            assert agent.get(url(*name)).status_code == 200


def test_what_banks_said_is_shown(agent, family):
    office = open_office("SPPLUS")
    start(family, office, top_up=1000)
    Client().post("/api/paiements/enfance/notification/", {"x": "<script>"})
    html = text(agent.get(url("billing-payments")))
    assert "non vérifié" in html and "<script>alert" not in html
    assert balance(family, office) == 0 and OCTOBER
