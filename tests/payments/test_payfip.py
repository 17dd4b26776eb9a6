"""PayFiP: our connector on eopayment's real class, the bank simulator's own SOAP, over HTTP."""

import datetime as dt
import json
import urllib.parse
import uuid

import pytest
from django.urls import reverse
from eopayment.payfip_ws import PayFiP, PayFiPError

from preau.accounts.enums import Role
from preau.billing import ledger
from preau.connectors import payfip as connector
from preau.demo.bank.merchants import DEMO_NUMCLI
from preau.kernel.clock import utc_now
from preau.payments import asking, gateways, services
from preau.payments.errors import (
    AmountOutOfBounds,
    BadGatewaySettings,
    EmailNeeded,
    GatewaySilent,
)
from preau.payments.gateway import PolledGateway
from preau.payments.models import Attempt, GatewayAccount, ProviderEvent
from preau.payments.queries import divergences, rejected_events
from preau.payments.resuming import resume
from tests.bookings import world
from tests.harness.bank import BankProcess, http
from tests.harness.money import (
    AGENT,
    PARENT,
    balance,
    left_on,
    make_family,
    make_invoice,
    make_office,
)
from tests.harness.people import make_agent

PAYER = services.Payer(first_name="Camille", last_name="Élan", email="camille@example.org")
S = Attempt.Status
MINUTE = dt.timedelta(minutes=1)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bank(live_server):
    bank = BankProcess(live_server.url)
    yield bank
    bank.stop()


@pytest.fixture
def family(db):
    return make_family()


@pytest.fixture
def office(bank):
    return open_office(bank.url)


def open_office(root, code="enfance", **options):
    found = make_office(code)
    gateways.save_gateway(
        cash_office_id=found.pk,
        gateway="PAYFIP",
        options={"numcli": DEMO_NUMCLI, "saisie": "T", "service_url": root} | options,
        secret="",
        is_test=True,
        is_active=True,
        actor=AGENT,
        now=utc_now(),
    )
    return found


def start(family, office, invoices=None, top_up=0, payer=PAYER, now=None):
    return services.start_payment(
        family_id=family.pk,
        cash_office_id=office.pk,
        invoices={invoice.pk: cents for invoice, cents in (invoices or {}).items()},
        top_up_cents=top_up,
        payer=payer,
        key=uuid.uuid4(),
        actor=PARENT,
        now=now or utc_now(),
    )


def send(attempt, shop, now=None):
    redirect = services.send_to_bank(
        family_id=attempt.family_id,
        reference=attempt.reference,
        payer=PAYER,
        return_url=f"{shop}/retour/",
        notify_url=f"{shop}/api/paiements/{attempt.cash_office.code}/notification/",
        now=now or utc_now(),
    )
    attempt.refresh_from_db()
    return f"{redirect.url}?{urllib.parse.urlencode(redirect.fields)}"


def sent(family, office, shop, cents=5_000):
    """(attempt, its invoice, PayFiP's page) once the payer is there."""
    invoice = make_invoice(family, office, cents)
    attempt = start(family, office, {invoice: cents})
    return attempt, invoice, send(attempt, shop)


def decide(page, decision="payer"):
    status, body, headers = http(page, {"decision": decision})
    assert status == 303, body
    return headers["Location"]


def ask(attempt, now=None):
    """The worker's turn: as if the pause had passed."""
    Attempt.objects.filter(pk=attempt.pk).update(ask_at=now or utc_now())
    asking.ask_due(now=now or utc_now())
    attempt.refresh_from_db()
    return attempt.status


def hint(shop, code, body):
    return http(f"{shop}/api/paiements/{code}/notification/", body)


# --- From the click to the account ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "status"),
    [("payer", S.SETTLED), ("prelever", S.SETTLED), ("refuser", S.REFUSED), ("rejeter", S.REFUSED)],
)
def test_the_whole_way(bank, live_server, family, office, decision, status):
    attempt, invoice, page = sent(family, office, live_server.url)
    assert attempt.status == S.PENDING and attempt.provider_id and attempt.ask_at
    assert http(page)[0] == 200
    back = decide(page, decision)
    assert back == f"{live_server.url}/retour/?idop={attempt.provider_id}"
    # The notification arrived: it is kept, it settled nothing, the worker's job waits.
    told = ProviderEvent.objects.get(source="NOTIFICATION")
    assert told.attempt == attempt and not told.is_verified and "idOp=" in told.raw
    attempt.refresh_from_db()
    assert attempt.status == S.PENDING and attempt.ask_at <= utc_now()
    assert jobs() == [attempt.pk]
    assert asking.ask_due(now=utc_now()) == 1
    attempt.refresh_from_db()
    paid = status == S.SETTLED
    assert attempt.status == status
    assert left_on(invoice) == (0 if paid else 5_000)
    answer = ProviderEvent.objects.get(source="POLL")
    assert answer.is_verified and json.loads(answer.raw)["refdet"] == attempt.reference
    # A refused payer may begin again while the operation lives: one last look.
    assert attempt.ask_at == (None if paid else attempt.sent_at + asking.LAST_LOOK)
    assert not rejected_events().exists()
    assert ledger.verify() == []


def jobs():
    from procrastinate.contrib.django.models import ProcrastinateJob

    found = ProcrastinateJob.objects.filter(task_name="payments.ask", status="todo")
    return [job.args["attempt_id"] for job in found]


def test_abandoned_waits_two_minutes_then_may_still_be_paid(bank, live_server, family, office):
    attempt, invoice, page = sent(family, office, live_server.url)
    decide(page, "abandonner")
    assert ask(attempt) == S.PENDING
    bank.control("reglages", detail={"dattrans": "01012026"})
    assert ask(attempt) == S.ABANDONED
    bank.control("reglages", detail={"resultrans": "P"})
    assert attempt.ask_at == attempt.sent_at + asking.LAST_LOOK
    assert ask(attempt) == S.SETTLED
    assert left_on(invoice) == 0


def test_a_payer_who_gave_up_but_paid_is_found_by_the_poll(bank, live_server, family, office):
    attempt, invoice, page = sent(family, office, live_server.url)
    bank.control("reglages", drop=True)
    decide(page)
    services.give_up(family_id=family.pk, reference=attempt.reference, actor=PARENT, now=utc_now())
    assert asking.ask_due(now=utc_now()) == 0, "its turn has not come"
    assert asking.ask_due(now=utc_now() + 2 * MINUTE) == 1
    attempt.refresh_from_db()
    assert attempt.status == S.SETTLED and left_on(invoice) == 0


def test_silence_ends_by_the_services_word_alone(bank, live_server, family, office):
    attempt, _invoice, _page = sent(family, office, live_server.url)
    start_at = attempt.sent_at
    assert ask(attempt, start_at + 30 * MINUTE) == S.PENDING  # P5
    assert ask(attempt, start_at + 3 * 60 * MINUTE) == S.EXPIRED
    assert attempt.ask_at is None
    gone, _invoice, _page = sent(make_family("Autre"), office, live_server.url)
    bank.app.book.payments.clear()
    assert ask(gone) == S.EXPIRED  # P1
    assert all(event.is_verified for event in ProviderEvent.objects.all())


def test_pauses_grow(bank, live_server, family, office):
    attempt, _invoice, _page = sent(family, office, live_server.url)
    bank.control("reglages", soap="error")
    now, pauses = attempt.sent_at, []
    for _ in range(12):
        now = attempt.ask_at
        assert asking.ask_due(now=now) == 0
        attempt.refresh_from_db()
        pauses.append(attempt.ask_at - now)
    assert pauses[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert pauses == sorted(pauses) and pauses[-1] == asking.LONGEST_PAUSE
    assert services.close_stale(now=now + dt.timedelta(days=4)) == 0, "the bank may still be asked"
    asking.ask_due(now=attempt.sent_at + dt.timedelta(days=31))
    assert services.close_stale(now=attempt.sent_at + dt.timedelta(days=31)) == 1


# --- Hostile notifications -----------------------------------------------------------------------


def test_a_forged_hint_settles_nothing(bank, live_server, family, office):
    attempt, invoice, _page = sent(family, office, live_server.url)
    forged = f"idOp={attempt.provider_id}&resultrans=P&montant=5000&refdet={attempt.reference}"
    assert hint(live_server.url, "enfance", forged.encode())[0] == 200
    assert ask(attempt) == S.PENDING
    assert left_on(invoice) == 5_000


@pytest.mark.parametrize(
    "body",
    [
        b"idop=00000000-0000-0000-0000-000000000000",
        b"idop=%27%3B+DROP+TABLE&x=1",
        b"idOp=",
        b"idop=a&idOp=b",
        b"\xff\xfe",
        b"",
        b"idop=" + b"a" * 20_000,
    ],
)
def test_an_unknown_operation_gets_an_answer_and_a_trace(bank, live_server, family, office, body):
    _attempt, invoice, _page = sent(family, office, live_server.url)
    assert hint(live_server.url, "enfance", body)[0] == 400
    event = ProviderEvent.objects.get()
    assert event.attempt is None and not event.is_verified
    assert jobs() == [] and left_on(invoice) == 5_000


def test_another_familys_or_offices_operation(bank, live_server, family, office):
    attempt, invoice, page = sent(family, office, live_server.url)
    other = make_family("Autre")
    theirs, their_invoice, _ = sent(other, office, live_server.url, 7_000)
    decide(page)
    # The other family names an operation that is not its own on its own return.
    services.receive(
        cash_office_code="enfance", raw=f"idop={attempt.provider_id}", source="RETURN",
        now=utc_now(),
    )  # fmt: skip
    asking.ask_due(now=utc_now())
    theirs.refresh_from_db()
    assert theirs.status == S.PENDING and left_on(their_invoice) == 7_000
    assert left_on(invoice) == 0 and balance(other, office) == 7_000
    # And this office's operation says nothing at another's address.
    open_office(bank.url, "sports")
    assert hint(live_server.url, "sports", f"idop={theirs.provider_id}".encode())[0] == 400


def test_the_services_answer_for_another_payment_is_not_believed(bank, live_server, family, office):
    attempt, invoice, page = sent(family, office, live_server.url)
    decide(page)
    for wrong, problem in (
        ({"montant": "100"}, "AMOUNT"),
        ({"montant": "50,00"}, "AMOUNT"),
        ({"refdet": "A" * 20}, "REFERENCE"),
        ({"numcli": "111111"}, "MERCHANT"),
        ({"saisie": "W"}, "MODE"),
        ({"idOp": "x"}, "CONTRADICTION"),
    ):
        bank.control("reglages", detail=wrong)
        assert ask(attempt) == S.PENDING, wrong
        event = ProviderEvent.objects.filter(source="POLL").latest("pk")
        assert problem in event.problems and not event.is_verified
        assert left_on(invoice) == 5_000
        assert attempt.ask_at is not None
    bank.control("reglages", detail={"refdet": "", "resultrans": ""})
    ask(attempt)
    # The cashier sees it at once, without waiting two hours.
    assert list(divergences(utc_now())) == [attempt]
    bank.control("reglages")
    assert ask(attempt) == S.SETTLED
    assert not divergences(utc_now()).exists()


def test_replayed_it_is_paid_once(bank, live_server, family, office):
    attempt, invoice, page = sent(family, office, live_server.url)
    bank.control("reglages", copies=3)
    decide(page)
    body = f"idOp={attempt.provider_id}".encode()
    for _ in range(40):
        assert hint(live_server.url, "enfance", body)[0] == 200
    assert jobs() == [attempt.pk], "one question for all these hints"
    assert attempt.events.count() == asking.MOST_HINTS
    asking.ask(attempt_id=attempt.pk, now=utc_now())
    asking.ask(attempt_id=attempt.pk, now=utc_now())
    assert hint(live_server.url, "enfance", body)[0] == 200
    attempt.refresh_from_db()
    assert attempt.status == S.SETTLED and attempt.ask_at is None
    assert attempt.events.filter(source="POLL").count() == 1
    assert balance(family, office) == 0 and left_on(invoice) == 0


@pytest.mark.parametrize("mood", ["error", "junk", "silent"])
def test_a_service_that_is_down_leaves_it_in_doubt(
    bank, live_server, family, office, mood, monkeypatch
):
    monkeypatch.setattr(connector, "POLL_SECONDS", 0.3)
    attempt, invoice, page = sent(family, office, live_server.url)
    bank.control("reglages", soap=mood, timeout_s=1.0, wait_s=0.1)
    decide(page)
    assert ask(attempt) == S.PENDING
    assert attempt.ask_at > utc_now() and left_on(invoice) == 5_000
    bank.control("reglages")
    assert asking.ask_due(now=utc_now() + 5 * MINUTE) == 1
    attempt.refresh_from_db()
    assert attempt.status == S.SETTLED and left_on(invoice) == 0


def test_what_the_service_objects_is_told_to_the_cashier_once(bank, live_server, family, office):
    attempt, invoice, page = sent(family, office, live_server.url)
    for words in ("C1 numcli inconnu", "C1 numcli inconnu", "T2 service en maintenance"):
        bank.control("reglages", soap=f"fault {words}")
        assert ask(attempt) == S.PENDING
    kept = attempt.events.filter(source="POLL").order_by("pk")
    assert [(e.raw, e.outcome) for e in kept] == [
        ("C1 : numcli inconnu", "refus du service"),
        ("T2 : service en maintenance", "refus du service"),
    ]
    assert left_on(invoice) == 5_000 and not divergences(utc_now()).exists()
    assert divergences(utc_now() + 121 * MINUTE).exists()
    bank.control("reglages")
    decide(page)
    assert ask(attempt) == S.SETTLED and left_on(invoice) == 0
    assert not divergences(utc_now() + 121 * MINUTE).exists()


def test_a_page_that_cannot_be_opened_costs_nothing(bank, live_server, family, office, monkeypatch):
    monkeypatch.setattr(connector, "REQUEST_SECONDS", 0.3)
    attempt = start(family, office, top_up=5_000)
    for mood in ("error", "junk", "silent"):
        bank.control("reglages", soap=mood, timeout_s=1.0)
        with pytest.raises(GatewaySilent):
            send(attempt, live_server.url)
        attempt.refresh_from_db()
        assert attempt.status == S.CREATED and not attempt.provider_id
    bank.stop()
    with pytest.raises(GatewaySilent):
        send(attempt, live_server.url)


def test_one_payment_never_has_two_operations(bank, live_server, family, office):
    attempt, _invoice, page = sent(family, office, live_server.url)
    assert send(attempt, live_server.url) == page
    assert len(bank.app.book.payments) == 1


# --- Bounds, settings, the simulator -------------------------------------------------------------


def test_bounds_and_email(family, office):
    for cents in (99, 10_000_001):
        invoice = make_invoice(make_family(f"F{cents}"), office, cents)
        with pytest.raises(AmountOutOfBounds):
            start(invoice.family, office, {invoice: cents})
    with pytest.raises(EmailNeeded):
        start(
            family, office, top_up=5_000,
            payer=services.Payer(first_name="C", last_name="É", email=""),
        )  # fmt: skip


def test_what_is_asked_of_the_service(bank, live_server, family):
    office = open_office(bank.url)
    office.name = "Régie « Enfance » — l’école d’Aÿ-Champagne " + "x" * 30
    office.save()
    attempt, _invoice, _page = sent(family, office, live_server.url)
    [payment] = bank.app.book.payments.values()
    assert payment.fields["refdet"] == attempt.reference
    assert payment.fields["montant"] == "5000" and payment.fields["numcli"] == DEMO_NUMCLI
    assert payment.fields["objet"].startswith("Regie Enfance")
    assert bank.app.book.refusals == []


def test_settings(family):
    for bad in ({"numcli": "12345"}, {"saisie": "Z"}):
        with pytest.raises(BadGatewaySettings):
            open_office("https://x.example", f"r{uuid.uuid4().hex[:6]}", **bad)
    open_office("", "sans-adresse")
    account = GatewayAccount.objects.get(cash_office__code="sans-adresse")
    gateway = gateways.gateway_of(account)
    assert isinstance(gateway, PolledGateway)
    assert gateway.page("abc").url == "https://www.payfip.gouv.fr/tpa/paiementws.web"
    assert account.sealed_secret == ""


def test_the_simulators_own_description_is_read_by_eopayment(bank):
    client = PayFiP(wsdl_url=f"{bank.url}/tpa/services/securite?wsdl")
    assert client.get_info_client(DEMO_NUMCLI).numcli == DEMO_NUMCLI
    with pytest.raises(PayFiPError) as caught:
        client.get_info_paiement("inconnu")
    assert caught.value.code == "P1"
    with pytest.raises(PayFiPError) as caught:
        client.get_info_client("000000")
    assert caught.value.code == "C1"


def test_the_simulator_closes_an_operation_after_15_minutes(bank, live_server, family, office):
    _attempt, _invoice, page = sent(family, office, live_server.url)
    bank.control("reglages", life_s=0)
    assert http(page)[0] == 400 and http(page, {"decision": "payer"})[0] == 400


def test_the_simulator_refuses_a_dtd(bank):
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    status, body, _ = http(f"{bank.url}/tpa/services/securite", bomb)
    assert status == 500 and "illisible" in body


# --- Faces ---------------------------------------------------------------------------------------


def test_the_family_goes_to_payfip_and_comes_back(bank, live_server, client):
    family = world.make_family(1)
    office = open_office(bank.url)
    invoice = make_invoice(family, office, 5_000)
    client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
    attempt = start(family, office, {invoice: 5_000})
    url = reverse("portal:payment", args=[attempt.reference])
    html = client.get(url).content.decode()
    attempt.refresh_from_db()
    assert "15 minutes" in html and attempt.provider_id in html and "paiementws.web" in html
    bank.control("reglages", drop=True)
    decide(f"{bank.url}/tpa/paiementws.web?idop={attempt.provider_id}", "prelever")
    back = reverse("portal:payment-return", args=[attempt.reference])
    assert client.get(f"{back}?idop={attempt.provider_id}").status_code == 302
    assert "Paiement en cours" in client.get(url).content.decode()
    assert jobs() == [attempt.pk], "the return asks too, though the notification was lost"
    asking.ask(attempt_id=attempt.pk, now=utc_now())
    html = client.get(url).content.decode()
    assert "Paiement reçu" in html and left_on(invoice) == 0
    assert "prélèvement unique" in client.get(reverse("portal:account")).content.decode()


def test_a_tab_closed_too_soon_goes_back_to_the_same_operation(bank, live_server, office, client):
    family = world.make_family(1)
    attempt, _invoice, page = sent(family, office, live_server.url)
    client.force_login(world.user_of(family), backend="preau.families.auth.FamilyBackend")
    mine = reverse("portal:payment", args=[attempt.reference])
    answer = client.get(mine)
    assert f'value="{attempt.provider_id}"' in answer.content.decode()
    assert bank.url in answer["Content-Security-Policy"]
    asked = {"family_id": family.pk, "reference": attempt.reference}
    assert resume(**asked, now=attempt.sent_at + 13 * MINUTE)[0].provider_id == attempt.provider_id
    assert resume(**asked, now=attempt.sent_at + 14 * MINUTE) is None
    assert resume(**asked | {"family_id": family.pk + 1}, now=attempt.sent_at) is None
    decide(page)
    client.get(mine + "retour/", {"idop": attempt.provider_id})
    assert "Reprendre sur PayFiP" not in client.get(mine).content.decode()


def test_the_cashier_asks_again(bank, live_server, family, office, client):
    attempt, _invoice, page = sent(family, office, live_server.url)
    bank.control("reglages", drop=True)
    decide(page)
    Attempt.objects.update(created_at=utc_now() - dt.timedelta(hours=3))
    client.force_login(
        make_agent(Role.CASHIER, email="caisse@mairie.example"), "preau.accounts.auth.AgentBackend"
    )
    html = client.get(reverse("townhall:billing-payments")).content.decode()
    ask_url = reverse("townhall:billing-payment-ask", args=[attempt.reference])
    assert attempt.reference in html and ask_url in html
    assert client.get(ask_url).status_code == 405
    assert client.post(ask_url).status_code == 302
    assert jobs() == [attempt.pk]
    assert (
        "Cette banque ne se laisse pas"
        in client.post(
            reverse("townhall:billing-payment-ask", args=["INCONNUE"]), follow=True
        ).content.decode()
    )
