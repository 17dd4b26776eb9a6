"""The PDFs of a run: made once by the worker, archived, the same ones that people are served."""

import pytest

from preau.billing.archiving import archive_run
from preau.billing.documents import invoice_document
from preau.billing.messages import announce_invoices
from preau.billing.queries import get_invoice
from preau.documents.models import IssuedDocument
from preau.documents.queries import read_bytes
from preau.families.models import Guardian
from preau.messaging.models import Message
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


@pytest.mark.django_db
def test_each_payer_is_told_once(office, family):  # noqa: F811
    Guardian.objects.filter(family=family, is_payer=True).update(email="payeur@example.org")
    run = run_all(office)
    for _ in range(2):
        announce_invoices(run_id=run.pk, now=NOW)
    message = Message.objects.get(key="invoice:ENFANCE-2026-00001")
    assert message.to == "payeur@example.org"
    assert "à régler avant le" in message.body
    assert Message.objects.filter(key__startswith="invoice:").count() == 1
