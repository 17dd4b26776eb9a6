"""What a draft changes for real families, before it is published; and nothing is written."""

import datetime as dt

import pytest
from django.apps import apps

from preau.billing import pricing, registrations
from preau.billing.models import Invoice
from preau.journeys import rulebook_preview
from preau.rulebook.text.read_book import read_text
from tests.billing.test_runs import BOOK, book_day, set_quotient
from tests.bookings.world import children_of, make_family, make_offering, make_slot
from tests.harness.money import OCTOBER, make_office

DRAFT = BOOK.replace("price: 3.18", "price: 3.38").replace("price: 1.00", "price: 0.90")


@pytest.fixture
def families(db, monkeypatch):
    """Three families of two meals each: low, middle and high quotient."""
    book = read_text(BOOK)
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: book)
    monkeypatch.setattr(rulebook_preview, "rulebook_on", lambda day: book)
    office, offering = make_office(), make_offering()
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=offering.activity, cash_office=office, accounting_code="7067", is_meal=True
    )
    slots = [make_slot(dt.date(2026, 10, day), offering=offering) for day in (1, 2)]
    made = []
    for value in (300, 742, 1500):
        family = make_family(1)
        set_quotient(family, value)
        for slot in slots:
            book_day(family, children_of(family)[0], slot)
        made.append(family)
    return made


def test_who_pays_more_who_pays_less_and_by_how_much(families):
    found = rulebook_preview.preview(read_text(DRAFT), OCTOBER)
    assert (found.families, found.more, found.less, found.same) == (3, 1, 1, 1)
    assert (found.more_cents, found.less_cents, found.delta) == (40, -20, 20)
    assert (found.before, found.after) == (2 * (100 + 318 + 500), 2 * (90 + 338 + 500))
    assert [c.delta for c in found.changes] == [40, -20]
    assert found.by_activity[0][1:] == (found.before, found.after)
    assert not Invoice.objects.exists()


def test_what_the_draft_does_not_price_is_told(families):
    holed = BOOK.replace("        - {from: 500.01, to: 1000, price: 3.18}\n", "")
    found = rulebook_preview.preview(read_text(holed), OCTOBER)
    assert any("aucune tranche" in text for text in found.undecided)


def test_the_number_of_queries_does_not_grow_with_families(families, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        rulebook_preview.preview(read_text(DRAFT), OCTOBER)


def test_without_rules_in_force_there_is_nothing_to_compare(families, monkeypatch):
    monkeypatch.setattr(rulebook_preview, "rulebook_on", lambda day: None)
    assert rulebook_preview.preview(read_text(DRAFT), OCTOBER) is None


def test_registration_fees_of_the_draft_are_tried_on_those_enrolled(families, monkeypatch):
    monkeypatch.setattr(registrations, "rulebook_on", lambda day: read_text(BOOK))
    fees = """
  adhesion: {label: Adhésion, kind: registration, due_for: [cantine]}
  licence: {label: Licence, kind: registration}
tariffs:
  - {id: adhesion, for: adhesion, per: year, price: 12.00}
  - {id: licence, for: licence, per: year, price: 5.00}
"""
    draft = read_text(BOOK.replace("tariffs:\n", fees.lstrip("\n"), 1))
    canteen = apps.get_model("catalogue", "Offering").objects.get()
    told = rulebook_preview.preview(draft, OCTOBER).notes
    assert len(told) == 2 and "adhesion" in told[0]
    apps.get_model("catalogue", "Activity").objects.create(
        slug="adhesion", name="Adhésion", kind="SPORT", domain=canteen.activity.domain
    )
    found = rulebook_preview.preview(draft, OCTOBER)
    assert (found.families, found.more, found.more_cents) == (3, 3, 3 * 1200)
    assert ("Adhésion", 0, 3600) in found.by_activity and len(found.notes) == 1
    assert not Invoice.objects.exists()
