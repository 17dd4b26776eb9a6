"""Papers of the account: archivable, accessible, verified, served again as they were."""

import datetime as dt
import io

import pypdf
import pytest

from preau.billing.documents import invoice_document, squares_to_pay, third_party_document
from preau.billing.models import CashOffice, Invoice, ThirdPartyInvoice
from preau.billing.queries import family_accounts, get_invoice
from preau.billing.statements import statement_document
from preau.documents import squares
from preau.documents.compiling import set_document
from preau.documents.once import content_of, issue_as_told
from preau.documents.queries import find_by_code, read_bytes
from preau.documents.render import known_facts
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    book,
    canteen,
    family,
    office,
    run_all,
    slots,
)
from tests.billing.test_who_pays import agree, ccas  # noqa: F401  (fixture)
from tests.harness.money import NOW, OCTOBER

pytestmark = pytest.mark.django_db
IBAN = "FR7630001007941234567890185"


def read(content):
    """The text of a PDF that says it is archivable and tagged."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and str(root["/Lang"]).startswith("fr")
    meta = root["/Metadata"].get_data().decode()
    assert "pdfaid:part>2<" in meta.replace(" ", "") and "pdfuaid:part>1<" in meta.replace(" ", "")
    text = "\n".join(page.extract_text() for page in reader.pages)
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_the_papers_of_a_shared_month(office, family, ccas):  # noqa: F811
    agree(ccas, family, percent=50)
    CashOffice.objects.update(transfer_iban=IBAN, transfer_bic="BDFEFRPPCCT")
    office.refresh_from_db()
    run_all(office)
    invoice = get_invoice(Invoice.objects.get().number)
    paper = invoice_document(invoice, now=NOW)
    said = read(read_bytes(paper.file))
    assert "dont 6,36 € pris en charge" in said and "FR76 3000 1007" in said
    assert "Payer en ligne" in said and "Payer par virement" in said
    assert find_by_code(paper.code) == paper
    assert invoice_document(invoice, now=NOW).pk == paper.pk
    theirs = third_party_document(
        ThirdPartyInvoice.objects.prefetch_related("lines").get(), now=NOW
    )
    said = read(read_bytes(theirs.file))
    assert "CCAS de Vincennes" in said and "Claire Bouvier" in said
    [account] = family_accounts(family.pk)
    asked = {
        "family": family,
        "account": account,
        "first": OCTOBER,
        "last": NOW.date(),
        "now": NOW,
    }
    statement = statement_document(**asked)
    said = read(read_bytes(statement.file))
    assert "Vous devez" in said and invoice.number in said
    assert statement_document(**asked).pk == statement.pk


def test_a_reminder_is_set(office):  # noqa: F811
    data = known_facts() | {
        "title": "Relance",
        "number": "R-1",
        "code": "AAAA-BBBB-CCCC",
        "day": "5 novembre 2026",
        "recipient": ["Mme Claire Bouvier"],
        "facts": [["Code famille", "4027316 K"]],
        "sentences": ["Sauf erreur de notre part, il reste à payer :"],
        "invoices": [
            {
                "number": "ENFANCE-2026-00001",
                "period": "Octobre 2026",
                "due": "30 novembre",
                "total": "21,08 €",
                "left": "1,08 €",
            }
        ],
        "total": "1,08 €",
        "closing": ["Si vous venez de payer, ne tenez pas compte de cette lettre."],
        "notes": ["En ligne."],
        "squares": squares_to_pay(office, number="ENFANCE-2026-00001", cents=108),
        "signature": "Le régisseur",
    }
    said = read(set_document("reminder", data))
    assert "Reste à payer : 1,08 €" in said and "Le régisseur" in said


def test_a_transfer_s_square_says_what_the_library_s_own_says():
    from segno import helpers

    made = []
    mine = pytest.MonkeyPatch()
    real = squares.segno.make_qr
    with mine.context() as patch:
        patch.setattr(squares.segno, "make_qr", lambda d, **k: made.append(d) or real(d, **k))
        square = squares.transfer_square(
            name="Régie de l’enfance", iban=IBAN, bic="BDFEFRPPCCT", cents=12_034,
            reference="ENFANCE-2026-00001", caption="",
        )  # fmt: skip
        squares.draw({"squares": [square]})
    theirs = helpers._make_epc_qr_data(
        "Régie de l’enfance", IBAN, "120.34", "ENFANCE-2026-00001", None, "BDFEFRPPCCT", None, 1
    )
    assert made == [theirs]
    with pytest.raises(ValueError, match="0 cents"):
        squares.transfer_square(name="x", iban=IBAN, bic="", cents=0, reference="x", caption="")


def test_a_paper_without_a_number_is_kept_by_its_figures_and_its_day():
    data = {"day": "", "facts": [["Total", "12,00 €"]], "tables": []}
    asked = {
        "prefix": "CL-UNE-REGIE-AU-LONG-CODE-2026", "kind": "STATEMENT", "title": "Clôture",
        "template": "cash_report", "public_facts": {"Régie": "Essai"}, "family_id": None,
        "now": NOW,
    }  # fmt: skip
    first = issue_as_told(data=data, **asked)
    assert issue_as_told(data=data, **asked) == first and len(first.number) <= 30
    assert find_by_code(first.code) == first and content_of(first).startswith(b"%PDF")
    tomorrow = asked | {"now": NOW + dt.timedelta(days=1)}
    assert issue_as_told(data=data, on=NOW.date(), **tomorrow) == first
    other = data | {"facts": [["Total", "13,00 €"]]}
    assert issue_as_told(data=other, **asked).code != first.code
