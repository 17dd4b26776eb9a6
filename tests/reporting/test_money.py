"""Figures of money: they add up to the cent, whatever the mix; and the end of a year."""

import datetime as dt
import uuid

import pytest

from preau.billing import credits, online, pricing
from preau.billing.figures_by import balances_at, left_by_age
from preau.billing.models import ActivityAccounting, BillingRun
from preau.cashdesk import services
from preau.reporting.models import YearEnd
from preau.reporting.money import get_money
from preau.reporting.year_end import ask_year_end, closing_of, count_year_end, not_invoiced
from preau.rulebook.text.read_book import read_text
from tests.billing.test_runs import BOOK, book_day, set_quotient
from tests.bookings.world import children_of, make_offering, make_slot
from tests.bookings.world import make_family as open_family
from tests.cashdesk.world import LATER, collect, deposit, open_office, part
from tests.harness.money import AGENT, NOW, make_family, make_invoice, make_office

pytestmark = pytest.mark.django_db
DAY = NOW.date()
YEAR = {"first": dt.date(2026, 1, 1), "last": dt.date(2026, 12, 31)}


def pay_online(family, office, invoice, cents, rank=1, now=NOW):
    online.settle(
        family_id=family.pk, cash_office_id=office.pk, attempt_id=rank, amount_cents=cents,
        chosen={invoice.pk: cents}, label="carte", actor_label="x", now=now,
    )  # fmt: skip


def test_what_is_late_by_age():
    office, family = make_office(payment_days=0), make_family()
    for days in (-1, 0, 30, 31, 60, 61, 90, 91):
        make_invoice(family, office, 1_000, month=dt.date(2026, 1, 1) + dt.timedelta(days=days),
                     now=NOW - dt.timedelta(days=days))  # fmt: skip
    paid = make_invoice(family, office, 5_000, now=NOW - dt.timedelta(days=200))
    pay_online(family, office, paid, 5_000)
    ages = {age.bucket: (age.invoices, age.cents) for age in left_by_age(day=DAY)}
    assert ages == {
        "NOT_DUE": (2, 2_000), "30": (1, 1_000), "60": (2, 2_000), "90": (2, 2_000),
        "MORE": (1, 1_000),
    }  # fmt: skip
    assert sum(a.cents for a in left_by_age(day=DAY, cash_office_id=make_office("x").pk)) == 0


def test_collected_by_means_takes_voids_off():
    office = open_office()
    family = make_family()
    invoice = make_invoice(family, office, 10_000)
    collect(family, office, part("CASH", 1_000), part("CHEQUE", 2_000))
    gone = collect(family, office, part("CASH", 500))
    services.void(payment_id=gone.pk, reason="x", key=uuid.uuid4(), actor=AGENT, now=LATER)
    deposit(office, 1_000, "CHEQUE")  # moves nothing of what families paid
    pay_online(family, office, invoice, 3_000)
    found = {row.account: row.cents for row in get_money(now=NOW, **YEAR).means}
    assert {k: v for k, v in found.items() if v} == {"CASH": 1_000, "CHEQUE": 2_000, "BANK": 3_000}


def test_by_activity_adds_up_to_the_cent():
    office, family = open_office(), make_family()
    canteen, judo = make_offering().activity, make_offering("judo", name="Judo").activity
    ActivityAccounting.objects.create(
        activity=canteen, cash_office=office, accounting_code="70671", function_code="281"
    )
    for rank, (left, right) in enumerate([(333, 667), (1_000, 1), (50, 49)], 1):
        first = make_invoice(family, office, left, activity_id=canteen.pk)
        second = make_invoice(family, office, right, activity_id=judo.pk)
        pay_online(family, office, first, left // 2, rank * 2)
        pay_online(family, office, second, right, rank * 2 + 1)
    mixed = make_invoice(family, office, 100, 200)
    credits.issue_credit_note(
        invoice_id=mixed.pk, lines={mixed.lines.first().pk: 40}, reason="x", actor=AGENT, now=NOW
    )
    collect(family, office, part("CASH", 77), chosen={mixed.pk: 77})
    rows = {row.activity: row for row in get_money(now=NOW, **YEAR).activities}
    assert rows["Cantine"].accounting_code == "70671" and rows["Cantine"].function_code == "281"
    assert sum(row.issued_cents for row in rows.values()) == 1_383 + 717 + 300 - 40
    collected = 166 + 500 + 25 + 717 + 77
    assert sum(row.collected_cents for row in rows.values()) == collected
    board = get_money(now=NOW)
    assert board.collected_cents == collected and board.issued_cents == 1_383 + 717 + 300 - 40
    assert board.left_cents == board.issued_cents - collected
    assert board.months[0].online_share == 86  # 6 of 7 payments
    assert get_money(now=NOW, office_code="inconnue").collected_cents == collected
    assert get_money(now=NOW, office_code=office.code).collected_cents == collected


def test_balances_as_they_stood_at_an_instant():
    office = open_office()
    early, late = make_family(), make_family("Zola")
    collect(early, office, part("CASH", 1_000))
    make_invoice(late, office, 700, now=NOW)
    after = NOW + dt.timedelta(days=2)
    invoice = make_invoice(early, office, 5_000, month=dt.date(2026, 11, 1), now=after)
    at = NOW + dt.timedelta(days=1)
    given = {"at": at, "cash_office_id": office.pk}
    [advance] = balances_at(**given, in_advance=True)
    assert (advance.family_id, advance.cents) == (early.pk, -1_000)
    assert [row.cents for row in balances_at(**given, in_advance=False)] == [700]
    assert invoice and not balances_at(
        at=after + dt.timedelta(days=1), cash_office_id=office.pk, in_advance=True
    )


def test_the_year_of_an_office_is_closed():
    office = open_office(allows_refunds=True)
    family = make_family()
    make_invoice(family, office, 10_000)
    collect(family, office, part("CASH", 12_000), part("CARD", 1_000))
    deposit(office, 5_000)
    services.ask_refund(
        family_id=family.pk, cash_office_id=office.pk, amount_cents=1_000, payee="Moi", reason="x",
        key=uuid.uuid4(), by_cash=True, actor=AGENT, now=LATER,
    )  # fmt: skip
    closing = closing_of(cash_office_id=office.pk, year=2026)
    assert (closing.issued_cents, closing.collected_cents) == (10_000, 13_000)
    assert (closing.refunded_cents, closing.deposited_cents) == (1_000, 5_000)
    assert (closing.advances_cents, closing.owed_cents) == (2_000, 0)
    assert closing.held["CASH"] == 6_000
    before = closing_of(cash_office_id=office.pk, year=2025)
    assert before.issued_cents == before.collected_cents == before.advances_cents == 0


def test_what_is_served_and_not_invoiced(monkeypatch):
    """Three meals of December; one of January is not this year's."""
    book = read_text(BOOK)
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: book)
    office, family, offering = make_office(), open_family(1), make_offering()
    [child] = children_of(family)
    set_quotient(family, 800)
    ActivityAccounting.objects.create(
        activity=offering.activity, cash_office=office, accounting_code="70671", is_meal=True
    )
    for day in (1, 3, 15):
        book_day(family, child, make_slot(dt.date(2026, 12, day), offering=offering))
    book_day(family, child, make_slot(dt.date(2027, 1, 5), offering=offering))
    [row] = not_invoiced(cash_office_id=office.pk, year=2026)
    assert (row["units"], row["cents"], row["families"]) == (3, 954, 1)
    assert row["accounting_code"] == "70671"
    assert not_invoiced(cash_office_id=office.pk, year=2025) == []


def test_a_year_end_is_counted_by_the_worker(monkeypatch):
    office = make_office()
    monkeypatch.setattr("preau.reporting.year_end.not_invoiced", lambda **_: [{"cents": 5}])
    for _ in range(2):
        found = ask_year_end(cash_office_id=office.pk, year=2026, actor=AGENT, now=NOW)
    count_year_end(year_end_id=found.pk, now=NOW)
    found.refresh_from_db()
    assert (found.status, found.not_invoiced_cents) == ("READY", 5)
    assert YearEnd.objects.count() == 1 and not BillingRun.objects.exists()
    monkeypatch.setattr("preau.reporting.year_end.not_invoiced", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        count_year_end(year_end_id=found.pk, now=NOW)
    found.refresh_from_db()
    assert found.status == "FAILED"
    count_year_end(year_end_id=0, now=NOW)
