"""Jobs about children's sheets."""

from procrastinate.contrib.django import app

from preau.childsheet import services
from preau.kernel.clock import utc_now


@app.periodic(cron="40 6 * * *")
@app.task(queue="mail", name="childsheet.send_reminders")
def send_reminders(timestamp: int) -> None:
    """Vaccinations to bring, plans to review: each home is told in time."""
    services.send_reminders(now=utc_now())
