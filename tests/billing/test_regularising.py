"""What is learnt after the invoice is proposed to an agent, never written by itself."""

import datetime as dt

import pytest
from django.apps import apps

from preau.billing import pricing, regularising, repricing, runs
from preau.billing.errors import AlreadyDecided, ReasonMissing
from preau.billing.models import Invoice, InvoiceLine, Regularisation, ThirdPartyInvoice
from preau.billing.rules import left_to_family
from preau.bookings.services import cancel_slots, reopen_slots, restore_bookings
from preau.rulebook.text.read_book import read_text
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    BOOK,
    book,
    book_day,
    canteen,
    office,
    run_all,
    seen,
    set_quotient,
    slots,
)
from tests.billing.test_who_pays import agree, ccas  # noqa: F401  (fixture)
from tests.bookings.world import children_of, make_family
from tests.harness.money import AGENT, NOW

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(days=5)
NOVEMBER = dt.date(2026, 11, 1)


@pytest.fixture
def billed(office, slots):  # noqa: F811
    house = make_family(1)
    set_quotient(house, 742)
    [child] = children_of(house)
    for day in (1, 2, 5, 6):
        book_day(house, child, slots[day])
        seen(house, child, slots[day])
    run_all(office)
    assert Invoice.objects.get().total_cents == 4 * 318
    return house


def correct(slot, presence, **values):
    apps.get_model("attendance", "Attendance").objects.filter(slot=slot).update(
        presence=presence, recorded_at=LATER, **values
    )


def decide(act, row, **more):
    return act(regularisation_id=row.pk, actor=AGENT, now=LATER, **more)


def test_nothing_changed_nothing_proposed(billed):
    assert regularising.find_changes(now=LATER) == 0


def test_an_absence_learnt_late_is_proposed_then_credited(billed, slots):  # noqa: F811
    correct(slots[2], "ABSENT", is_justified=True)
    assert regularising.find_changes(now=LATER) == 1
    assert regularising.find_changes(now=LATER) == 0, "the same change is proposed once"
    [row] = Regularisation.objects.all()
    assert (row.kind, row.cents) == ("CREDIT", 318)
    assert [(day["day"], day["before"], day["now"]) for day in row.days] == [("2026-10-02", 318, 0)]
    assert not Invoice.objects.filter(kind="CREDIT_NOTE").exists(), "nothing is silent"
    decide(regularising.accept, row)
    note = Invoice.objects.get(kind="CREDIT_NOTE")
    assert note.total_cents == -318 and "2 octobre" in note.reason
    with pytest.raises(AlreadyDecided):
        decide(regularising.accept, row)
    assert regularising.find_changes(now=LATER) == 0


def test_what_was_refused_is_not_proposed_again(billed, slots):  # noqa: F811
    correct(slots[2], "ABSENT", is_justified=True)
    regularising.find_changes(now=LATER)
    row = Regularisation.objects.get()
    with pytest.raises(ReasonMissing):
        decide(regularising.refuse, row, reason=" ")
    decide(regularising.refuse, row, reason="Justificatif hors délai")
    assert regularising.find_changes(now=LATER) == 0
    assert not Invoice.objects.filter(kind="CREDIT_NOTE").exists()


def test_a_change_undone_takes_its_proposal_away(billed, slots):  # noqa: F811
    correct(slots[2], "ABSENT", is_justified=True)
    regularising.find_changes(now=LATER)
    correct(slots[2], "PRESENT", is_justified=None)
    regularising.find_changes(now=LATER)
    assert not Regularisation.objects.exists()


@pytest.mark.parametrize("credited", [False, True])
def test_sessions_cancelled_by_mistake_and_given_back_are_due_again(
    billed,
    slots,  # noqa: F811
    credited,
):
    apps.get_model("bookings", "Slot").objects.filter(pk=slots[2].pk).update(taken=1)
    taken = cancel_slots(slot_ids=[slots[2].pk], reason="Panne", now=LATER, actor=AGENT)
    assert regularising.find_changes(now=LATER) == 1
    if credited:
        decide(regularising.accept, Regularisation.objects.get())
    reopen_slots(slot_ids=[slots[2].pk], since=LATER, now=LATER, actor=AGENT)
    held = {booking.pk: "CONFIRMED" for booking in taken}
    assert len(restore_bookings(held=held, now=LATER, actor=AGENT).back) == 1
    regularising.find_changes(now=LATER)
    found = Regularisation.objects.filter(status="PROPOSED").values_list("kind", "cents")
    assert list(found) == ([("CHARGE", 318)] if credited else [])


def test_what_costs_more_goes_on_the_next_invoice(billed, slots, office):  # noqa: F811
    # The booking had been given up before the day, and its cancellation was lost: he came unbooked.
    apps.get_model("bookings", "Booking").objects.filter(slot=slots[5]).update(
        status="CANCELLED", is_charged=False, cancelled_at=LATER
    )
    regularising.find_changes(now=LATER)
    [row] = Regularisation.objects.all()
    assert (row.kind, row.cents) == ("CHARGE", 200)
    decide(regularising.accept, row)
    [draft] = runs.compute(office=office, month=NOVEMBER).drafts
    [line] = draft.lines
    assert (line.amount_cents, line.fee_key) == (200, f"reg:{row.pk}")
    assert "régularisation d’octobre" in line.label
    assert regularising.find_changes(now=LATER) == 0, "what was accepted counts as asked"


def bill(office, slots, ccas, percent):  # noqa: F811
    house = make_family(1)
    set_quotient(house, 742)
    agree(ccas, house, percent=percent, ends_on=dt.date(2026, 10, 31))
    [child] = children_of(house)
    for day in (1, 2, 5, 6):
        book_day(house, child, slots[day])
        seen(house, child, slots[day])
    run_all(office)
    return ThirdPartyInvoice.objects.get()


def test_a_line_wholly_paid_by_a_third_party_has_its_proposal_too(office, slots, ccas):  # noqa: F811
    theirs = bill(office, slots, ccas, 100)
    assert Invoice.objects.get().total_cents == 0 and theirs.total_cents == 4 * 318
    correct(slots[2], "ABSENT", is_justified=True)
    assert regularising.find_changes(now=LATER) == 1
    [row] = Regularisation.objects.all()
    assert (row.kind, row.cents, row.share_cents) == ("CREDIT", 0, 318)
    decide(regularising.accept, row)
    note = ThirdPartyInvoice.objects.get(corrects=theirs)
    assert note.total_cents == -318 and "2 octobre" in note.reason
    assert not Invoice.objects.filter(kind="CREDIT_NOTE").exists()
    assert regularising.find_changes(now=LATER) == 0


@pytest.mark.parametrize(("percent", "mine"), [(100, 0), (50, 100)])
def test_what_costs_more_is_shared_as_the_line_was(office, slots, ccas, percent, mine):  # noqa: F811
    """200 cents more: not halved twice, and shared though the agreement has ended."""
    theirs = bill(office, slots, ccas, percent)
    apps.get_model("bookings", "Booking").objects.filter(slot=slots[5]).update(
        status="CANCELLED", is_charged=False, cancelled_at=LATER
    )
    regularising.find_changes(now=LATER)
    [row] = Regularisation.objects.all()
    assert (row.kind, row.cents, row.share_cents) == ("CHARGE", mine, 200 - mine)
    decide(regularising.accept, row)
    run_all(office, month=NOVEMBER, now=LATER + dt.timedelta(days=30))
    assert Invoice.objects.get(month=NOVEMBER).total_cents == mine
    later = ThirdPartyInvoice.objects.get(month=NOVEMBER)
    assert (later.account_id, later.total_cents) == (theirs.account_id, 200 - mine)
    assert regularising.find_changes(now=LATER) == 0


GROUPS = (
    BOOK.replace("format: 1\n", "format: 1\nquotient: {backdate_months: 3}\n")
    + """
groups:
  - id: plus-de-trois
    label: Plus de trois repas
    for: cantine
    each: child
    span: month
    count: {uses: {above: 3}}
    percent: -50
"""
)


def test_a_late_quotient_with_rules_over_the_month(office, slots, monkeypatch):  # noqa: F811
    rules = read_text(GROUPS)
    for room in (pricing, repricing):
        monkeypatch.setattr(room, "rulebook_on", lambda day: rules)
    house = make_family(1)
    [child] = children_of(house)
    for day in (1, 2, 5, 6):
        book_day(house, child, slots[day])
        seen(house, child, slots[day])
    run_all(office)
    # Four meals at the highest price, 6.00 €, less half.
    assert Invoice.objects.get().total_cents == 1200
    apps.get_model("families", "Quotient").objects.create(
        family=house,
        value_cents=74_200,
        source="CAF",
        starts_on=dt.date(2026, 1, 1),
        recorded_at=LATER,
        recorded_by="essai",
    )
    asked = {"family_id": house.pk, "since": dt.date(2026, 8, 1), "until": dt.date(2026, 11, 20)}
    repricing.credit_late_quotient(**asked, actor=AGENT, now=LATER)
    notes = Invoice.objects.filter(kind="CREDIT_NOTE")
    # 4 × 3.18 € less half is 6.36 €.
    assert sum(note.total_cents for note in notes) == -(1200 - 636)
    assert repricing.reprice(**asked) == ()
    assert InvoiceLine.objects.filter(invoice__kind="CREDIT_NOTE").exists()


@pytest.mark.parametrize(
    ("cents", "net", "gross", "left"),
    [(735, 500, 1000, 367), (736, 500, 1000, 368), (735, 1000, 1000, 735), (300, 0, 900, 0)],
)
def test_half_a_cent_goes_to_the_third_party_as_on_the_invoice(cents, net, gross, left):
    assert left_to_family(cents, net=net, gross=gross) == left
