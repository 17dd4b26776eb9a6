"""Accounts by nature: a product's own, frozen when issued, told wherever money is counted."""

import datetime as dt

import pytest
from django.apps import apps

from preau.billing import credits, pricing
from preau.billing.figures_by import issued_by_activity
from preau.billing.figures_nature import collected_by_nature, nature_words, natures_of_invoices
from preau.billing.models import Invoice, InvoiceLine, LedgerLine, ProductAccounting
from preau.billing.natures import Nature, set_product_nature
from preau.billing.services import assign_activity
from preau.rulebook.text.read_book import read_text
from tests.billing.test_runs import BOOK, book_day, run_all, set_quotient
from tests.bookings.world import children_of, make_family, make_offering, make_slot
from tests.cashdesk.world import collect, open_office, part
from tests.harness.money import AGENT, NOW

pytestmark = pytest.mark.django_db
YEAR = {"first": dt.date(2026, 1, 1), "last": dt.date(2026, 12, 31)}
BY = {"actor": AGENT, "now": NOW}


@pytest.fixture
def invoice(monkeypatch):
    """Two meals under the activity's account, two picnics under their own."""
    book = read_text(BOOK.replace("{repas: {label: Repas}}", "{repas: Repas, pique: Pique-nique}"))
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: book)
    office = open_office()
    offering = make_offering()
    Product = apps.get_model("catalogue", "Product")
    picnic = Product.objects.create(
        activity=offering.activity, slug="pique", name="Pique-nique", unit_name="repas",
        unit_plural="repas", starts_at=dt.time(11), ends_at=dt.time(14), position=2,
    )  # fmt: skip
    assign_activity(
        activity_id=offering.activity_id, cash_office_id=office.pk, accounting_code="70671",
        function_code="281", is_meal=True, **BY,
    )  # fmt: skip
    set_product_nature(product_id=picnic.pk, accounting_code=" 70688 ", **BY)
    family = make_family(1)
    set_quotient(family, 742)
    [child] = children_of(family)
    for day in (1, 2):
        book_day(family, child, make_slot(dt.date(2026, 10, day), offering=offering))
    for day in (5, 6):
        slot = make_slot(dt.date(2026, 10, day), offering=offering)
        type(slot).objects.filter(pk=slot.pk).update(product=picnic)
        book_day(family, child, slot)
    run_all(office)
    return Invoice.objects.get()


def _said(invoice):
    return [
        (line.accounting_code, line.function_code, line.amount_cents)
        for line in invoice.lines.order_by("accounting_code")
    ]


def test_a_product_has_its_own_account_and_the_rest_follows_its_activity(invoice):
    assert _said(invoice) == [("70671", "281", 636), ("70688", "281", 636)]
    booked = LedgerLine.objects.filter(account="REVENUE").values_list(
        "accounting_code", "amount_cents"
    )
    assert sorted(booked) == [("70671", -636), ("70688", -636)]


def test_what_is_issued_does_not_follow_a_later_change(invoice):
    office = invoice.cash_office
    assign_activity(
        activity_id=invoice.lines.first().activity_id, cash_office_id=office.pk,
        accounting_code="7066", function_code="64", **BY,
    )  # fmt: skip
    set_product_nature(
        product_id=ProductAccounting.objects.get().product_id, accounting_code="", **BY
    )
    assert not ProductAccounting.objects.exists()
    line = invoice.lines.get(accounting_code="70688")
    note = credits.issue_credit_note(
        invoice_id=invoice.pk, lines={line.pk: 100}, reason="Pluie", **BY
    )
    assert _said(note) == [("70688", "281", -100)]
    rows = {key[2:]: cents for key, cents in issued_by_activity(**YEAR).items()}
    assert rows == {("70671", "281"): 636, ("70688", "281"): 536}


def test_what_is_received_and_left_by_nature_adds_up_to_the_cent(invoice):
    office = invoice.cash_office
    family = apps.get_model("families", "Family").objects.get(pk=invoice.family_id)
    collect(family, office, part("CHEQUE", 1_001), chosen={invoice.pk: 701})
    rows, credit = collected_by_nature(
        cash_office_id=office.pk, since=NOW - dt.timedelta(days=1), until=NOW + dt.timedelta(days=9)
    )
    assert sum(row.cents for row in rows) + credit == 1_001 and credit == 300
    assert {row.nature.code for row in rows} == {"70671", "70688"}
    [left] = natures_of_invoices({invoice.pk: 571}).values()
    assert sum(row.cents for row in left) == 571
    assert (
        nature_words(left) == "70671 (281)\u00a0: 2,86\u202f€\u202f; 70688 (281)\u00a0: 2,85\u202f€"
    )
    assert left[0].nature == Nature("70671", "281")


def test_nothing_received_nothing_told():
    office = open_office()
    assert collected_by_nature(cash_office_id=office.pk, since=NOW, until=NOW) == ([], 0)
    assert natures_of_invoices({}) == {} and not InvoiceLine.objects.exists()
