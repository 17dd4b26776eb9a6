"""What the worker does for recovery. The reasons to spare someone come from all the house: they are
asked through `settings.SPARED`, which journeys answer."""

import contextlib
import logging

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from preau.documents.errors import RenderingFailed
from preau.kernel.clock import utc_now
from preau.recovery import reminders

logger = logging.getLogger(__name__)


@app.task(queue="letters", name="recovery.send_run")
def send_run(run_id: int) -> None:
    """Send one run of reminders."""
    now = utc_now()
    try:
        reminders.work(run_id=run_id, spared=import_string(settings.SPARED)(now=now), now=now)
    except RenderingFailed as error:
        logger.error("reminder run %s: %s", run_id, error)
        reminders.fail(run_id=run_id, error=str(error))


@app.periodic(cron="*/2 * * * *")
@app.task(queue="letters", name="recovery.resume_runs", queueing_lock="recovery.resume_runs")
def resume_runs(timestamp: int) -> None:
    """Take up again the sendings that a kill left open."""
    for run_id in reminders.resume_runs(now=utc_now()):
        with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
            send_run.configure(queueing_lock=f"recovery.send:{run_id}").defer(run_id=run_id)
