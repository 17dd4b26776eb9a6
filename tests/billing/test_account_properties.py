"""Whatever happens to an account, in whatever order, the books hold."""

import uuid

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preau.billing import counter, credits, ledger, online
from preau.billing.models import CounterPayment, Invoice, Movement
from preau.billing.queries import family_accounts, statement
from preau.kernel.errors import Refusal
from tests.harness.money import AGENT, NOW, PARENT, make_family, make_invoice, make_office

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
)


def one_of(queryset, pick):
    rows = list(queryset.order_by("pk"))
    return rows[pick % len(rows)] if rows else None


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
        movement = one_of(Movement.objects.filter(kind="PAYMENT_ONLINE").exclude(pk__in=done), pick)
        if movement:
            online.take_back(
                **who, attempt_id=movement.source_id, label="reprise", actor_label="x", now=NOW
            )
    else:
        credits.use_credit(**who, actor=PARENT, now=NOW)


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=1, max_size=14))
def test_the_books_hold_whatever_happens(acts):
    with transaction.atomic():
        family, office = make_family(), make_office()
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
        transaction.set_rollback(True)
