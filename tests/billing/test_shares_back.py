"""A credit note on a line that a third party shares corrects the third party's invoice too."""

import pytest

from preau.billing.credits import issue_credit_note
from preau.billing.errors import InvoiceNotFound, TooMuchToCredit
from preau.billing.models import Invoice, ThirdPartyAccount, ThirdPartyInvoice
from preau.billing.shares_back import parts_of_invoice, shares_back
from preau.billing.third_party_invoices import left_on, record_payment
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    book,
    canteen,
    family,
    office,
    run_all,
    slots,
)
from tests.billing.test_who_pays import agree, ccas, check_books  # noqa: F401  (fixture)
from tests.bookings.world import children_of
from tests.harness.money import AGENT, NOW
from tests.townhall.billing.test_billing_screens import agent, text, url  # noqa: F401  (fixture)

pytestmark = pytest.mark.django_db
BY = {"actor": AGENT, "now": NOW}


@pytest.fixture
def shared(office, family, ccas):  # noqa: F811
    """Lina's four meals, 12.72 €: half by the CCAS."""
    lina = children_of(family)[0]
    agree(ccas, family, child_id=lina.pk, percent=50)
    run_all(office)
    return Invoice.objects.get().lines.get(child=lina), ThirdPartyInvoice.objects.get()


def test_in_proportion_and_to_the_last_cent(shared):
    mine, theirs = shared
    assert (mine.amount_cents, left_on(theirs)) == (636, 636)
    note = issue_credit_note(invoice_id=mine.invoice_id, lines={mine.pk: 159}, reason="Grève", **BY)
    assert left_on(theirs) == 636 - 159 and ThirdPartyAccount.objects.get().balance_cents == 477
    corrected = ThirdPartyInvoice.objects.get(corrects=theirs)
    assert corrected.total_cents == -159 and corrected.reason == "Grève"
    said = note.lines.get().explanation
    assert said[0] == "Grève" and theirs.number in said[1] and "1,59" in said[1]
    [part] = shares_back({mine.pk: 477})
    assert (part.share_cents, part.cents, part.is_paid) == (477, 477, False)
    issue_credit_note(invoice_id=mine.invoice_id, lines={mine.pk: 477}, reason="Erreur", **BY)
    assert left_on(theirs) == 0
    assert [line.amount_cents for line in parts_of_invoice(mine.invoice_id)] == [636, -159, -477]
    check_books()


def test_by_decision_and_never_beyond(shared, django_assert_num_queries):
    mine, theirs = shared
    line = theirs.lines.get()
    wrong = {"invoice_id": mine.invoice_id, "lines": {mine.pk: 100}, "reason": "x", **BY}
    with pytest.raises(TooMuchToCredit):
        issue_credit_note(shares={line.pk: 637}, **wrong)
    with pytest.raises(InvoiceNotFound):
        issue_credit_note(shares={line.pk + 99: 1}, **wrong)
    issue_credit_note(shares={line.pk: 0}, **wrong)
    assert left_on(theirs) == 636
    issue_credit_note(shares={line.pk: 300}, **wrong)
    assert left_on(theirs) == 336
    check_books()
    other = mine.invoice.lines.exclude(pk=mine.pk).first()
    with django_assert_num_queries(1):
        assert shares_back({other.pk: 10}) == []


def test_what_is_paid_already_is_told_and_left_alone(shared):
    mine, theirs = shared
    record_payment(
        invoice_id=theirs.pk, amount_cents=600, received_on=NOW.date(), reference="", **BY
    )
    [part] = shares_back({mine.pk: 636})
    assert (part.cents, part.most_cents, part.is_paid) == (636, 36, True)
    issue_credit_note(invoice_id=mine.invoice_id, lines={mine.pk: 636}, reason="Erreur", **BY)
    assert left_on(theirs) == 0
    check_books()


def test_the_screen_shows_it_before_it_is_confirmed(agent, shared):  # noqa: F811
    mine, theirs = shared
    page = url("billing-credit-note", mine.invoice.number)
    sent = {f"line_{mine.pk}": "1,59", "reason": "Grève du 6"}
    shown = agent.post(page, sent)
    said = text(shown)
    assert "CCAS de Vincennes" in said and 'value="1,59"' in said
    assert not ThirdPartyInvoice.objects.filter(corrects=theirs).exists()
    again = agent.post(page, sent | {"with_shares": "1", "back": "1"})
    assert "Rendre sur" in text(again) and not Invoice.objects.filter(kind="CREDIT_NOTE").exists()
    own = f"share_{theirs.lines.get().pk}"
    too_much = agent.post(page, sent | {"with_shares": "1", own: "9,99"})
    assert too_much.status_code == 422
    assert agent.post(page, sent | {"with_shares": "1", own: "1,00"}).status_code == 302
    assert left_on(theirs) == 536
    assert theirs.number in text(agent.get(url("billing-invoice", mine.invoice.number)))
    listed = text(agent.get(url("third-party", theirs.account.third_party_id)))
    assert "Reste dû" in listed and "5,36" in listed and "−1,00" in listed
