"""Who pays what: the household that has the child, third parties, a price due once, an invoice
for each activity."""

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection, transaction

from preau.billing import agreements, ledger, runs
from preau.billing.errors import BillingRefusal, TooMuchToCredit
from preau.billing.models import (
    CashOffice,
    Invoice,
    InvoiceLine,
    Movement,
    ThirdPartyAccount,
    ThirdPartyInvoice,
)
from preau.billing.third_party_invoices import credit_third_party, left_on, record_payment
from preau.rulebook.text.read_book import read_text
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    BOOK,
    book,
    book_day,
    canteen,
    family,
    office,
    run_all,
    seen,
    set_quotient,
    slots,
)
from tests.bookings.world import children_of, make_family, make_offering, make_slot
from tests.harness.money import AGENT, NOW, OCTOBER

pytestmark = pytest.mark.django_db
NOVEMBER = dt.date(2026, 11, 1)
DECEMBER = dt.datetime(2026, 12, 3, 9, tzinfo=dt.UTC)


@pytest.fixture
def ccas():
    return agreements.save_third_party(
        kind="CCAS",
        name="CCAS de Vincennes",
        address="5 rue Eugène Renaud\n94300 Vincennes",
        actor=AGENT,
        now=NOW,
    )


def agree(third_party, family, **values):  # noqa: F811
    wanted = {
        "child_id": None,
        "activity_ids": [],
        "percent": None,
        "unit_cents": None,
        "month_cap_cents": None,
        "reference": "D-2026-14",
        "starts_on": dt.date(2026, 9, 1),
        "ends_on": dt.date(2027, 7, 31),
    }
    return agreements.make_agreement(
        third_party_id=third_party.pk, family_id=family.pk, actor=AGENT, now=NOW, **wanted | values
    )


def check_books():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert ledger.verify() == []


def test_a_third_party_pays_its_share_on_its_own_invoice(office, family, ccas):  # noqa: F811
    lina = children_of(family)[0]
    agree(ccas, family, child_id=lina.pk, percent=50)
    run_all(office)
    invoice = Invoice.objects.get()
    mine = invoice.lines.get(child=lina)
    # Four meals at 3.18 €: half of 12.72 €.
    assert (mine.share_cents, mine.amount_cents) == (636, 636)
    assert "CCAS de Vincennes prend en charge 50 %" in mine.explanation[-1]
    assert invoice.total_cents == 5 * 318 + 518 - 636
    [theirs] = ThirdPartyInvoice.objects.all()
    assert theirs.number == "ENFANCE-T-2026-00001" and theirs.total_cents == 636
    assert theirs.debtor["name"] == "CCAS de Vincennes"
    [line] = theirs.lines.all()
    assert line.line_id == mine.pk and line.family_name == "Claire Bouvier"
    account = ThirdPartyAccount.objects.get()
    assert account.balance_cents == 636
    check_books()
    record_payment(
        invoice_id=theirs.pk,
        amount_cents=600,
        received_on=NOW.date(),
        reference="VIR 12",
        actor=AGENT,
        now=NOW,
    )
    assert left_on(theirs) == 36
    with pytest.raises(BillingRefusal):
        record_payment(
            invoice_id=theirs.pk,
            amount_cents=37,
            received_on=NOW.date(),
            reference="",
            actor=AGENT,
            now=NOW,
        )
    wrong = {"invoice_id": theirs.pk, "reason": "Enfant absent", "actor": AGENT, "now": NOW}
    with pytest.raises(TooMuchToCredit):
        credit_third_party(lines={line.pk: 637}, **wrong)
    note = credit_third_party(lines={line.pk: 36}, **wrong)
    assert note.total_cents == -36 and left_on(theirs) == 0
    account.refresh_from_db()
    assert account.balance_cents == 0
    check_books()


def test_a_sum_for_each_unit_within_dates_and_a_ceiling(office, family, ccas):  # noqa: F811
    lina, noe = children_of(family)
    agree(ccas, family, child_id=lina.pk, unit_cents=200, starts_on=dt.date(2026, 10, 2))
    agree(ccas, family, child_id=noe.pk, percent=100, month_cap_cents=500)
    run_all(office)
    shares = {
        child: sum(row.share_cents for row in InvoiceLine.objects.filter(child=child))
        for child in (lina, noe)
    }
    # Lina: the 2nd, 5th and 8th; the 6th is free. Noé: 3.18 + 5.18 €, but 5.00 € a month at most.
    assert shares == {lina: 600, noe: 500}
    assert ThirdPartyInvoice.objects.get().total_cents == 1100
    check_books()


def test_an_agreement_asks_for_one_amount_and_dates_in_order(family, ccas):  # noqa: F811
    for wrong in (
        {},
        {"percent": 50, "unit_cents": 100},
        {"percent": 120},
        {"percent": 50, "ends_on": dt.date(2020, 1, 1)},
    ):
        with pytest.raises(BillingRefusal):
            agree(ccas, family, **wrong)


def test_the_household_that_has_the_child_pays_its_day(office, slots):  # noqa: F811
    one, two = make_family(1), make_family(1, name="Autre foyer")
    [child] = children_of(one)
    for house in (one, two):
        set_quotient(house, 742 if house is one else 1200)
    custody = apps.get_model("families", "Custody").objects
    # ISO weeks: 1 and 2 October are in week 40, 5 to 8 in week 41.
    custody.filter(child=child).update(weeks="EVEN")
    custody.create(child=child, family=two, weeks="ODD", starts_on=dt.date(2026, 9, 1))
    for day in (1, 2, 5, 6):
        book_day(one, child, slots[day])
        seen(one, child, slots[day])
    run_all(office)
    asked = {invoice.family_id: invoice.total_cents for invoice in Invoice.objects.all()}
    assert asked == {one.pk: 2 * 318, two.pk: 2 * 500}
    again = runs.compute(office=office, month=OCTOBER)
    assert not again.drafts, "who paid a day is not billed for it again"
    check_books()


def test_who_booked_pays_where_the_town_says_so(office, slots):  # noqa: F811
    CashOffice.objects.update(payer_rule="BOOKER")
    office.refresh_from_db()
    one, two = make_family(1), make_family(1, name="Autre foyer")
    [child] = children_of(one)
    set_quotient(one, 742)
    custody = apps.get_model("families", "Custody").objects
    custody.filter(child=child).update(weeks="EVEN")
    custody.create(child=child, family=two, weeks="ODD", starts_on=dt.date(2026, 9, 1))
    for day in (2, 5):
        book_day(one, child, slots[day])
        seen(one, child, slots[day])
    run_all(office)
    assert Invoice.objects.get().total_cents == 2 * 318


SPORT = """
  judo: {label: Judo, kind: sports, products: {cours: {label: Cours}}}
"""
YEARLY = """
  - id: judo
    label: Judo, l’année
    for: judo
    per: year
    price: 90.00
"""


def yearly(extra=""):
    text = BOOK.replace("tariffs:\n", "tariffs:" + YEARLY.rstrip() + extra + "\n")
    return read_text(text.replace("\ntariffs:", SPORT.rstrip() + "\ntariffs:", 1))


@pytest.fixture
def judo(office):  # noqa: F811
    offering = make_offering("judo", name="Judo", kind="SPORT", product="cours")
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=offering.activity, cash_office=office, accounting_code="70631"
    )
    return offering


def judo_month(house, offering, month):
    [child] = children_of(house)
    for day in (7, 14):
        slot = make_slot(month.replace(day=day), offering=offering)
        book_day(house, child, slot)
        seen(house, child, slot)


def test_a_price_for_the_year_is_due_once(office, judo, monkeypatch):  # noqa: F811
    rules = yearly()
    monkeypatch.setattr("preau.billing.pricing.rulebook_on", lambda day: rules)
    house = make_family(1)
    judo_month(house, judo, OCTOBER)
    judo_month(house, judo, NOVEMBER)
    run_all(office)
    line = InvoiceLine.objects.get()
    assert (line.quantity, line.amount_cents) == (1, 9000)
    assert line.label.endswith("Judo, année 2026-2027") and line.fee_key.startswith("year:")
    assert not runs.compute(office=office, month=NOVEMBER).drafts
    check_books()


def test_a_price_for_the_year_by_instalments(office, judo, monkeypatch):  # noqa: F811
    rules = yearly("\n    divide: 3")
    monkeypatch.setattr("preau.billing.pricing.rulebook_on", lambda day: rules)
    house = make_family(1)
    judo_month(house, judo, OCTOBER)
    judo_month(house, judo, NOVEMBER)
    run_all(office)
    assert InvoiceLine.objects.get().amount_cents == 3000
    [draft] = runs.compute(office=office, month=NOVEMBER).drafts
    assert [line.amount_cents for line in draft.lines] == [3000]
    assert draft.lines[0].label.endswith("échéance 2 sur 3")


def test_one_invoice_for_each_activity(office, family, judo, monkeypatch):  # noqa: F811
    rules = yearly()
    monkeypatch.setattr("preau.billing.pricing.rulebook_on", lambda day: rules)
    CashOffice.objects.update(invoice_per="ACTIVITY")
    office.refresh_from_db()
    lina = children_of(family)[0]
    slot = make_slot(dt.date(2026, 10, 7), offering=judo)
    book_day(family, lina, slot)
    run = run_all(office)
    assert run.invoice_count == 2 == Movement.objects.filter(kind="INVOICE").count()
    found = {one.activity.slug: one.total_cents for one in Invoice.objects.all()}
    assert found == {"cantine": 5 * 318 + 518, "judo": 9000}
    assert not runs.compute(office=office, month=OCTOBER).drafts
    check_books()


def test_a_killed_issue_leaves_no_share(office, family, ccas, monkeypatch):  # noqa: F811
    agree(ccas, family, percent=50)
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=NOW)

    def die(**_asked):
        raise RuntimeError

    with monkeypatch.context() as patch, transaction.atomic():
        patch.setattr(runs, "spend_holds", die)
        with pytest.raises(RuntimeError), transaction.atomic():
            runs.issue(run_id=run.pk, now=NOW)
    assert not ThirdPartyInvoice.objects.exists() and not Invoice.objects.exists()
