"""What early childhood does by itself."""

from procrastinate.contrib.django import app

from preau.kernel.clock import utc_now


@app.periodic(cron="*/10 * * * *")
@app.task(queue="upkeep", name="childcare.lapse_offers")
def lapse_offers(timestamp: int) -> None:
    """Places offered and not answered in time go to the next; families are reminded before."""
    from preau.childcare import services

    services.lapse_offers(now=utc_now())
    services.remind_offers(now=utc_now())
