"""What the worker does for billing."""

import contextlib
import logging
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from preau.billing import archiving, ledger, messages, prepaid, regularising, runs
from preau.kernel.clock import utc_now

logger = logging.getLogger(__name__)


def defer_once(task: Any, lock: str, **arguments: Any) -> None:
    """Queue a job unless the same one already waits; joins the caller's transaction."""
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        task.configure(queueing_lock=lock).defer(**arguments)


@app.task(queue="money", name="billing.preview_run")
def preview_run(run_id: int) -> None:
    """Compute a run's preview."""
    runs.preview(run_id=run_id, now=utc_now())


@app.task(queue="money", name="billing.issue_run")
def issue_run(run_id: int) -> None:
    """Issue an approved run."""
    runs.issue(run_id=run_id, now=utc_now())
    defer_once(announce_invoices, f"billing.announce:{run_id}", run_id=run_id)
    defer_once(archive_invoices, f"billing.archive:{run_id}", run_id=run_id)


@app.task(queue="letters", name="billing.announce_invoices")
def announce_invoices(run_id: int) -> None:
    """Tell each payer that its invoice is there."""
    messages.announce_invoices(run_id=run_id, now=utc_now())


@app.task(queue="letters", name="billing.archive_invoices", priority=-10)
def archive_invoices(run_id: int) -> None:
    """Make some of the PDFs of an issued run, and come back for the others after other jobs."""
    if archiving.archive_run(run_id=run_id, now=utc_now(), batches=1):
        defer_once(archive_invoices, f"billing.archive:{run_id}", run_id=run_id)


@app.periodic(cron="* * * * *")
@app.task(queue="money", name="billing.resume_runs", queueing_lock="billing.resume_runs")
def resume_runs(timestamp: int) -> None:
    """Take up again the runs that a kill left open."""
    runs.resume_runs(now=utc_now())


@app.periodic(cron="20 2 * * *")
@app.task(queue="money", name="billing.verify_ledger", queueing_lock="billing.verify_ledger")
def verify_ledger(timestamp: int) -> None:
    """Prove the books each night; a fault is an error in the log, with its figures."""
    for fault in ledger.verify():
        logger.error(
            "ledger: %s (%s): expected %s, found %s",
            fault.what,
            fault.account_id,
            fault.expected_cents,
            fault.found_cents,
        )


@app.periodic(cron="50 2 * * *")
@app.task(queue="money", name="billing.find_changes", queueing_lock="billing.find_changes")
def find_changes(timestamp: int) -> None:
    """Each night, propose what changed on the days already billed."""
    regularising.find_changes(now=utc_now())


@app.task(queue="money", name="billing.look_for_changes")
def look_for_changes() -> None:
    """The same, when an accountant asks."""
    regularising.find_changes(now=utc_now())


@app.periodic(cron="*/10 * * * *")
@app.task(queue="money", name="billing.settle_prepaid", queueing_lock="billing.settle_prepaid")
def settle_prepaid(timestamp: int) -> None:
    """Set aside, or give back, what days booked in advance cost, whoever booked or cancelled."""
    prepaid.settle_all(now=utc_now())
