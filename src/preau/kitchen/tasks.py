"""Jobs of the kitchen."""

from procrastinate.contrib.django import app

from preau.kernel.clock import paris_day, utc_now
from preau.kitchen import services


@app.periodic(cron="*/15 * * * *")
@app.task(queue="mail", name="kitchen.fix_due", queueing_lock="kitchen.fix_due")
def fix_due(timestamp: int) -> None:
    """Fix the meals whose cut-off has passed, and tell the kitchen what changed since."""
    now = utc_now()
    services.fix_due(now=now, today=paris_day(now))
