"""Jobs of the places: offers that nobody answered go to the next one."""

from procrastinate.contrib.django import app

from preau.kernel.clock import utc_now


@app.task(queue="default", name="bookings.expire_offers_of")
def expire_offers_of(slot_id: int) -> None:
    """At the end of an offer's time: take the place back, offer it to the next."""
    from preau.bookings.services.offers import expire_offers

    expire_offers(now=utc_now(), slot_ids=[slot_id])


@app.periodic(cron="*/5 * * * *")
@app.task(queue="upkeep", name="bookings.sweep_offers")
def sweep_offers(timestamp: int) -> None:
    """The same for every slot, should a job have been lost."""
    from preau.bookings.services.offers import expire_offers

    expire_offers(now=utc_now())
