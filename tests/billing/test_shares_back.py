"""A credit note on a line that a third party shares corrects the third party's invoice too."""

import datetime as dt

import pytest

from preau.billing import ledger
from preau.billing.credits import issue_credit_note
from preau.billing.errors import BillingRefusal, InvoiceNotFound, NoCredit, TooMuchToCredit
from preau.billing.models import (
    Invoice,
    Movement,
    ThirdPartyAccount,
    ThirdPartyCreditUse,
    ThirdPartyInvoice,
)
from preau.billing.shares_back import parts_of_invoice, shares_back
from preau.billing.third_party_credits import (
    credit_of,
    credit_uses,
    give_third_party_back,
    use_third_party_credit,
)
from preau.billing.third_party_invoices import left_on, record_payment, standing_of
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    book,
    book_day,
    canteen,
    family,
    office,
    run_all,
    slots,
)
from tests.billing.test_who_pays import DECEMBER, agree, ccas, check_books  # noqa: F401  (fixture)
from tests.bookings.world import children_of, make_slot
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
    assert (part.share_cents, part.cents, part.paid_cents) == (477, 477, 0)
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


def receive(invoice, cents):
    record_payment(
        invoice_id=invoice.pk, amount_cents=cents, received_on=NOW.date(), reference="", **BY
    )


def test_what_is_paid_already_becomes_the_third_party_s_credit(shared):
    mine, theirs = shared
    receive(theirs, 600)
    [part] = shares_back({mine.pk: 636})
    assert (part.cents, part.most_cents, part.paid_cents) == (636, 636, 600)
    issue_credit_note(invoice_id=mine.invoice_id, lines={mine.pk: 636}, reason="Erreur", **BY)
    assert left_on(theirs) == 0 and standing_of(theirs) == -600
    account = ThirdPartyAccount.objects.get()
    assert account.balance_cents == -600 and credit_of(account.pk) == 600
    check_books()
    with pytest.raises(BillingRefusal):
        receive(theirs, 1)
    with pytest.raises(NoCredit):
        use_third_party_credit(invoice_id=theirs.pk, **BY)


def test_the_credit_pays_the_next_invoice_and_the_rest_is_given_back(
    shared,
    office,  # noqa: F811
    family,  # noqa: F811
    canteen,  # noqa: F811
    django_assert_num_queries,
):
    mine, theirs = shared
    receive(theirs, 636)
    issue_credit_note(invoice_id=mine.invoice_id, lines={mine.pk: 636}, reason="Erreur", **BY)
    lina = children_of(family)[0]
    book_day(family, lina, make_slot(dt.date(2026, 11, 3), offering=canteen))
    run_all(office, month=dt.date(2026, 11, 1), now=DECEMBER)
    later = ThirdPartyInvoice.objects.get(month=dt.date(2026, 11, 1))
    assert left_on(later) == 159
    assert use_third_party_credit(invoice_id=later.pk, **BY) == 159
    assert left_on(later) == 0 and standing_of(theirs) == -477
    check_books()
    account = ThirdPartyAccount.objects.get()
    back = {"account_id": account.pk, "reference": "Ordre 12", **BY}
    with pytest.raises(NoCredit):
        give_third_party_back(amount_cents=478, **back)
    give_third_party_back(amount_cents=477, **back)
    account.refresh_from_db()
    assert account.balance_cents == 0 and standing_of(theirs) == 0
    assert Movement.objects.get(kind="REFUND").lines.get(account="REFUND").amount_cents == -477
    check_books()
    with django_assert_num_queries(1):
        assert [use.amount_cents for use in credit_uses(account.third_party_id)] == [477, 159]


def test_the_books_tell_a_credit_lent_twice(shared):
    """The control: written past the service, a credit that does not exist is a fault."""
    _mine, theirs = shared
    ThirdPartyCreditUse.objects.create(
        source=theirs, amount_cents=5, reference="x", recorded_at=NOW, recorded_by="x"
    )
    assert {fault.what for fault in ledger.verify()} == {
        "crédit d’un tiers employé au-delà",
        "factures d’un tiers différentes de son solde",
    }


def test_the_agent_sees_the_credit_uses_it_and_gives_it_back(agent, shared):  # noqa: F811
    mine, theirs = shared
    receive(theirs, 636)
    issue_credit_note(invoice_id=mine.invoice_id, lines={mine.pk: 100}, reason="Erreur", **BY)
    assert "au crédit" in text(agent.get(url("third-party-invoice", theirs.number)))
    third_party = theirs.account.third_party_id
    assert "Le faire rendre" in text(agent.get(url("third-party", third_party)))
    page = url("third-party-refund", third_party, "enfance")
    assert agent.post(page, {"amount_cents": "1,01", "reference": "x"}).status_code == 422
    assert agent.post(page, {"amount_cents": "1,00", "reference": "Ordre 7"}).status_code == 302
    assert "Ordre 7" in text(agent.get(url("third-party", third_party)))
    assert agent.get(page).status_code == 404
    used = agent.post(url("third-party-use-credit", theirs.number), follow=True)
    assert used.status_code == 200 and left_on(theirs) == 0


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
