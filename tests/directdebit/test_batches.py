"""A collection from the preview to the account, and what comes back."""

import datetime as dt
from xml.etree import ElementTree

import pytest

from preau.billing import ledger
from preau.directdebit import batches, services
from preau.directdebit.errors import BatchNotReady, BatchOpen, NothingToDebit, TooSoon
from preau.directdebit.models import Batch, Debit, Mandate
from preau.directdebit.notices import notices_at_issue
from tests.directdebit.world import (
    IBAN,
    OTHER_IBAN,
    approved,
    collected,
    make_creditor,
    sign,
)
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

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def town(db):
    office, family = make_office("enfance", payment_days=10), make_family()
    make_creditor(office)
    sign(family, office)
    return office, family, make_invoice(family, office, 4000, 1250)


def elements(content, path):
    tree = ElementTree.fromstring(content)
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
    return [e.text for e in tree.iterfind(f".//{path}")]


def test_from_preview_to_account(town):
    office, family, invoice = town
    other = make_family("Sans mandat")
    unseen = make_invoice(other, office, 900)
    batch = services.prepare_batch(
        cash_office_id=office.pk, collection_on=NOW.date() + 14 * DAY, actor=AGENT, now=NOW
    )
    with pytest.raises(BatchOpen):
        services.prepare_batch(
            cash_office_id=office.pk, collection_on=NOW.date() + 14 * DAY, actor=AGENT, now=NOW
        )
    with pytest.raises(BatchNotReady):
        services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW)
    services.approve_batch(batch_id=batch.pk, actor=AGENT, now=NOW)
    content = services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW)
    assert elements(content, "InstdAmt") == ["52.50"]
    assert elements(content, "SeqTp") == ["FRST"]
    assert elements(content, "DbtrAcct/Id/IBAN") == [IBAN]
    assert elements(content, "ReqdColltnDt") == ["2026-11-19"]
    batch.refresh_from_db()
    assert IBAN not in batch.sealed_file  # kept, and sealed
    assert left_on(invoice) == 5250  # nothing is paid before its day
    assert services.collect_due(now=NOW + 13 * DAY) == 0
    assert services.collect_due(now=NOW + 14 * DAY) == 1
    assert services.collect_due(now=NOW + 14 * DAY) == 0
    batch.refresh_from_db()
    assert batch.status == "COLLECTED"
    assert left_on(invoice) == 0 and balance(family, office) == 0 and left_on(unseen) == 900
    assert ledger.verify() == []


def test_fourteen_days_of_notice(town):
    office, _family, _invoice = town
    with pytest.raises(TooSoon):
        services.prepare_batch(
            cash_office_id=office.pk, collection_on=NOW.date() + 13 * DAY, actor=AGENT, now=NOW
        )


def test_never_before_the_day_that_the_invoice_announced(town, monkeypatch):
    """Announced for the 19th: fewer days of notice, an account changed, another mandate, nothing
    brings it forward. The control shows that the notice of the batch alone would."""
    office, family, invoice = town
    printed = notices_at_issue([invoice])[invoice.pk].on
    assert printed == NOW.date() + 14 * DAY
    make_creditor(office, notice_days=5)
    assert notices_at_issue([invoice])[invoice.pk].on == printed  # printed later, it says the same
    later = NOW + DAY
    mandate = sign_again(family, office, now=later)
    on = {"cash_office_id": office.pk, "actor": AGENT, "now": later}
    with pytest.raises(NothingToDebit, match="19 novembre"):
        services.prepare_batch(collection_on=printed - DAY, **on)
    second = make_invoice(family, office, 800, month=dt.date(2026, 9, 1), now=NOW - 20 * DAY)
    batch = services.prepare_batch(collection_on=printed - DAY, **on)
    [item] = batch.debits.get().items.all()
    assert item.invoice_id == second.pk and batch.debits.get().mandate == mandate
    assert "19 novembre" in batch.left_out[0]["why"]
    services.cancel_batch(batch_id=batch.pk, reason="essai", actor=AGENT, now=later)
    assert services.suggested_day(batch.creditor, later.date()) == printed
    # Refused by the bank, it is taken again with a notice of its own.
    debit = collected(office, now=later, days=13).debits.get()
    assert debit.batch.collection_on == printed and debit.amount_cents == 6050
    services.record_reject(debit_id=debit.pk, code="AM04", actor=AGENT, now=NOW + 16 * DAY)
    again = on | {"now": NOW + 16 * DAY}
    with pytest.raises(TooSoon):
        services.prepare_batch(collection_on=printed + 6 * DAY, **again)
    batch = services.prepare_batch(collection_on=printed + 7 * DAY, **again)
    assert batch.debits.get().amount_cents == 6050
    services.cancel_batch(batch_id=batch.pk, reason="essai", actor=AGENT, now=NOW + 16 * DAY)
    third = make_invoice(family, office, 700, month=dt.date(2026, 8, 1), now=NOW + 16 * DAY)
    soon = {"collection_on": printed + 7 * DAY, **again}
    assert third.pk not in items(services.prepare_batch(**soon))
    services.cancel_batch(
        batch_id=Batch.objects.latest("pk").pk, reason="x", actor=AGENT, now=again["now"]
    )
    monkeypatch.setattr(batches, "announced_day", lambda *_: dt.date.min)
    assert third.pk in items(services.prepare_batch(**soon))


def items(batch):
    return set(batch.debits.values_list("items__invoice_id", flat=True))


def sign_again(family, office, *, now):
    """The family ends its mandate and signs another one, on another account."""
    services.revoke_mandate(
        mandate_id=Mandate.objects.get(family=family).pk, family_id=family.pk, reason="x",
        actor=PARENT, now=now,
    )  # fmt: skip
    return sign(family, office, iban=OTHER_IBAN, now=now)


def test_an_account_changed_while_the_file_is_at_the_bank(town):
    office, family, _invoice = town
    batch = approved(office)
    services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW)
    debit = batch.debits.get()
    services.amend_mandate(
        mandate_id=debit.mandate_id, family_id=family.pk, iban=OTHER_IBAN, actor=PARENT,
        now=NOW + DAY,
    )  # fmt: skip
    assert batch.debits.get().masked_iban == f"•••• {IBAN[-4:]}"  # the one that the bank debits
    services.collect_due(now=NOW + 15 * DAY)
    make_invoice(family, office, 700, month=dt.date(2026, 9, 1), now=NOW + 16 * DAY)
    content = services.take_file(
        batch_id=approved(office, now=NOW + 16 * DAY).pk, actor=AGENT, now=NOW + 16 * DAY
    )
    assert elements(content, "DbtrAcct/Id/IBAN") == [OTHER_IBAN]
    assert elements(content, "AmdmntInd") == ["true"]  # the bank is told with the next one


def test_a_file_never_taken_to_the_bank_debits_nobody(town):
    office, _family, invoice = town
    batch = approved(office)
    assert services.collect_due(now=NOW + 20 * DAY) == 0 and left_on(invoice) == 5250
    with pytest.raises(BatchNotReady):
        services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW + 20 * DAY)
    services.cancel_batch(batch_id=batch.pk, reason="oublié", actor=AGENT, now=NOW + 20 * DAY)
    assert approved(office, now=NOW + 20 * DAY).debits.get().amount_cents == 5250


def test_paid_meanwhile_is_not_debited_again(town):
    office, family, invoice = town
    batch = services.prepare_batch(
        cash_office_id=office.pk, collection_on=NOW.date() + 14 * DAY, actor=AGENT, now=NOW
    )
    pay(family, office, 5000)
    services.approve_batch(batch_id=batch.pk, actor=AGENT, now=NOW)
    assert batch.debits.get().amount_cents == 250
    services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW)
    pay(family, office, 250)
    services.collect_due(now=NOW + 14 * DAY)
    assert left_on(invoice) == 0 and balance(family, office) == -250  # a credit, by its name
    assert ledger.verify() == []


def pay(family, office, cents):
    """As a bank's confirmed payment writes it."""
    from preau.billing import online

    online.settle(
        family_id=family.pk, cash_office_id=office.pk, attempt_id=1000 + cents,
        amount_cents=cents, chosen=online.lock_and_list_left(
            family_id=family.pk, cash_office_id=office.pk
        ), label="x", actor_label="x", now=NOW,
    )  # fmt: skip


def test_all_paid_leaves_nothing_to_approve(town):
    office, family, _invoice = town
    batch = services.prepare_batch(
        cash_office_id=office.pk, collection_on=NOW.date() + 14 * DAY, actor=AGENT, now=NOW
    )
    pay(family, office, 5250)
    with pytest.raises(NothingToDebit):
        services.approve_batch(batch_id=batch.pk, actor=AGENT, now=NOW)
    batch.refresh_from_db()
    assert batch.status == "PREPARED"


def test_set_aside_and_put_back(town):
    office, _family, invoice = town
    batch = services.prepare_batch(
        cash_office_id=office.pk, collection_on=NOW.date() + 14 * DAY, actor=AGENT, now=NOW
    )
    debit = batch.debits.get()
    services.set_debit_aside(debit_id=debit.pk, reason="contestée", actor=AGENT, now=NOW)
    with pytest.raises(NothingToDebit):
        services.approve_batch(batch_id=batch.pk, actor=AGENT, now=NOW)
    services.put_debit_back(debit_id=debit.pk, actor=AGENT, now=NOW)
    services.approve_batch(batch_id=batch.pk, actor=AGENT, now=NOW)
    assert left_on(invoice) == 5250


def test_what_is_left_aside_and_what_is_bounded(town):
    office, family, invoice = town
    second = make_invoice(family, office, 800, month=dt.date(2026, 9, 1))
    batch = services.prepare_batch(
        cash_office_id=office.pk, collection_on=NOW.date() + 14 * DAY, actor=AGENT, now=NOW,
        left_aside={second.pk: "ligne contestée"}, at_most={invoice.pk: 1750},
    )  # fmt: skip
    assert batch.debits.get().amount_cents == 1750
    assert batch.left_out == [
        {"family": family.pk, "number": second.number, "why": "ligne contestée"}
    ]


def test_a_reject_reopens_the_invoice_and_two_end_the_mandate(town):
    office, family, invoice = town
    first = collected(office)
    debit = first.debits.get()
    assert services.record_reject(debit_id=debit.pk, code="AM04", actor=AGENT, now=NOW + 16 * DAY)
    assert not services.record_reject(
        debit_id=debit.pk, code="AM04", actor=AGENT, now=NOW + 16 * DAY
    )
    assert left_on(invoice) == 5250 and balance(family, office) == 5250
    debit.mandate.refresh_from_db()
    assert debit.mandate.status == "ACTIVE" and debit.mandate.rejects == 1
    again = collected(office, now=NOW + 20 * DAY)
    assert again.debits.get().sequence == "RCUR"
    services.record_reject(
        debit_id=again.debits.get().pk, code="MS03", actor=AGENT, now=NOW + 40 * DAY
    )
    debit.mandate.refresh_from_db()
    assert debit.mandate.status == "CANCELLED" and "2" in debit.mandate.end_reason
    assert left_on(invoice) == 5250 and ledger.verify() == []


def test_before_its_day_a_reject_touches_no_account(town):
    office, _family, invoice = town
    batch = approved(office)
    debit = batch.debits.get()
    services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW)
    services.record_reject(debit_id=debit.pk, code="AC04", actor=AGENT, now=NOW + DAY)
    assert services.collect_due(now=NOW + 20 * DAY) == 0 and left_on(invoice) == 5250
    debit.mandate.refresh_from_db()
    assert debit.mandate.status == "CANCELLED"  # an account that is closed cannot be debited again


def test_a_new_account_is_told_to_the_bank_once(town):
    office, family, _invoice = town
    mandate = collected(office).debits.get().mandate
    services.amend_mandate(
        mandate_id=mandate.pk, family_id=family.pk, iban=OTHER_IBAN, actor=PARENT,
        now=NOW + 20 * DAY,
    )  # fmt: skip
    make_invoice(family, office, 700, month=dt.date(2026, 9, 1))
    batch = approved(office, now=NOW + 20 * DAY)
    content = services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW + 20 * DAY)
    assert elements(content, "AmdmntInd") == ["true"]
    assert elements(content, "OrgnlDbtrAcct/Id/Othr/Id") == ["SMNDA"]
    assert elements(content, "DbtrAcct/Id/IBAN") == [OTHER_IBAN]
    services.collect_due(now=NOW + 36 * DAY)
    mandate.refresh_from_db()
    assert mandate.sealed_previous_iban == ""


@pytest.mark.parametrize("schema", ["pain.008.001.02", "pain.008.001.08"])
def test_both_formats_are_valid(town, schema):
    office, _family, _invoice = town
    make_creditor(office, schema=schema, bic="BDFEFRPPCCT")
    content = services.take_file(batch_id=approved(office).pk, actor=AGENT, now=NOW)
    assert schema.encode() in content


def test_killed_between_two_debits_it_goes_on(town, monkeypatch):
    office, _family, _invoice = town
    for n in range(3):
        family = make_family(f"F{n}")
        sign(family, office)
        make_invoice(family, office, 1000)
    batch = approved(office)
    services.take_file(batch_id=batch.pk, actor=AGENT, now=NOW)
    real, seen = batches._collect, []

    def dies(debit_id, *, now):
        if len(seen) == 2:
            raise SystemExit
        seen.append(debit_id)
        return real(debit_id, now=now)

    monkeypatch.setattr(batches, "_collect", dies)
    with pytest.raises(SystemExit):
        services.collect_due(now=NOW + 15 * DAY)
    monkeypatch.setattr(batches, "_collect", real)
    assert services.collect_due(now=NOW + 15 * DAY) == 2
    assert set(Debit.objects.values_list("status", flat=True)) == {"COLLECTED"}
    assert ledger.verify() == []
