"""The money drill's judge finds what is wrong: books kept by hand, then a fault of each kind."""

import uuid
from collections import Counter
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from preau.billing import counter, debits, online
from preau.billing.models import BillingRun
from preau.cashdesk import services as cashdesk
from preau.directdebit import services
from preau.directdebit.models import Debit
from preau.payments.models import Attempt
from tests.directdebit.world import IBAN, collected, make_creditor, sign
from tests.harness.drill.judge import judge
from tests.harness.drill.values import Message, Town
from tests.harness.money import AGENT, NOW, make_family, make_invoice, make_office

pytestmark = pytest.mark.django_db
ZERO = {
    "lost": 0, "doubled": 0, "wrong_amount_accepted": 0, "forged_accepted": 0,
    "ledger_off_by_cents": 0, "runs_half_visible": 0,
}  # fmt: skip


class Books:
    """One of each: a payment on line, a wrong one, a cash payment, debits, a transfer, a refund."""

    def __init__(self):
        self.office, self.family = make_office(payment_days=10), make_family()
        self.who = (self.family.pk, self.office.pk)
        self.invoice = make_invoice(self.family, self.office, 9_000)
        self.town = Town([], {}, {}, {}, [], {"SPPLUS": self.office.pk})
        self.storm = SimpleNamespace(
            collected=[(*self.who, 700)], remarks=[], half_visible=0, snapshots=1, delivered=1,
            killed=Counter(web=1),
        )  # fmt: skip
        for month in range(1, 7):
            BillingRun.objects.create(
                cash_office=self.office, month=NOW.date().replace(month=month, day=1),
                status="ISSUED", created_at=NOW, created_by="x",
            )  # fmt: skip
        self.paid = self.attempt("paid", 300)
        self.settle(self.paid, 300)
        self.wrong = self.attempt("wrong", 400)
        self.forged = self.attempt("forged", 500)
        self.take(700)
        self.debit()
        truth = self.town.debits
        self.transfer(1, 900)
        truth.transfers.append((*self.who, 900))
        self.take(600, chosen={})
        truth.advanced.append((*self.who, 600))
        self.refund(600)
        truth.given_back.append((*self.who, 600))

    def attempt(self, fate, cents):
        found = Attempt.objects.create(
            family=self.family, cash_office=self.office, gateway="SPPLUS",
            reference=uuid.uuid4().hex[:20], amount_cents=cents, created_at=NOW, key=uuid.uuid4(),
        )  # fmt: skip
        self.town.fate[found.pk], self.town.amount[found.pk] = fate, cents
        self.town.account_of[found.pk] = self.who
        return found

    def settle(self, attempt, cents):
        online.settle(
            family_id=self.who[0], cash_office_id=self.who[1], attempt_id=attempt.pk,
            amount_cents=cents, chosen={}, label="x", actor_label="x", now=NOW,
        )  # fmt: skip
        Attempt.objects.filter(pk=attempt.pk).update(status="SETTLED")

    def take(self, cents, **values):
        return counter.take_payment(
            family_id=self.who[0], cash_office_id=self.who[1], means="CASH", amount_cents=cents,
            key=uuid.uuid4(), actor=AGENT, now=NOW, **values,
        )  # fmt: skip

    def debit(self):
        make_creditor(self.office)
        sign(self.family, self.office)
        collected(self.office)
        row = Debit.objects.get()
        self.row = row
        self.town.debits.debits[row.end_to_end] = (*self.who, row.amount_cents, "collected")

    def transfer(self, entry, cents):
        debits.receive_transfer(
            family_id=self.who[0], cash_office_id=self.who[1], entry_id=entry, amount_cents=cents,
            chosen={}, label="x", actor_label="x", now=NOW,
        )  # fmt: skip

    def refund(self, cents):
        return cashdesk.ask_refund(
            family_id=self.who[0], cash_office_id=self.who[1], amount_cents=cents, payee="x",
            reason="x", iban=IBAN, key=uuid.uuid4(), actor=AGENT, now=NOW,
        )  # fmt: skip

    def faults(self):
        found = judge(self.town, self.storm)
        return {name: found[name] for name in ZERO if found[name]}


@pytest.fixture
def books():
    return Books()


def test_true_books_have_no_fault(books):
    assert books.faults() == {}


def _lost_payment(books):
    books.attempt("paid", 250)


def _paid_twice(books):
    twin = books.attempt("paid", 300)
    books.settle(twin, 300)
    movement = apps.get_model("billing", "Movement").objects.get(
        kind="PAYMENT_ONLINE", source_id=twin.pk
    )
    with connection.cursor() as cursor:  # as if nothing of the database forbade it
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_movement DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE billing_movement DROP CONSTRAINT movement_once_per_source")
        cursor.execute(
            "UPDATE billing_movement SET source_id = %s WHERE id = %s",
            [books.paid.pk, movement.pk],
        )


def _given_back_lost(books):
    books.town.fate[books.paid.pk] = "refunded"


def _reject_lost(books):
    truth = books.town.debits.debits
    truth[books.row.end_to_end] = (*books.who, books.row.amount_cents, "rejected")


def _reject_of_another_sum(books):
    truth = books.town.debits.debits
    truth[books.row.end_to_end] = (*books.who, books.row.amount_cents, "wrong_reject")
    services.record_reject(debit_id=books.row.pk, code="AM04", actor=AGENT, now=NOW)


def _line_changed(books):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_ledgerline DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE billing_ledgerline SET amount_cents = amount_cents - 7 WHERE id ="
            " (SELECT max(id) FROM billing_ledgerline WHERE account = 'FAMILY')"
        )


FAULTS = {
    "a payment that the bank took": (_lost_payment, "lost"),
    "a payment written twice": (_paid_twice, "doubled"),
    "a collection at the counter": (
        lambda b: b.storm.collected.append((*b.who, 111)), "lost",
    ),
    "cash that nobody gave": (lambda b: b.take(50), "doubled"),
    "another amount": (lambda b: b.settle(b.wrong, 400), "wrong_amount_accepted"),
    "a forgery": (lambda b: b.settle(b.forged, 500), "forged_accepted"),
    "a forgery answered yes": (
        lambda b: b.town.messages.append(
            Message(0, 1, "http://x/api/paiements/enfance/notification/", b"", "forged", 1, 200)
        ),
        "forged_accepted",
    ),
    "a forged bank's file": (
        lambda b: setattr(b.town.debits, "untrue_read", 1), "forged_accepted",
    ),
    "a transfer read twice": (lambda b: b.transfer(2, 900), "doubled"),
    "a transfer": (lambda b: b.town.debits.transfers.append((*b.who, 5)), "lost"),
    "a payment given back": (_given_back_lost, "lost"),
    "a reject": (_reject_lost, "lost"),
    "a reject of another sum": (_reject_of_another_sum, "wrong_amount_accepted"),
    "a refund": (lambda b: b.town.debits.given_back.append((*b.who, 5)), "lost"),
    "a line of the ledger": (_line_changed, "ledger_off_by_cents"),
    "half a run": (
        lambda b: BillingRun.objects.filter(month__month=1).update(invoice_count=3),
        "runs_half_visible",
    ),
    "a run never issued": (
        lambda b: BillingRun.objects.filter(month__month=1).update(status="FAILED"),
        "runs_half_visible",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(books, fault):
    plant, where = FAULTS[fault]
    plant(books)
    assert where in books.faults(), books.storm.remarks
