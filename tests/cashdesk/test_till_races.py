"""Two cashiers at once: the ceiling holds, the day closes once, a void and a deposit never both."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from preau.billing import ledger, numbering
from preau.billing.counter import Part, take_payment
from preau.billing.models import CounterPayment, TillBalance
from preau.cashdesk import services
from preau.cashdesk.models import Deposit, TillDay
from tests.cashdesk.world import LATER, collect, deposit, open_office, part
from tests.harness.money import AGENT, make_family

pytestmark = pytest.mark.django_db(transaction=True)
CEILING = {"cash_ceiling_cents": 30_000}


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


def take(family, office):
    """As `collect`, without the open day's lock, which would serialise the cashiers by itself."""
    return take_payment(
        family_id=family.pk, cash_office_id=office.pk, parts=[Part("CASH", 20_000)],
        key=uuid.uuid4(), actor=AGENT, now=LATER,
    )  # fmt: skip


def test_the_ceiling_holds_for_cashiers_at_once():
    office = open_office(**CEILING)
    families = [make_family() for _ in range(4)]
    results = rush(4, lambda rank: take(families[rank], office).means)
    assert sorted(results) == ["CASH", *["CeilingReached"] * 3]
    assert CounterPayment.objects.count() == 1 and ledger.verify() == []


def test_control_without_the_lock_the_ceiling_is_passed(monkeypatch):
    office = open_office(**CEILING)
    families = [make_family() for _ in range(4)]
    read = threading.Barrier(4)

    def unlocked(cash_office_id):
        held = dict.fromkeys(sorted(ledger.TILL_ACCOUNTS), 0) | dict(
            TillBalance.objects.filter(cash_office_id=cash_office_id).values_list(
                "account", "balance_cents"
            )
        )
        read.wait()
        return held

    monkeypatch.setattr(ledger, "lock_till", unlocked)
    monkeypatch.setattr(
        numbering, "take_numbers", lambda **kw: [threading.get_native_id() % 90_000]
    )
    assert rush(4, lambda rank: take(families[rank], office).means) == ["CASH"] * 4


def test_a_void_and_a_deposit_at_once_are_one_or_the_other():
    office = open_office()
    payment = collect(make_family(), office, part("CHEQUE", 3_000))

    def act(rank):
        if rank % 2:
            return deposit(office, 0, "CHEQUE").number
        return services.void(
            payment_id=payment.pk, reason="x", key=uuid.uuid4(), actor=AGENT, now=LATER
        ).receipt_number

    rush(4, act)
    voided = CounterPayment.objects.filter(voids=payment).count()
    assert voided + Deposit.objects.count() == 1 and ledger.verify() == []


def test_a_day_is_opened_and_closed_once():
    office = open_office()
    count = {"cash_office_id": office.pk, "actor": AGENT, "now": LATER}
    closed = rush(3, lambda rank: services.close_day(counted={5_000: 1}, **count).pk)
    assert closed.count("TillClosed") == 2
    rush(3, lambda rank: services.open_day(**count).pk)
    assert TillDay.objects.count() == 2 and TillDay.objects.filter(closed_at=None).count() == 1
