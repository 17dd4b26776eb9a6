"""The PDFs of a run's invoices, made by the worker once they are issued.

An invoice asked for before its turn is made on demand; killed midway, the next start goes on with
those that have none.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from preau.billing.documents import invoice_to_issue
from preau.billing.models import Invoice
from preau.billing.notices import notices_at_issue
from preau.billing.queries import with_lines
from preau.documents.many import issue_many, numbers_issued, setters

BATCH = 200


def archive_run(*, run_id: int, now: datetime, batches: int | None = None) -> int:
    """Make the PDFs that a run's invoices still miss (in that many batches at most); how many."""
    made = 0
    with setters() as pool:
        for numbers in islice(_missing(run_id), batches):
            invoices = with_lines(Invoice.objects.filter(number__in=numbers))
            found = list(invoices.select_related("cash_office"))
            notices = notices_at_issue(found)
            wanted = [invoice_to_issue(one, notices.get(one.pk)) for one in found]
            made += issue_many(pool, wanted, now=now)
    return made


def _missing(run_id: int) -> Iterator[list[str]]:
    numbers = list(
        Invoice.objects.filter(run_id=run_id).order_by("pk").values_list("number", flat=True)
    )
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start : start + BATCH]
        issued = numbers_issued(batch)
        if missing := [number for number in batch if number not in issued]:
            yield missing
