"""The ledger: what the database refuses, what the writers promise, under races too."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from preau.billing import counter, credits, ledger, numbering
from preau.billing.errors import (
    AlreadyVoided,
    BillingRefusal,
    MeansNotAccepted,
    NoCredit,
    NotAPositiveAmount,
    ReasonMissing,
    TooMuchCash,
    TooMuchToCredit,
)
from preau.billing.models import (
    Allocation,
    CounterPayment,
    FamilyAccount,
    Invoice,
    InvoiceLine,
    LedgerLine,
    Movement,
)
from preau.billing.queries import family_accounts, paid_lines, statement
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


@pytest.fixture
def family():
    return make_family()


@pytest.fixture
def office():
    return make_office()


def pay(family, office, cents, means="CASH", **more):
    return counter.take_payment(
        **{
            "family_id": family.pk,
            "cash_office_id": office.pk,
            "means": means,
            "amount_cents": cents,
            "key": uuid.uuid4(),
            "actor": AGENT,
            "now": NOW,
            "cheque_number": "1234567" if means == "CHEQUE" else "",
            **more,
        }
    )


def settle_constraints():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


# --- What the database refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    "model", [Movement, LedgerLine, Invoice, InvoiceLine, Allocation, CounterPayment]
)
def test_nothing_written_changes(family, office, model):
    make_invoice(family, office, 1000)
    pay(family, office, 400)
    assert model.objects.exists()
    settle_constraints()
    table = model._meta.db_table
    for attempt in (
        lambda: model.objects.update(id=F("id")),
        lambda: model.objects.all()._raw_delete(model.objects.db),
        lambda: connection.cursor().execute(f"TRUNCATE {table} CASCADE"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def _movement(office, **values):
    return Movement.objects.create(
        **{
            "cash_office": office,
            "kind": Movement.Kind.OPENING,
            "label": "x",
            "at": NOW,
            "source_type": "test",
            "source_id": 1,
            "actor_label": "x",
            **values,
        }
    )


def test_a_movement_sums_to_zero_when_it_commits(family, office):
    account = ledger.lock_account(family_id=family.pk, cash_office_id=office.pk)
    with pytest.raises(IntegrityError, match="sums to"), transaction.atomic():
        movement = _movement(office)
        LedgerLine.objects.create(
            movement=movement, account="FAMILY", family_account=account, amount_cents=5
        )
        LedgerLine.objects.create(movement=movement, account="OPENING", amount_cents=-4)
        settle_constraints()
    with pytest.raises(IntegrityError, match="0 lines"), transaction.atomic():
        _movement(office)
        settle_constraints()


@pytest.mark.django_db(transaction=True)
def test_a_line_joins_only_a_movement_of_its_own_transaction(family, office):
    make_invoice(family, office, 1000)
    movement = Movement.objects.get()
    with pytest.raises(IntegrityError, match="joins a movement"):
        LedgerLine.objects.create(movement=movement, account="REVENUE", amount_cents=5)


def test_a_credit_never_crosses_cash_offices(family, office):
    other = ledger.lock_account(family_id=family.pk, cash_office_id=make_office("sports").pk)
    with pytest.raises(IntegrityError, match="cash office"), transaction.atomic():
        movement = _movement(office)
        LedgerLine.objects.create(
            movement=movement, account="FAMILY", family_account=other, amount_cents=5
        )


def test_the_same_cause_makes_one_movement(family, office):
    account = ledger.lock_account(family_id=family.pk, cash_office_id=office.pk)

    def one():
        ledger.post(
            account=account,
            kind=Movement.Kind.PAYMENT_ONLINE,
            label="x",
            at=NOW,
            source=("attempt", 1),
            actor_label="x",
            family_cents=-5,
            legs=[ledger.Leg("BANK", 5)],
        )

    one()
    with pytest.raises(IntegrityError), transaction.atomic():
        one()


# --- Payments at the counter -------------------------------------------------------------------


def test_pays_the_oldest_debt_first_and_keeps_the_rest_as_credit(family, office):
    october = make_invoice(family, office, 1000)
    later = make_invoice(family, office, 500, now=NOW.replace(day=25))
    pay(family, office, 1200)
    assert (left_on(october), left_on(later)) == (0, 300)
    pay(family, office, 1000)
    assert left_on(later) == 0
    assert balance(family, office) == -700
    [account] = family_accounts(family.pk)
    assert account.credit_cents == 700 and not account.in_debit
    assert ledger.verify() == []


def test_pays_what_was_chosen(family, office):
    october = make_invoice(family, office, 1000)
    november = make_invoice(family, office, 500)
    pay(family, office, 600, chosen={november.pk: 400})
    assert (left_on(october), left_on(november)) == (1000, 100)
    [account] = family_accounts(family.pk)
    assert account.credit_cents == 200


def test_offices_never_mix(family, office):
    sports = make_office("sports")
    invoice = make_invoice(family, sports, 1000)
    pay(family, office, 1000)
    assert left_on(invoice) == 1000
    assert balance(family, sports) == 1000 and balance(family, office) == -1000
    with pytest.raises(NoCredit):
        credits.use_credit(family_id=family.pk, cash_office_id=sports.pk, actor=PARENT, now=NOW)


def test_receipts_have_no_gap_and_the_same_form_is_taken_once(family, office):
    key = uuid.uuid4()
    first = pay(family, office, 100, key=key)
    assert pay(family, office, 100, key=key).pk == first.pk
    with pytest.raises(BillingRefusal):
        pay(family, office, 100, means="CHEQUE", cheque_number="")
    second = pay(family, office, 100, means="CHEQUE")
    assert first.receipt_number == "ENFANCE-R-2026-00001"
    assert second.receipt_number == "ENFANCE-R-2026-00002"


@pytest.mark.parametrize(
    ("cents", "means", "refusal"),
    [
        (0, "CASH", NotAPositiveAmount),
        (-5, "CHEQUE", NotAPositiveAmount),
        (30_001, "CASH", TooMuchCash),
        (100, "ANCV", MeansNotAccepted),
        (10**12, "CHEQUE", BillingRefusal),
    ],
)
def test_refused(family, office, cents, means, refusal):
    with pytest.raises(refusal):
        pay(family, office, cents, means=means)
    assert not CounterPayment.objects.exists()


def test_an_office_refuses_means_outside_its_act(family):
    with pytest.raises(MeansNotAccepted):
        pay(family, make_office("x", means=["CHEQUE"]), 100)


def test_a_void_leaves_both_lines_and_the_debt_is_back(family, office):
    invoice = make_invoice(family, office, 1000)
    payment = pay(family, office, 1500)
    with pytest.raises(ReasonMissing):
        counter.void_payment(
            payment_id=payment.pk, reason=" ", key=uuid.uuid4(), actor=AGENT, now=NOW
        )
    key = uuid.uuid4()
    for _ in range(2):  # the form sent twice
        void = counter.void_payment(
            payment_id=payment.pk, reason="Chèque sans provision", key=key, actor=AGENT, now=NOW
        )
    assert void.voids == payment and CounterPayment.objects.count() == 2
    assert left_on(invoice) == 1000 and balance(family, office) == 1000
    with pytest.raises(AlreadyVoided):
        counter.void_payment(
            payment_id=payment.pk, reason="encore", key=uuid.uuid4(), actor=AGENT, now=NOW
        )
    with pytest.raises(AlreadyVoided):
        counter.void_payment(
            payment_id=void.pk, reason="encore", key=uuid.uuid4(), actor=AGENT, now=NOW
        )
    with pytest.raises(NoCredit):
        credits.use_credit(family_id=family.pk, cash_office_id=office.pk, actor=PARENT, now=NOW)
    assert ledger.verify() == []


# --- Credit notes and credits ------------------------------------------------------------------


def test_a_credit_note_lowers_what_is_left_then_becomes_credit(family, office):
    invoice = make_invoice(family, office, 1000, 500)
    pay(family, office, 1200)
    first, second = invoice.lines.order_by("pk")
    note = credits.issue_credit_note(
        invoice_id=invoice.pk,
        lines={first.pk: 400, second.pk: 0},
        reason="Grève du 8 octobre",
        actor=AGENT,
        now=NOW,
    )
    assert note.number == "ENFANCE-AV-2026-00001" and note.total_cents == -400
    assert left_on(invoice) == 0 and balance(family, office) == -100
    with pytest.raises(TooMuchToCredit):
        credits.issue_credit_note(
            invoice_id=invoice.pk, lines={first.pk: 601}, reason="encore", actor=AGENT, now=NOW
        )
    with pytest.raises(ReasonMissing):
        credits.issue_credit_note(
            invoice_id=invoice.pk, lines={first.pk: 1}, reason="", actor=AGENT, now=NOW
        )
    with pytest.raises(NotAPositiveAmount):
        credits.issue_credit_note(
            invoice_id=invoice.pk, lines={first.pk: -1}, reason="x", actor=AGENT, now=NOW
        )
    assert ledger.verify() == []


def test_a_credit_serves_by_the_familys_choice(family, office):
    pay(family, office, 300)
    pay(family, office, 400)
    invoice = make_invoice(family, office, 500)
    assert left_on(invoice) == 500 and balance(family, office) == -200
    assert (
        credits.use_credit(family_id=family.pk, cash_office_id=office.pk, actor=PARENT, now=NOW)
        == 500
    )
    assert left_on(invoice) == 0 and balance(family, office) == -200
    assert Allocation.objects.count() == 2
    other = make_invoice(family, office, 100)
    credits.use_credit(
        family_id=family.pk,
        cash_office_id=office.pk,
        actor=PARENT,
        now=NOW,
        chosen={other.pk: 60},
    )
    assert left_on(other) == 40
    assert ledger.verify() == []


def test_the_statement_runs(family, office):
    make_invoice(family, office, 1000)
    pay(family, office, 300)
    pay(family, office, 200)
    [account] = family_accounts(family.pk)
    lines = list(statement(account.account_id))
    assert [line.running_cents for line in lines] == [500, 700, 1000]
    assert [line.amount_cents for line in lines] == [-200, -300, 1000]


def test_what_was_paid_is_told_to_the_cent(family, office):
    make_invoice(family, office, 1000, 500, 333)
    pay(family, office, 1000)
    rows = paid_lines(family_id=family.pk, first=NOW.date(), last=NOW.date())
    assert sum(row["cents"] for row in rows) == 1000
    assert (
        paid_lines(
            family_id=family.pk, first=NOW.date().replace(day=6), last=NOW.date().replace(day=7)
        )
        == []
    )


def test_verify_finds_a_wrong_balance(family, office):
    make_invoice(family, office, 1000)
    FamilyAccount.objects.update(balance_cents=999)
    [fault] = ledger.verify()
    assert (fault.expected_cents, fault.found_cents) == (1000, 999)


# --- Races -------------------------------------------------------------------------------------


def _rush(count, act):
    start = threading.Barrier(count)

    def attempt(rank):
        try:
            start.wait()
            return act(rank)
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(attempt, range(count)))


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_under_a_rush(office):
    families = [make_family(f"F{rank}") for rank in range(8)]

    def act(rank):
        if rank == 3:
            with transaction.atomic():
                numbering.take_numbers(
                    cash_office_id=office.pk, year=2026, kind=numbering.INVOICE, count=5
                )
                raise ZeroDivisionError
        return make_invoice(families[rank], office, 100).number

    results = _rush(8, act)
    assert results.count("ZeroDivisionError") == 1
    numbers = sorted(result for result in results if result.startswith("ENFANCE"))
    assert numbers == [f"ENFANCE-2026-{rank:05d}" for rank in range(1, 8)]


@pytest.mark.django_db(transaction=True)
def test_two_payments_at_once_pay_an_invoice_once(family, office):
    invoice = make_invoice(family, office, 1000)
    _rush(6, lambda rank: pay(family, office, 700).pk)
    assert left_on(invoice) == 0 and balance(family, office) == 1000 - 6 * 700
    assert ledger.verify() == []


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_an_invoice_is_paid_twice(family, office, monkeypatch):
    invoice = make_invoice(family, office, 1000)
    read = threading.Barrier(4)
    list_dues = ledger.list_dues

    def unlocked(*, family_id, cash_office_id):
        return FamilyAccount.objects.get(family_id=family_id, cash_office_id=cash_office_id)

    def slow(account):
        dues = list_dues(account)
        read.wait()
        return dues

    monkeypatch.setattr(ledger, "lock_account", unlocked)
    monkeypatch.setattr(ledger, "list_dues", slow)
    # Receipts would queue on their sequence, and hide the race.
    monkeypatch.setattr(
        numbering, "take_numbers", lambda **kw: [threading.get_native_id() % 90_000]
    )
    _rush(4, lambda rank: pay(family, office, 700).pk)
    assert left_on(invoice) < 0  # paid beyond its total: the race is real
    assert [fault.what for fault in ledger.verify()] == [
        "facture payée au-delà de son total, ou en dessous de zéro"
    ]


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_once_is_taken_once(family, office):
    make_invoice(family, office, 1000)
    key = uuid.uuid4()
    results = _rush(6, lambda rank: pay(family, office, 700, key=key).pk)
    assert len(set(results)) == 1 and CounterPayment.objects.count() == 1


def test_the_command_says_that_the_books_hold_or_where_not(family, office, capsys):
    from django.core.management import call_command

    make_invoice(family, office, 1000)
    call_command("ledger_verify")
    assert "juste" in capsys.readouterr().out
    FamilyAccount.objects.update(balance_cents=999)
    with pytest.raises(SystemExit):
        call_command("ledger_verify")
    assert "attendu 10,00" in capsys.readouterr().err.replace("\u202f", " ")
