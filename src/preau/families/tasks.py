"""Jobs about families."""

from procrastinate.contrib.django import app

from preau.families import services
from preau.kernel.clock import utc_now


@app.task(queue="mail", name="families.send_reset_link")
def send_reset_link(identifier: str, address: str) -> None:
    """Send the links of a forgotten password, if this names anyone."""
    services.send_password_reset(identifier=identifier, address=address, now=utc_now())


@app.periodic(cron="17 * * * *")
@app.task(queue="mail", name="families.wipe_letters")
def wipe_letters(timestamp: int) -> None:
    """Wipe the letters whose time has passed."""
    services.wipe_expired_batches(now=utc_now())
