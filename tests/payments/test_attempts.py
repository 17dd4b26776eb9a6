"""The life of an attempt, and of the contract that it goes through."""

import datetime as dt
import uuid

import pytest

from preau.billing import counter, ledger
from preau.demo.bank import merchants as demo
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
from preau.payments.models import Attempt, GatewayAccount
from preau.payments.queries import divergences
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
from tests.payments.world import BOTH, S, message, notify, open_office, send, start


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
