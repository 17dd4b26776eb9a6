"""What happens by itself to payments."""

from procrastinate.contrib.django import app

from preau.kernel.clock import utc_now
from preau.payments import asking
from preau.payments.services import close_stale


@app.periodic(cron="17 * * * *")
@app.task(queue="money", name="payments.close_stale", queueing_lock="payments.close_stale")
def close_stale_attempts(timestamp: int) -> None:
    """Close the attempts of which no bank ever spoke."""
    close_stale(now=utc_now())


@app.task(queue="money", name="payments.ask")
def ask_bank(attempt_id: int) -> None:
    """Ask the bank what became of one payment."""
    asking.ask(attempt_id=attempt_id, now=utc_now())


@app.periodic(cron="* * * * *")
@app.task(queue="money", name="payments.ask_due", queueing_lock="payments.ask_due")
def ask_banks(timestamp: int) -> None:
    """Ask the banks about the payments in doubt whose turn has come."""
    asking.ask_due(now=utc_now())
