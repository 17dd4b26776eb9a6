"""What happens by itself to mandates and debits."""

from procrastinate.contrib.django import app

from preau.directdebit import batches, mandates
from preau.kernel.clock import utc_now


@app.periodic(cron="10 5 * * *")
@app.task(queue="money", name="directdebit.collect_due", queueing_lock="directdebit.collect_due")
def collect_due(timestamp: int) -> None:
    """On its day, write in the accounts what the bank debits."""
    batches.collect_due(now=utc_now())


@app.periodic(cron="40 3 * * *")
@app.task(queue="money", name="directdebit.lapse_unused", queueing_lock="directdebit.lapse_unused")
def lapse_unused(timestamp: int) -> None:
    """Close the mandates that 36 months without a debit made void."""
    mandates.lapse_unused(now=utc_now())
