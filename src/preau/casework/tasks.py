"""What casework does by itself."""

from procrastinate.contrib.django import app

from preau.kernel.clock import utc_now


@app.periodic(cron="17 3 * * *")
@app.task(name="casework.purge_drafts")
def purge_drafts(timestamp: int) -> int:
    """Each night, throw away what was written and never sent."""
    from preau.casework import services

    return services.purge_drafts(now=utc_now())
