"""Paying on line: our real views and connectors, the real bank process of the demo, over HTTP."""

import datetime as dt
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from preau.billing import counter, ledger
from preau.billing.models import Movement
from preau.demo.bank import merchants as demo
from preau.demo.bank.signatures import spplus_hmac, systempay_signature
from preau.kernel.clock import utc_now
from preau.payments import gateways, services
from preau.payments.errors import (
    AmountOutOfBounds,
    AttemptNotFound,
    BadGatewaySettings,
    NoGateway,
    NothingToPay,
    TooMuchForInvoice,
    TopUpRefused,
)
from preau.payments.models import Attempt, GatewayAccount, ProviderEvent
from preau.payments.queries import divergences, pending_of
from tests.harness.bank import http
from tests.harness.money import (
    AGENT,
    NOW,
    PARENT,
    balance,
    left_on,
    make_family,
    make_invoice,
    make_office,
)

PAYER = services.Payer(first_name="Camille", last_name="Élan", email="camille@example.org")
BOTH = pytest.mark.parametrize("kind", ["SPPLUS", "SYSTEMPAY"])
S = Attempt.Status


OFFICES = {"SPPLUS": demo.DEMO_SPPLUS_OFFICE, "SYSTEMPAY": demo.DEMO_SYSTEMPAY_OFFICE}


def open_office(kind, bank_url="http://bank.example"):
    office = make_office(OFFICES[kind])
    options, secret = {
        "SPPLUS": ({"siret": demo.DEMO_SIRET, "service_url": bank_url}, demo.DEMO_SPPLUS_KEY),
        "SYSTEMPAY": (
            {"site_id": demo.DEMO_SITE_ID, "service_url": f"{bank_url}/vads-payment/"},
            demo.DEMO_SECRET_TEST,
        ),
    }[kind]
    gateways.save_gateway(
        cash_office_id=office.pk,
        gateway=kind,
        options=options,
        secret=secret,
        is_test=True,
        is_active=True,
        actor=AGENT,
        now=NOW,
    )
    return office


def start(family, office, invoices=None, top_up=0, key=None):
    return services.start_payment(
        family_id=family.pk,
        cash_office_id=office.pk,
        invoices={invoice.pk: cents for invoice, cents in (invoices or {}).items()},
        top_up_cents=top_up,
        payer=PAYER,
        key=key or uuid.uuid4(),
        actor=PARENT,
        now=NOW,
    )


def send(attempt, shop="http://shop.example"):
    code = attempt.cash_office.code
    return services.send_to_bank(
        family_id=attempt.family_id,
        reference=attempt.reference,
        payer=PAYER,
        return_url=f"{shop}/retour/",
        notify_url=f"{shop}/api/paiements/{code}/notification/",
        now=NOW,
    )


def at_the_bank(attempt, bank, shop, decision="payer"):
    """Do as the payer's browser: from our form to the bank's decision."""
    redirect = send(attempt, shop)
    if redirect.method == "GET":
        url = f"{redirect.url}?{urllib.parse.urlencode(redirect.fields)}"
        status, body, headers = http(url)
    else:
        status, body, headers = http(redirect.url, dict(redirect.fields))
    assert status == 303, body
    status, _, headers = http(bank.url + headers["Location"], {"decision": decision})
    assert status == 303
    return headers["Location"]


def message(attempt, **changes):
    """What the attempt's bank would say, signed by the bank's own code."""
    if attempt.gateway == "SPPLUS":
        fields = {"reference": attempt.reference, "etat": "10", "refsfp": "A" * 12} | changes
        mac = spplus_hmac(demo.DEMO_SPPLUS_KEY, fields.values())
        return urllib.parse.urlencode(fields | {"hmac": mac})
    fields = (
        {k: v for k, v in send(attempt).fields if k != "signature"}
        | {
            "vads_result": "00",
            "vads_auth_result": "00",
            "vads_trans_status": "AUTHORISED",
            "vads_operation_type": "DEBIT",
            "vads_trans_uuid": "f" * 32,
            "vads_effective_amount": str(attempt.amount_cents),
        }
        | changes
    )
    signature = systempay_signature(demo.DEMO_SECRET_TEST, fields)
    return urllib.parse.urlencode(fields | {"signature": signature})


def notify(client, attempt, body):
    return client.post(
        f"/api/paiements/{attempt.cash_office.code}/notification/",
        body,
        content_type="application/x-www-form-urlencoded",
    )


# --- From the click to the account ---------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@BOTH
@pytest.mark.parametrize(
    ("decision", "status"),
    [("payer", S.SETTLED), ("refuser", S.REFUSED), ("abandonner", S.ABANDONED)],
)
def test_the_whole_way(bank, live_server, family, kind, decision, status):
    office = open_office(kind, bank.url)
    invoice = make_invoice(family, office, 11_722)
    attempt = start(family, office, {invoice: 4_000})
    assert not pending_of(family.pk)
    back = at_the_bank(attempt, bank, live_server.url, decision)
    assert back.startswith(f"{live_server.url}/retour/?")
    attempt.refresh_from_db()
    assert attempt.status == status
    paid = status == S.SETTLED
    assert left_on(invoice) == (7_722 if paid else 11_722)
    assert balance(family, office) == (7_722 if paid else 11_722)
    mails = apps.get_model("messaging", "Message").objects.filter(family_id=family.pk)
    assert mails.count() == (1 if paid else 0)
    if paid:
        assert attempt.reference in mails.get().body
        assert attempt.provider_id
    assert ProviderEvent.objects.filter(is_verified=True).exists()
    assert ledger.verify() == []


@pytest.mark.django_db(transaction=True)
@BOTH
def test_the_browsers_return_changes_nothing(bank, live_server, family, kind):
    office = open_office(kind, bank.url)
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    bank.control("reglages", drop=True)
    back = at_the_bank(attempt, bank, live_server.url)
    received = services.receive(
        cash_office_code=office.code,
        raw=back.partition("?")[2],
        source=ProviderEvent.Source.RETURN,
        now=NOW,
    )
    assert received.is_verified and received.outcome == "vu"
    attempt.refresh_from_db()
    assert attempt.status == S.PENDING and left_on(invoice) == 5_000
    assert list(pending_of(family.pk)) == [attempt]


@pytest.mark.django_db(transaction=True)
@BOTH
def test_duplicated_and_reordered_it_is_paid_once(bank, live_server, family, kind):
    office = open_office(kind, bank.url)
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    bank.control("reglages", hold=True, copies=4, etats=["1", "4", "10"])
    at_the_bank(attempt, bank, live_server.url)
    bank.control("liberer", reverse=True)
    assert bank.app.notifier.wait(next(iter(bank.app.book.payments)), 60)
    attempt.refresh_from_db()
    assert attempt.status == S.SETTLED and balance(family, office) == 0
    assert Movement.objects.filter(kind=Movement.Kind.PAYMENT_ONLINE).count() == 1
    assert ProviderEvent.objects.count() == (12 if kind == "SPPLUS" else 4)


@pytest.mark.django_db(transaction=True)
@BOTH
def test_a_refund_puts_the_debt_back_and_a_replay_does_not_pay_again(
    bank, live_server, family, kind, client
):
    office = open_office(kind, bank.url)
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000}, top_up=1_000)
    at_the_bank(attempt, bank, live_server.url)
    [token] = bank.app.book.payments
    bank.control("operation", token=token, kind="refund")
    assert bank.app.notifier.wait(token, 60)
    attempt.refresh_from_db()
    assert attempt.status == S.REFUNDED
    assert left_on(invoice) == 5_000 and balance(family, office) == 5_000
    for event in ProviderEvent.objects.order_by("pk"):
        assert notify(client, attempt, event.raw).status_code == 200
    assert balance(family, office) == 5_000
    assert ledger.verify() == []


# --- What may not change anything ----------------------------------------------------------------


def forgeries(kind):
    if kind == "SPPLUS":
        return [
            lambda a: message(a).replace("etat=10", "etat=12"),
            lambda a: message(a).rpartition("&hmac")[0],
            lambda a: message(a, etat="1").replace("etat=1&refsfp=A", "etat=10&refsfp="),
            lambda a: message(a) + "&etat=10",
        ]
    return [
        lambda a: message(a, vads_trans_status="REFUSED"),
        lambda a: message(a, vads_currency="840"),
        lambda a: message(a, vads_site_id="99999999"),
        lambda a: message(a, vads_operation_type="VERIFICATION"),
        lambda a: message(a).replace("vads_amount=5000", "vads_amount=1"),
        lambda a: message(a).rpartition("&signature")[0],
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "forge"), [(kind, f) for kind in OFFICES for f in forgeries(kind)]
)
def test_forged(client, family, kind, forge):
    office = open_office(kind)
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    assert notify(client, attempt, forge(attempt)).status_code == 400
    attempt.refresh_from_db()
    assert attempt.status in (S.CREATED, S.PENDING) and left_on(invoice) == 5_000
    event = ProviderEvent.objects.get()
    assert not event.is_verified and event.problems and event.attempt is None


@pytest.mark.django_db
def test_signed_for_another_amount(client, family):
    office = open_office("SYSTEMPAY")
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    body = message(attempt, vads_amount="4999", vads_effective_amount="4999")
    assert notify(client, attempt, body).status_code == 200
    event = ProviderEvent.objects.get()
    assert not event.is_verified and event.problems == ["AMOUNT"] and event.attempt == attempt
    assert left_on(invoice) == 5_000


@pytest.mark.django_db
@BOTH
def test_unknown_reference_or_another_offices(client, family, kind):
    office = open_office(kind)
    other = open_office("SYSTEMPAY" if kind == "SPPLUS" else "SPPLUS")
    elsewhere = start(family, other, top_up=1_000)
    attempt = start(family, office, top_up=1_000)
    name = "reference" if kind == "SPPLUS" else "vads_order_id"
    also = {} if kind == "SPPLUS" else {"vads_ext_info_eopayment_trans_id": elsewhere.reference}
    assert (
        notify(client, attempt, message(attempt, **{name: elsewhere.reference}, **also)).status_code
        == 200
    )
    assert ProviderEvent.objects.get().problems == ["REFERENCE"]
    elsewhere.refresh_from_db()
    assert elsewhere.status == S.CREATED
    assert not Movement.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"x" * 50_000, "é=%00".encode(), b"hmac=1&reference=2"]
)
@BOTH
def test_junk_gets_an_answer_and_a_trace(client, kind, body):
    office = open_office(kind)
    response = client.post(
        f"/api/paiements/{office.code}/notification/",
        body,
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 400
    assert len(ProviderEvent.objects.get().raw) <= services.MAX_RAW_UNVERIFIED
    assert client.get(f"/api/paiements/{office.code}/notification/?x=y").status_code == 400
    assert client.post("/api/paiements/nulle-part/notification/").status_code == 404
    assert client.put(f"/api/paiements/{office.code}/notification/").status_code == 405


@pytest.mark.django_db
def test_a_stranger_cannot_fill_the_disk_nor_hide_a_payment(client, family, monkeypatch):
    monkeypatch.setattr(services, "MAX_UNVERIFIED_PER_HOUR", 2)
    office = open_office("SPPLUS")
    attempt = start(family, office, top_up=1_000)
    for _ in range(5):
        assert notify(client, attempt, b"junk=1").status_code == 400
    assert ProviderEvent.objects.count() == 2
    assert notify(client, attempt, message(attempt)).status_code == 200
    assert balance(family, office) == -1_000


@pytest.mark.django_db
def test_the_bank_may_call_without_csrf_and_by_get(family):
    from django.test import Client

    office = open_office("SPPLUS")
    attempt = start(family, office, top_up=1_000)
    client = Client(enforce_csrf_checks=True)
    response = client.get(f"/api/paiements/{office.code}/notification/?{message(attempt)}")
    assert (response.status_code, response.content) == (200, b"spcheckok")
    attempt.refresh_from_db()
    assert attempt.status == S.SETTLED


@pytest.mark.django_db
def test_what_banks_said_never_changes(family, client):
    office = open_office("SPPLUS")
    attempt = start(family, office, top_up=1_000)
    notify(client, attempt, message(attempt))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ProviderEvent.objects.update(raw="")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ProviderEvent.objects.all()._raw_delete("default")


# --- The life of an attempt ----------------------------------------------------------------------


@pytest.mark.django_db
@BOTH
def test_a_late_word_still_counts(client, family, kind):
    office = open_office(kind)
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    body = message(attempt)
    services.give_up(family_id=family.pk, reference=attempt.reference, actor=PARENT, now=NOW)
    assert services.close_stale(now=NOW) == 0
    assert notify(client, attempt, body).status_code == 200
    attempt.refresh_from_db()
    assert attempt.status == S.SETTLED and left_on(invoice) == 0


@pytest.mark.django_db
def test_paid_meanwhile_at_the_counter_it_becomes_a_credit(client, family):
    office = open_office("SPPLUS")
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    counter.take_payment(
        family_id=family.pk,
        cash_office_id=office.pk,
        means="CHEQUE",
        amount_cents=4_000,
        key=uuid.uuid4(),
        actor=AGENT,
        now=NOW,
        cheque_number="1",
    )
    notify(client, attempt, message(attempt))
    assert left_on(invoice) == 0 and balance(family, office) == -4_000
    assert ledger.verify() == []


@pytest.mark.django_db
def test_start_refuses(family, settings):
    office = open_office("SPPLUS")
    invoice = make_invoice(family, office, 5_000)
    elsewhere = make_invoice(make_family("Autre"), office, 5_000)
    for refusal, more in [
        (NothingToPay, {}),
        (NothingToPay, {"invoices": {invoice: 0}}),
        (NothingToPay, {"invoices": {invoice: -5}}),
        (TooMuchForInvoice, {"invoices": {invoice: 5_001}}),
        (TooMuchForInvoice, {"invoices": {elsewhere: 5_000}}),
        (TopUpRefused, {"top_up": 999}),
        (AmountOutOfBounds, {"top_up": 10**9}),
    ]:
        with pytest.raises(refusal):
            start(family, office, **more)
    with pytest.raises(NoGateway):
        start(family, make_office("sans-banque"), top_up=5_000)
    GatewayAccount.objects.update(is_active=False)
    with pytest.raises(NoGateway):
        start(family, office, top_up=5_000)
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_another_familys_payment_does_not_exist(family):
    attempt = start(family, open_office("SPPLUS"), top_up=1_000)
    attempt.family_id = make_family("Autre").pk
    with pytest.raises(AttemptNotFound):
        send(attempt)


@pytest.mark.django_db
def test_the_form_sent_twice_makes_one_attempt(family):
    office, key = open_office("SPPLUS"), uuid.uuid4()
    assert start(family, office, top_up=1_000, key=key) == start(
        family, office, top_up=1_000, key=key
    )


@pytest.mark.django_db
def test_silence_ends(family):
    attempt = start(family, open_office("SPPLUS"), top_up=1_000)
    send(attempt)
    later = NOW + services.DOUBT_AFTER * 2
    assert list(divergences(later)) == [attempt]
    assert services.close_stale(now=later) == 1
    attempt.refresh_from_db()
    assert attempt.status == S.EXPIRED


@pytest.mark.django_db
def test_settings_are_tried_and_keys_are_sealed(family):
    office = open_office("SYSTEMPAY")
    account = GatewayAccount.objects.get()
    assert demo.DEMO_SECRET_TEST not in account.sealed_secret
    with pytest.raises(BadGatewaySettings):
        gateways.save_gateway(
            cash_office_id=office.pk,
            gateway="SYSTEMPAY",
            options={"site_id": "12"},
            secret="",
            is_test=True,
            is_active=True,
            actor=AGENT,
            now=NOW,
        )
    with pytest.raises(BadGatewaySettings):
        gateways.save_gateway(
            cash_office_id=office.pk,
            gateway="SPPLUS",
            options={"siret": demo.DEMO_SIRET},
            secret="",
            is_test=True,
            is_active=True,
            actor=AGENT,
            now=NOW,
        )
    gateways.save_gateway(
        cash_office_id=office.pk,
        gateway="SYSTEMPAY",
        options={"site_id": "12345678"},
        secret="",
        is_test=True,
        is_active=False,
        actor=AGENT,
        now=NOW,
    )
    assert GatewayAccount.objects.get().sealed_secret == account.sealed_secret


def rotate(office, secret, **values):
    account = GatewayAccount.objects.get(cash_office=office)
    given = {
        "cash_office_id": office.pk, "gateway": "SYSTEMPAY", "options": account.options,
        "secret": secret, "is_test": True, "is_active": True, "actor": AGENT, "now": utc_now(),
    }  # fmt: skip
    return gateways.save_gateway(**given | values)


def test_a_replaced_key_is_believed_for_what_had_left(client, family):
    office = open_office("SYSTEMPAY")
    gone = [start(family, office, top_up=cents) for cents in (5_000, 6_000, 7_000)]
    by_old_key = [message(attempt) for attempt in gone]
    Attempt.objects.update(sent_at=utc_now() - dt.timedelta(minutes=5))
    rotate(office, "a new key", keep_former_key=True)
    assert notify(client, gone[0], by_old_key[0]).status_code == 200
    gone[0].refresh_from_db()
    assert gone[0].status == S.SETTLED and balance(family, office) == -5_000
    late = start(family, office, top_up=8_000)  # leaves after the change: the old key is too old
    forged = message(late)
    Attempt.objects.filter(pk=late.pk).update(sent_at=utc_now())
    notify(client, late, forged)
    late.refresh_from_db()
    assert late.status == S.PENDING and balance(family, office) == -5_000
    GatewayAccount.objects.update(former_until=utc_now())
    notify(client, gone[1], by_old_key[1])
    rotate(office, demo.DEMO_SECRET_TEST)
    rotate(office, "a third key, the second was seen by others")
    notify(client, gone[2], by_old_key[2])
    assert not Attempt.objects.filter(pk__in=[gone[1].pk, gone[2].pk], status=S.SETTLED).exists()
    assert ledger.verify() == []


def test_test_and_production_have_keys_of_their_own(family):
    office = open_office("SYSTEMPAY")
    with pytest.raises(BadGatewaySettings, match="chacun leur clé"):
        rotate(office, "", is_test=False)
    account = rotate(office, "the key of production", is_test=False, keep_former_key=True)
    assert not account.is_test and account.former_until is None
