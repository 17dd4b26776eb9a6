"""A quotient that came late: repriced by the rules of the time, credited once, never charged."""

import datetime as dt

import pytest
from django.apps import apps

from preau.billing import pricing, repricing
from preau.billing.models import BillingRun, Invoice
from preau.rulebook.text.read_book import read_text
from tests.billing.test_runs import BOOK, book_day, seen, set_quotient
from tests.bookings.world import children_of, make_family, make_offering, make_slot
from tests.harness.money import AGENT, NOW, OCTOBER, make_office

UNTIL = dt.date(2026, 11, 20)
BACK = BOOK.replace("format: 1\n", "format: 1\nquotient: {backdate_months: 3}\n")


@pytest.fixture
def billed(db, monkeypatch):
    """Five meals of a family without quotient, billed at the highest price."""
    from preau.billing import runs

    book = read_text(BACK)
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: book)
    monkeypatch.setattr(repricing, "rulebook_on", lambda day: book)
    office = make_office()
    offering = make_offering()
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=offering.activity, cash_office=office, accounting_code="7067", is_meal=True
    )
    family = make_family(1)
    [child] = children_of(family)
    for day in (1, 2, 5, 6):
        slot = make_slot(dt.date(2026, 10, day), offering=offering)
        if day != 6:
            book_day(family, child, slot)
        seen(family, child, slot, **({"is_walk_in": True} if day == 6 else {}))
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=NOW)
    runs.issue(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.status == BillingRun.Status.ISSUED
    assert Invoice.objects.get().total_cents == 4 * 600 + 200
    return family


def credit(family):
    return repricing.credit_late_quotient(
        family_id=family.pk, since=dt.date(2026, 8, 1), until=UNTIL, actor=AGENT, now=NOW
    )


def test_the_difference_is_credited_once(billed):
    set_quotient(billed, 742)
    found = repricing.reprice(family_id=billed.pk, since=dt.date(2026, 8, 1), until=UNTIL)
    assert sum(one.credit for one in found) == 4 * (600 - 318)
    assert any("tranche" in sentence for one in found for sentence in one.why)
    [note] = credit(billed)
    assert note.total_cents == -4 * (600 - 318)
    with pytest.raises(repricing.NothingToCredit):
        credit(billed)


def test_nothing_is_charged_more_after_the_fact(billed):
    set_quotient(billed, 742)
    credit(billed)
    set_quotient(billed, 2000)
    with pytest.raises(repricing.NothingToCredit):
        credit(billed)


def test_days_before_the_town_s_limit_stay_as_they_were(billed):
    assert repricing.earliest(UNTIL) == dt.date(2026, 8, 1)
    set_quotient(billed, 742)
    assert not repricing.reprice(family_id=billed.pk, since=dt.date(2026, 10, 7), until=UNTIL)


def test_a_town_that_does_not_go_back_refuses(billed, monkeypatch):
    monkeypatch.setattr(repricing, "rulebook_on", lambda day: read_text(BOOK))
    set_quotient(billed, 742)
    with pytest.raises(repricing.NotBackdated):
        credit(billed)
