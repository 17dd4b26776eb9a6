"""Jobs of the places: what nobody answered, or was held too long, goes to the next one."""

from procrastinate.contrib.django import app

from preau.kernel.clock import utc_now


@app.task(queue="default", name="bookings.expire_offers_of")
def expire_offers_of(slot_id: int) -> None:
    """At the end of an offer's time: take the place back, offer it to the next."""
    from preau.bookings.services.offers import expire_offers

    expire_offers(now=utc_now(), slot_ids=[slot_id])


@app.task(queue="default", name="bookings.expire_holds_of")
def expire_holds_of(family_id: int, user_id: int) -> None:
    """At the end of the time to check a planning: give back what it still holds."""
    from preau.bookings.services.holding import release_holds

    release_holds(family_id=family_id, user_id=user_id, now=utc_now(), late_only=True)


@app.task(queue="default", name="bookings.book_when_open")
def book_when_open(enrolment_id: int, channel: str) -> None:
    """When the sessions of an enrolment taken for the whole period open to its household."""
    from preau.bookings.services.periods import book_whole_period
    from preau.enrolments.queries import get_enrolment
    from preau.kernel.actors import Actor

    enrolment = get_enrolment(enrolment_id)
    if enrolment is not None and enrolment.status == "ACTIVE":
        book_whole_period(
            enrolment_id=enrolment_id, channel=channel, now=utc_now(), actor=Actor.system()
        )


@app.periodic(cron="*/5 * * * *")
@app.task(queue="upkeep", name="bookings.sweep_offers")
def sweep_offers(timestamp: int) -> None:
    """The same for every slot, should a job have been lost."""
    from preau.bookings.services.holding import expire_holds
    from preau.bookings.services.offers import expire_offers

    now = utc_now()
    expire_offers(now=now)
    expire_holds(now=now)
