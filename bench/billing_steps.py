"""The steps of the billing bench, each run in a process of its own by bench/billing.py."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django
import psycopg
from django.db import connection

django.setup()

from billing_floor import floor  # noqa: E402
from billing_town import (  # noqa: E402
    ACTIVITIES,
    DAYS,
    MONTH,
    NOW,
    big_homes,
    fill,
    settle,
    small_homes,
)

from preau.billing import ledger, runs  # noqa: E402
from preau.billing.models import BillingRun, CashOffice, Invoice, InvoiceLine  # noqa: E402
from preau.kernel.actors import Actor  # noqa: E402

EXPECTED_CENTS = {"small": 20_448_800}
FLOORS = 2


def prepare(name: str) -> dict[str, Any]:
    """The schema by the migrations, then the town."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if name == "small":
        town = fill(small_homes(), ["cantine"])
    else:
        town = fill(big_homes(), list(ACTIVITIES))
    settle()
    return {"families": town.families, "bookings": town.bookings}


def bill(name: str) -> dict[str, Any]:
    """The floor, then the real run; what it wrote is checked before anything is told."""
    office = CashOffice.objects.get()
    last = DAYS[-1]
    floors = [floor(office_id=office.pk, first=MONTH, last=last) for _ in range(FLOORS)]
    floor_seconds, floor_invoices, floor_cents = min(floors)
    settle()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bookings_booking")
        [bookings] = cursor.fetchone()
    clerk = Actor.system()
    with _counted() as counter:
        begun = time.perf_counter()
        run = runs.open_run(cash_office_id=office.pk, month=MONTH, actor=clerk, now=NOW)
        runs.preview(run_id=run.pk, now=NOW)
        previewed = time.perf_counter()
        run.refresh_from_db()
        runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=clerk, now=NOW)
        runs.issue(run_id=run.pk, now=NOW)
        seconds = time.perf_counter() - begun
    run.refresh_from_db()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _check(name, run, floor_invoices=floor_invoices, floor_cents=floor_cents)
    return {
        "families": run.invoice_count,
        "bookings": bookings,
        "total_eur": f"{run.total_cents // 100}.{run.total_cents % 100:02d}",
        "seconds": round(seconds, 2),
        "queries": counter[0],
        "peak_mb": round(peak, 1),
        "floor_seconds": round(floor_seconds, 2),
        "ratio": round(seconds / floor_seconds, 2),
        "preview_seconds": round(previewed - begun, 2),
    }


@contextmanager
def _counted() -> Iterator[list[int]]:
    count = [0]

    def one(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        count[0] += 1
        return execute(sql, params, many, context)

    copy = psycopg.Cursor.copy

    def counted_copy(*args: Any, **options: Any) -> Any:
        count[0] += 1
        return copy(*args, **options)

    psycopg.Cursor.copy = counted_copy  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(one):
            yield count
    finally:
        psycopg.Cursor.copy = copy  # type: ignore[method-assign]


def pdf(name: str) -> dict[str, Any]:
    """Every invoice's PDF, each set on its own and archived; then all their pages in one go."""
    from billing_pages import one_compile

    from preau.billing.archiving import archive_run
    from preau.billing.documents import invoice_to_issue
    from preau.billing.queries import with_lines
    from preau.documents.models import IssuedDocument

    run = BillingRun.objects.get(status=BillingRun.Status.ISSUED)
    begun = time.perf_counter()
    made = archive_run(run_id=run.pk, now=NOW)
    seconds = time.perf_counter() - begun
    assert made == run.invoice_count == IssuedDocument.objects.filter(kind="INVOICE").count()
    assert archive_run(run_id=run.pk, now=NOW) == 0
    invoices = with_lines(Invoice.objects.filter(run=run)).select_related("cash_office")
    floor_seconds = one_compile([invoice_to_issue(invoice) for invoice in invoices])
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "pdf_invoices": made,
        "pdf_seconds": round(seconds, 2),
        "pdf_floor_seconds": round(floor_seconds, 2),
        "pdf_ratio": round(seconds / floor_seconds, 2),
        "pdf_peak_mb": round(children, 1),
    }


def _check(name: str, run: BillingRun, *, floor_invoices: int, floor_cents: int) -> None:
    """To the cent, each line explained with its dates, numbers without gap, the ledger proved."""
    assert run.status == BillingRun.Status.ISSUED, run.error
    assert run.total_cents == EXPECTED_CENTS.get(name, floor_cents) == floor_cents, run.total_cents
    assert run.invoice_count == floor_invoices == Invoice.objects.count()
    lines = InvoiceLine.objects
    assert not lines.filter(explanation=[]).exists() and not lines.filter(dates=[]).exists()
    numbers = Invoice.objects.values_list("number", flat=True)
    ranks = sorted(int(number.rsplit("-", 1)[1]) for number in numbers)
    assert ranks == list(range(1, run.invoice_count + 1))
    assert ledger.verify() == []
    again = runs.compute(office=run.cash_office, month=MONTH)
    assert not again.drafts and not again.preview["invoices"]


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](sys.argv[2])))
