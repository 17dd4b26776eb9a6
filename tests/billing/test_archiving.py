"""The PDFs of a run: made once by the worker, archived, the same ones that people are served."""

import pytest

from preau.billing.archiving import archive_run
from preau.billing.documents import invoice_document
from preau.billing.queries import get_invoice
from preau.documents.models import IssuedDocument
from preau.documents.queries import read_bytes
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    NOW,
    book,
    canteen,
    family,
    office,
    run_all,
    slots,
)


@pytest.mark.django_db
def test_the_worker_makes_each_pdf_once(office, family):  # noqa: F811
    run = run_all(office)
    assert archive_run(run_id=run.pk, now=NOW) == 1
    assert archive_run(run_id=run.pk, now=NOW) == 0
    made = IssuedDocument.objects.get()
    assert made.number == "ENFANCE-2026-00001"
    assert read_bytes(made.file).startswith(b"%PDF-")
    assert invoice_document(get_invoice(made.number), now=NOW) == made
