"""Paying on line: our real views and connectors, the real bank process of the demo, over HTTP."""

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from preau.billing import ledger
from preau.billing.models import Movement
from preau.payments import services
from preau.payments.models import ProviderEvent
from preau.payments.queries import pending_of
from tests.harness.money import (
    NOW,
    balance,
    left_on,
    make_invoice,
)
from tests.payments.world import BOTH, OFFICES, S, at_the_bank, message, notify, open_office, start


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
