"""What the worker does for cash offices."""

from procrastinate.contrib.django import app

from preau.billing.services import apply_acts
from preau.kernel.clock import utc_now


@app.periodic(cron="5 * * * *")
@app.task(queue="money", name="cashdesk.apply_acts", queueing_lock="cashdesk.apply_acts")
def apply_acts_of_the_day(timestamp: int) -> None:
    """Bring what families read of each cash office to the act and orders in force today."""
    apply_acts(now=utc_now())
