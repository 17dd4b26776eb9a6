"""What the worker counts."""

import contextlib
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from preau.kernel.clock import utc_now
from preau.reporting import sums, year_end


def defer_once(task: Any, lock: str, **arguments: Any) -> None:
    """Queue a job unless the same one already waits; joins the caller's transaction."""
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        task.configure(queueing_lock=lock).defer(**arguments)


@app.task(queue="money", name="reporting.count_year_end")
def count_year_end(year_end_id: int) -> None:
    """Count what a cash office has not invoiced at the end of a year."""
    year_end.count_year_end(year_end_id=year_end_id, now=utc_now())


@app.periodic(cron="17 * * * *")
@app.task(queue="upkeep", name="reporting.keep_sums", queueing_lock="reporting.keep_sums")
def keep_sums(timestamp: int) -> None:
    """Add to the daily sums what the ledger wrote in the last hour."""
    sums.keep_sums(now=utc_now())
