"""What a bank gives back, in part or whole: once by its own reference, credit first."""

import uuid

import pytest

from preau.billing import credits, ledger
from preau.payments.errors import RefundElsewhere
from preau.payments.models import Attempt, BankRefund, ProviderEvent
from preau.payments.resolving import record_refund
from tests.harness.money import AGENT, NOW, balance, left_on, make_invoice
from tests.payments.world import (
    at_the_bank,
    notify,
    open_office,
    start,
)

S = Attempt.Status


@pytest.fixture
def paid(bank, live_server, family):
    """A Systempay payment of 50 €, settled over HTTP by the simulator's own signature."""
    office = open_office("SYSTEMPAY", bank.url)
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    at_the_bank(attempt, bank, live_server.url)
    [token] = bank.app.book.payments
    assert bank.app.notifier.wait(token, 60)
    attempt.refresh_from_db()
    assert attempt.status == S.SETTLED

    def refund(cents):
        bank.control("operation", token=token, kind="refund", amount=cents)
        assert bank.app.notifier.wait(token, 60)
        attempt.refresh_from_db()

    return office, invoice, attempt, refund


@pytest.mark.django_db(transaction=True)
def test_parts_then_the_whole(paid, client, family):
    office, invoice, attempt, refund = paid
    refund(1_200)
    assert attempt.status == S.SETTLED
    assert left_on(invoice) == 1_200 and balance(family, office) == 1_200
    refund(800)
    assert left_on(invoice) == 2_000
    for event in ProviderEvent.objects.order_by("pk"):  # told again, nothing is doubled
        assert notify(client, attempt, event.raw).status_code == 200
    assert left_on(invoice) == 2_000 and BankRefund.objects.count() == 2
    refund(3_000)
    assert attempt.status == S.REFUNDED and left_on(invoice) == 5_000
    assert balance(family, office) == 5_000 and ledger.verify() == []


@pytest.mark.django_db(transaction=True)
def test_a_refund_takes_the_credit_first(paid, family):
    office, invoice, _attempt, refund = paid
    line = invoice.lines.get()
    credits.issue_credit_note(
        invoice_id=invoice.pk, lines={line.pk: 1_000}, reason="absence", actor=AGENT, now=NOW
    )
    assert balance(family, office) == -1_000
    refund(1_000)
    assert balance(family, office) == 0 and left_on(invoice) == 0
    assert ledger.verify() == []


@pytest.mark.django_db(transaction=True)
def test_more_than_was_paid_changes_nothing(paid, family):
    office, invoice, attempt, refund = paid
    refund(5_001)
    assert attempt.status == S.SETTLED and balance(family, office) == 0
    refund(4_000)
    refund(4_000)  # a second one, larger than what is left: no more than what is left
    assert balance(family, office) == 5_000 and left_on(invoice) == 5_000
    assert attempt.status == S.REFUNDED and ledger.verify() == []


@pytest.mark.django_db
def test_payfip_gives_nothing_back(family):
    office = open_office("SPPLUS")
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    Attempt.objects.filter(pk=attempt.pk).update(gateway="PAYFIP", status=S.SETTLED)
    with pytest.raises(RefundElsewhere):
        record_refund(
            reference=attempt.reference, amount_cents=100, bank_reference=str(uuid.uuid4()),
            reason="x", actor=AGENT, now=NOW,
        )  # fmt: skip
