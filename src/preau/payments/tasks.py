"""What happens by itself to payments."""

from procrastinate.contrib.django import app

from preau.kernel.clock import utc_now
from preau.payments.services import close_stale


@app.periodic(cron="17 * * * *")
@app.task(queue="money", name="payments.close_stale", queueing_lock="payments.close_stale")
def close_stale_attempts(timestamp: int) -> None:
    """Close the attempts of which no bank ever spoke."""
    close_stale(now=utc_now())
