"""The pre-notice: on the invoice's paper, on its pages, in its letter."""

import datetime as dt
import io

import pypdf
import pytest

from preau.billing.documents import invoice_document
from preau.billing.messages import _announcement
from preau.billing.notices import notices_at_issue
from preau.billing.queries import get_invoice
from preau.directdebit import services
from preau.directdebit.notices import notice_now
from preau.documents.queries import read_bytes
from tests.directdebit.world import ICS, approved, make_creditor, sign
from tests.harness.money import AGENT, NOW, make_family, make_invoice, make_office

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
TODAY = NOW.date()


@pytest.fixture
def town():
    """Ten days to pay: fewer than the notice."""
    office, family = make_office("enfance", payment_days=10), make_family()
    make_creditor(office)
    return office, family, sign(family, office)


def _paper(invoice):
    found = invoice_document(get_invoice(invoice.number), now=NOW)
    pages = pypdf.PdfReader(io.BytesIO(read_bytes(found.file))).pages
    text = "\n".join(page.extract_text() for page in pages)
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def test_the_paper_says_how_much_when_and_on_whose_word(town):
    office, family, mandate = town
    said = _paper(make_invoice(family, office, 4_000, 1_250))
    assert "Prélèvement automatique" in said and "52,50 €" in said
    assert "jeudi 19 novembre 2026" in said and "14 jours" in said
    assert mandate.reference in said and ICS in said and f"•••• {mandate.iban_end}" in said
    assert "Comment payer" not in said and "Payer en ligne" not in said
    other = make_invoice(make_family("Sans mandat"), office, 900)
    assert "Prélèvement automatique" not in _paper(other) and "Comment payer" in _paper(other)


def test_what_a_paper_says_is_what_held_on_the_day_of_issue(town, django_assert_num_queries):
    office, family, mandate = town
    before = make_invoice(family, office, 900, now=NOW - 3 * DAY)
    during = make_invoice(family, office, 900)
    services.revoke_mandate(
        mandate_id=mandate.pk, family_id=family.pk, reason="x", actor=AGENT, now=NOW + 2 * DAY
    )
    after = make_invoice(family, office, 900, now=NOW + 4 * DAY)
    with django_assert_num_queries(1):
        found = notices_at_issue([before, during, after])
    assert list(found) == [during.pk] and found[during.pk].on == TODAY + 14 * DAY
    with django_assert_num_queries(0):
        assert notices_at_issue([]) == {}
    now = get_invoice(during.number)
    assert notice_now(now, today=TODAY + 2 * DAY) is None


def test_the_page_follows_what_becomes_of_it(town):
    office, family, _mandate = town
    invoice = get_invoice(make_invoice(family, office, 5_250).number)
    planned = notice_now(invoice, today=TODAY)
    assert (planned.cents, planned.on, planned.is_sent) == (5_250, TODAY + 14 * DAY, False)
    assert notice_now(invoice, today=TODAY + 20 * DAY).on is None
    approved(office, days=17)
    sent = notice_now(invoice, today=TODAY)
    assert (sent.on, sent.is_sent) == (TODAY + 17 * DAY, True) and "banque" in sent.sentence


def test_the_letter_announces_the_debit(town):
    office, family, mandate = town
    invoice = get_invoice(make_invoice(family, office, 900).number)
    notice = notices_at_issue([invoice])[invoice.pk]
    told = _announcement(invoice, to="a@example.org", notice=notice).body
    assert mandate.reference in told and ICS in told and "à régler avant" not in told
    assert "à régler avant" in _announcement(invoice, to="a@example.org", notice=None).body
