"""Several at once: six notifications, a notification and the counter; with a control each."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from preau.billing import counter, ledger
from preau.billing.models import FamilyAccount
from preau.payments import outcomes, services
from preau.payments.models import Attempt, ProviderEvent
from tests.harness.money import AGENT, NOW, balance, left_on, make_invoice
from tests.payments.world import (
    BOTH,
    message,
    open_office,
    start,
)


def rush(count, act):
    start_line = threading.Barrier(count)

    def attempt(rank):
        try:
            start_line.wait()
            return act(rank)
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(attempt, range(count)))


def receive_all(attempt, body, count=6):
    return rush(
        count,
        lambda rank: (
            services.receive(
                cash_office_code=attempt.cash_office.code,
                raw=body,
                source=ProviderEvent.Source.NOTIFICATION,
                now=NOW,
            ).outcome
        ),
    )


@pytest.mark.django_db(transaction=True)
@BOTH
def test_six_notifications_at_once_settle_once(family, kind):
    office = open_office(kind)
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    outcomes = sorted(receive_all(attempt, message(attempt)))
    assert outcomes == ["déjà réglé"] * 5 + ["payé"]
    assert balance(family, office) == 0 and ProviderEvent.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_database_still_holds(family, monkeypatch):
    office = open_office("SPPLUS")
    attempt = start(family, office, top_up=5_000)
    settle, all_in = outcomes._settle, threading.Barrier(4)

    def slow(verdict, found, *, now):
        all_in.wait()
        return settle(verdict, found, now=now)

    monkeypatch.setattr(outcomes, "_settle", slow)
    from django.db.models import QuerySet

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kw: self.all())
    seen = receive_all(attempt, message(attempt), 4)
    # The race is real: all four thought that they were first; one movement was written.
    assert sorted(seen) == ["IntegrityError"] * 3 + ["payé"]
    assert FamilyAccount.objects.get().balance_cents == -5_000


@pytest.mark.django_db(transaction=True)
def test_the_bank_and_the_counter_at_once(family):
    office = open_office("SPPLUS")
    invoice = make_invoice(family, office, 5_000)
    attempt = start(family, office, {invoice: 5_000})
    body = message(attempt)

    def act(rank):
        if rank % 2:
            return counter.take_payment(
                family_id=family.pk,
                cash_office_id=office.pk,
                means="CASH",
                amount_cents=3_000,
                key=uuid.uuid4(),
                actor=AGENT,
                now=NOW,
            ).pk
        return services.receive(
            cash_office_code=office.code,
            raw=body,
            source=ProviderEvent.Source.NOTIFICATION,
            now=NOW,
        ).outcome

    rush(6, act)
    assert left_on(invoice) == 0 and balance(family, office) == 5_000 - 5_000 - 9_000
    assert ledger.verify() == []


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_by_four_at_once_opens_one_payment(family):
    office, key = open_office("SPPLUS"), uuid.uuid4()
    found = rush(4, lambda rank: start(family, office, top_up=5_000, key=key).pk)
    assert set(found) == {Attempt.objects.get().pk}


@pytest.mark.django_db(transaction=True)
def test_control_without_waiting_for_the_form_three_break(family, monkeypatch):
    office, key = open_office("SPPLUS"), uuid.uuid4()
    all_in = threading.Barrier(4)
    monkeypatch.setattr(services, "lock_form", lambda key: None)
    monkeypatch.setattr(services, "check_open", lambda ids: all_in.wait())
    found = rush(4, lambda rank: start(family, office, top_up=5_000, key=key).pk)
    assert found.count("IntegrityError") == 3 and Attempt.objects.count() == 1
