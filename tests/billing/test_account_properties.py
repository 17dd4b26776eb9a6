"""Whatever happens to an account, in whatever order, the books hold."""

import datetime as dt
import uuid

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preau.billing import (
    agreements,
    counter,
    credits,
    giving_back,
    ledger,
    online,
    prepaid,
    refunds,
    runs,
    third_party_credits,
)
from preau.billing import third_party_invoices as thirds
from preau.billing.models import (
    CounterPayment,
    CreditReturn,
    Invoice,
    LedgerLine,
    Movement,
    ThirdPartyInvoice,
)
from preau.billing.queries import family_accounts, statement
from preau.kernel.errors import Refusal
from preau.reporting.year_end import closing_of
from tests.billing.test_runs import book  # noqa: F401  (fixture)
from tests.billing.test_who_pays import agree
from tests.bookings.world import children_of, enrol, make_family, make_offering, make_slot
from tests.harness.money import AGENT, NOW, OCTOBER, PARENT, make_invoice, make_office

CENTS = st.integers(min_value=1, max_value=20_000)
PICK = st.integers(min_value=0, max_value=50)
ACTS = st.one_of(
    st.tuples(st.just("invoice"), CENTS, PICK),
    st.tuples(st.just("cash"), CENTS, PICK),
    st.tuples(st.just("card"), CENTS, PICK),
    st.tuples(st.just("credit note"), CENTS, PICK),
    st.tuples(st.just("void"), CENTS, PICK),
    st.tuples(st.just("bank takes back"), CENTS, PICK),
    st.tuples(st.just("use credit"), CENTS, PICK),
    st.tuples(st.just("give back"), CENTS, PICK),
    st.tuples(st.just("book"), CENTS, PICK),
    st.tuples(st.just("give up"), CENTS, PICK),
    st.tuples(st.just("bill the month"), CENTS, PICK),
    st.tuples(st.just("undo give back"), CENTS, PICK),
    st.tuples(st.just("the bank refunds"), CENTS, PICK),
    st.tuples(st.just("third party pays"), CENTS, PICK),
    st.tuples(st.just("third party credit note"), CENTS, PICK),
    st.tuples(st.just("third party uses credit"), CENTS, PICK),
    st.tuples(st.just("third party is given back"), CENTS, PICK),
)


def one_of(queryset, pick):
    rows = list(queryset.order_by("pk"))
    return rows[pick % len(rows)] if rows else None


def book_or_give_up(act, pick, family):
    """One day of a prepaid activity, taken or given up; then the account follows."""
    Booking = apps.get_model("bookings", "Booking")
    enrolment = apps.get_model("enrolments", "Enrolment").objects.get(family=family)
    mine = Booking.objects.filter(family=family, status="CONFIRMED")
    if act == "book":
        free = apps.get_model("bookings", "Slot").objects.exclude(pk__in=mine.values("slot"))
        slot = one_of(free, pick)
        if slot is not None:
            Booking.objects.create(
                slot=slot,
                child=enrolment.child,
                family=family,
                enrolment=enrolment,
                status="CONFIRMED",
                ordinal=1,
                channel="PORTAL",
                booked_at=NOW,
            )
    elif booking := one_of(mine, pick):
        Booking.objects.filter(pk=booking.pk).update(
            status="CANCELLED", is_charged=pick % 2 == 0, cancelled_at=NOW
        )
    prepaid.settle_family(family_id=family.pk, actor_label="essai", now=NOW, since=OCTOBER)


def bill(office):
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=NOW)
    runs.issue(run_id=run.pk, now=NOW)


def make_town():
    """A household, its cash office, and six days of a canteen paid in advance; the social services
    pay half of them."""
    office, offering = make_office(), make_offering()
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=offering.activity, cash_office=office, is_meal=True, is_prepaid=True
    )
    for day in (1, 2, 5, 6, 8, 9):
        make_slot(dt.date(2026, 10, day), offering=offering)
    family = make_family(1)
    enrol(family, offering, children_of(family)[0])
    ccas = agreements.save_third_party(kind="CCAS", name="CCAS", actor=AGENT, now=NOW)
    agree(ccas, family, percent=50)
    return family, office


def play_third_party(act, cents, pick):
    """What happens between the cash office and who pays half of the canteen."""
    by = {"actor": AGENT, "now": NOW}
    invoice = one_of(ThirdPartyInvoice.objects.filter(corrects=None), pick)
    if invoice is None:
        return
    if act == "third party pays":
        thirds.record_payment(
            invoice_id=invoice.pk,
            amount_cents=min(cents, max(thirds.left_on(invoice), 1)),
            received_on=NOW.date(),
            reference="",
            **by,
        )
    elif act == "third party credit note":
        line = one_of(invoice.lines.all(), pick)
        thirds.credit_third_party(
            invoice_id=invoice.pk,
            lines={line.pk: min(cents, line.amount_cents)},
            reason="essai",
            **by,
        )
    elif act == "third party uses credit":
        third_party_credits.use_third_party_credit(invoice_id=invoice.pk, **by)
    else:
        held = third_party_credits.credit_of(invoice.account_id)
        third_party_credits.give_third_party_back(
            account_id=invoice.account_id, amount_cents=min(cents, held or 1), reference="x", **by
        )


def play(act, cents, pick, family, office):
    who = {"family_id": family.pk, "cash_office_id": office.pk}
    if act == "invoice":
        make_invoice(family, office, cents)
    elif act == "cash":
        counter.take_payment(
            **who, means="CASH", amount_cents=cents, key=uuid.uuid4(), actor=AGENT, now=NOW
        )
    elif act == "card":
        left = online.lock_and_list_left(**who)
        chosen = {}
        if left:
            invoice_id = sorted(left)[pick % len(left)]
            chosen = {invoice_id: min(cents, left[invoice_id])}
        online.settle(
            **who,
            attempt_id=Movement.objects.count() + 1,
            amount_cents=cents,
            chosen=chosen,
            label="carte",
            actor_label="x",
            now=NOW,
        )
    elif act == "credit note":
        invoice = one_of(Invoice.objects.filter(kind="INVOICE", total_cents__gt=0), pick)
        if invoice:
            line = invoice.lines.first()
            credits.issue_credit_note(
                invoice_id=invoice.pk,
                lines={line.pk: min(cents, line.amount_cents)},
                reason="essai",
                actor=AGENT,
                now=NOW,
            )
    elif act == "void":
        payment = one_of(CounterPayment.objects.all(), pick)
        if payment:
            counter.void_payment(
                payment_id=payment.pk, reason="essai", key=uuid.uuid4(), actor=AGENT, now=NOW
            )
    elif act == "bank takes back":
        done = Movement.objects.filter(kind="REVERSAL").values("source_id")
        given = Movement.objects.filter(kind="REFUND", source_type=refunds.REFUND)
        if given.exists() or CreditReturn.objects.filter(movement__kind="REFUND").exists():
            return  # what was given back and then lost is owed again: no invoice names it
        movement = one_of(Movement.objects.filter(kind="PAYMENT_ONLINE").exclude(pk__in=done), pick)
        if movement:
            online.take_back(
                **who, attempt_id=movement.source_id, label="reprise", actor_label="x", now=NOW
            )
    elif act == "give back":
        giving_back.give_back(
            **who,
            amount_cents=cents,
            by_cash=False,
            label="essai",
            source=("test", Movement.objects.count() + 1),
            actor=AGENT,
            now=NOW,
        )
    elif act == "undo give back":
        done = Movement.objects.filter(kind="REVERSAL").values("source_id")
        given = Movement.objects.filter(kind="REFUND", source_type="test").exclude(pk__in=done)
        if movement := one_of(given, pick):
            giving_back.undo_give_back(
                movement_id=movement.pk,
                family_id=family.pk,
                label="annulé",
                actor=AGENT,
                now=NOW,
            )
    elif act == "the bank refunds":
        done = Movement.objects.filter(kind="REVERSAL").values("source_id")
        paid = one_of(Movement.objects.filter(kind="PAYMENT_ONLINE").exclude(pk__in=done), pick)
        earlier = Movement.objects.filter(kind="REFUND", source_type=refunds.REFUND)
        if paid is not None and not earlier.exists():
            brought = -paid.lines.get(account="FAMILY").amount_cents
            refunds.give_back_in_part(
                **who,
                attempt_id=paid.source_id,
                refund_id=Movement.objects.count() + 1,
                earlier=(),
                amount_cents=min(cents, brought),
                label="remboursé",
                actor_label="x",
                now=NOW,
            )
    elif act.startswith("third party"):
        play_third_party(act, cents, pick)
    elif act in ("book", "give up"):
        book_or_give_up(act, pick, family)
    elif act == "bill the month":
        bill(office)
    else:
        credits.use_credit(**who, actor=PARENT, now=NOW)


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=1, max_size=14))
def test_the_books_hold_whatever_happens(acts, book):  # noqa: F811
    with transaction.atomic():
        family, office = make_town()
        for act, cents, pick in acts:
            try:
                with transaction.atomic():
                    play(act, cents, pick, family, office)
            except Refusal:
                continue
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert ledger.verify() == []
        [account] = family_accounts(family.pk)
        assert account.credit_cents >= 0
        assert all(invoice.left_cents > 0 for invoice in account.unpaid)
        if account.account_id:
            lines = list(statement(account.account_id))
            if lines:
                assert lines[0].running_cents == account.balance_cents
            locked = ledger.lock_account(family_id=family.pk, cash_office_id=office.pk)
            free = sum(left for _movement, left in ledger.list_credits(locked))
            assert free == account.credit_cents
        closing = closing_of(cash_office_id=office.pk, year=NOW.year)
        sums = dict(LedgerLine.objects.values_list("account").annotate(total=Sum("amount_cents")))
        assert closing.owed_cents - closing.advances_cents == sums.get("FAMILY", 0)
        assert closing.set_aside_cents == -sums.get("ADVANCE", 0)
        assert sum(cents for _name, cents in closing.third_parties) == sums.get("THIRD", 0)
        transaction.set_rollback(True)
