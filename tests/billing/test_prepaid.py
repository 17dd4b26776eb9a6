"""Days paid in advance: set aside when booked, given back when given up, spent when billed."""

import datetime as dt
import uuid

import pytest
from django.apps import apps
from django.db import connection, transaction

from preau.billing import counter, ledger, prepaid
from preau.billing.credits import use_credit
from preau.billing.errors import NoCredit, NotEnoughInAdvance
from preau.billing.models import ActivityAccounting, CashOffice, Invoice, PrepaidHold
from preau.billing.queries import family_accounts
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    book,
    book_day,
    canteen,
    office,
    run_all,
    seen,
    set_quotient,
    slots,
)
from tests.bookings.world import children_of, make_family
from tests.harness.money import AGENT, NOW

pytestmark = pytest.mark.django_db
SINCE = dt.date(2026, 10, 1)


@pytest.fixture
def house(office, slots):  # noqa: F811
    ActivityAccounting.objects.update(is_prepaid=True)
    house = make_family(1)
    set_quotient(house, 742)
    return house


def pay_in(house, cents):
    counter.take_payment(
        family_id=house.pk,
        cash_office_id=CashOffice.objects.get().pk,
        means="CASH",
        amount_cents=cents,
        key=uuid.uuid4(),
        actor=AGENT,
        now=NOW,
    )


def settle(house, **asked):
    found = prepaid.settle_family(
        family_id=house.pk, actor_label="essai", now=NOW, since=SINCE, **asked
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert ledger.verify() == []
    return found


def credit(house):
    [account] = family_accounts(house.pk)
    locked = ledger.lock_account(family_id=house.pk, cash_office_id=account.office.pk)
    assert sum(left for _pk, left in ledger.list_credits(locked)) == account.credit_cents
    return account.credit_cents


def test_booked_held_given_up_given_back(house, slots):  # noqa: F811
    pay_in(house, 1000)
    [child] = children_of(house)
    first, _second = (book_day(house, child, slots[day]) for day in (1, 2))
    assert settle(house).held == 2 * 318
    assert credit(house) == 1000 - 2 * 318
    assert settle(house).held == 0, "settling again changes nothing"
    first.status, first.is_charged = "CANCELLED", False
    first.cancelled_at = NOW
    first.save()
    assert settle(house).given_back == 318
    assert credit(house) == 1000 - 318


def test_what_is_set_aside_pays_the_invoice(house, office, slots):  # noqa: F811
    pay_in(house, 1000)
    [child] = children_of(house)
    for day in (1, 2, 5):
        book_day(house, child, slots[day])
    settle(house)
    # One of the three is free in the end: what was set aside for it is credit again.
    for day in (1, 2):
        seen(house, child, slots[day])
    seen(house, child, slots[5], "ABSENT", is_justified=True)
    run_all(office)
    [account] = family_accounts(house.pk)
    assert Invoice.objects.get().total_cents == 2 * 318
    assert account.left_cents == 0 and credit(house) == 1000 - 2 * 318
    assert not PrepaidHold.objects.filter(ended_at__isnull=True).exists()
    assert ledger.verify() == []


def test_what_is_set_aside_serves_nothing_else(house, office, slots):  # noqa: F811
    pay_in(house, 318)
    [child] = children_of(house)
    book_day(house, child, slots[1])
    settle(house)
    assert credit(house) == 0
    with pytest.raises(NoCredit):
        use_credit(family_id=house.pk, cash_office_id=office.pk, actor=AGENT, now=NOW)


def test_a_short_balance_is_told_and_the_rest_is_billed(house, office, slots):  # noqa: F811
    pay_in(house, 400)
    [child] = children_of(house)
    for day in (1, 2):
        book_day(house, child, slots[day])
        seen(house, child, slots[day])
    found = settle(house, may_refuse=True)
    assert (found.held, found.short) == (318, 318) and "il manque" in found.sentence
    run_all(office)
    [account] = family_accounts(house.pk)
    # The rest of the credit is the family's to use.
    assert account.left_cents == 318 and account.credit_cents == 82


def test_a_town_may_refuse_but_never_a_meal(house, slots):  # noqa: F811
    CashOffice.objects.update(prepaid_when_short="REFUSE", prepaid_min_cents=100)
    pay_in(house, 400)
    [child] = children_of(house)
    book_day(house, child, slots[1])
    assert settle(house, may_refuse=True).short == 318, "a meal is served"
    ActivityAccounting.objects.update(is_meal=False)
    with pytest.raises(NotEnoughInAdvance), transaction.atomic():
        settle(house, may_refuse=True)
    pay_in(house, 18)
    assert settle(house, may_refuse=True).held == 318, "to the minimum, no further"


def test_a_day_cancelled_by_the_town_gives_back(house, slots):  # noqa: F811
    pay_in(house, 1000)
    [child] = children_of(house)
    book_day(house, child, slots[1])
    settle(house)
    apps.get_model("bookings", "Slot").objects.filter(pk=slots[1].pk).update(status="CANCELLED")
    assert settle(house).given_back == 318 and credit(house) == 1000
