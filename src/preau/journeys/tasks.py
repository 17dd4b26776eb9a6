"""Jobs that cross domains; each lives with its journey and is found from here."""

from procrastinate.contrib.django import app

from preau.journeys.onde.tasks import apply_import

__all__ = ["apply_import", "give_back_stalled_jobs", "make_letters"]


@app.periodic(cron="*/2 * * * *")
@app.task(queue="upkeep", name="journeys.give_back_stalled_jobs")
async def give_back_stalled_jobs(timestamp: int) -> None:
    """A worker that died leaves its jobs «doing»: put them back in the queue."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=60):
        await app.job_manager.retry_job(job)


@app.task(queue="letters", name="journeys.make_letters")
def make_letters(batch_id: int) -> None:
    """First letters of a batch, with their one-time passwords."""
    from preau.journeys.letters import make_batch

    make_batch(batch_id=batch_id)
