"""Jobs that cross domains; each lives with its journey and is found from here."""

from procrastinate.contrib.django import app

from preau.journeys.onde.tasks import apply_import
from preau.kernel.clock import utc_now

__all__ = [
    "apply_import",
    "apply_mass_act",
    "give_back_stalled_jobs",
    "make_letters",
    "undo_mass_act",
]


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


@app.task(queue="default", name="journeys.apply_mass_act", lock="mass-act")
def apply_mass_act(act_id: int) -> None:
    """A closed day, a strike, a class away; safe to run again."""
    from preau.journeys.mass_acts import run_mass_act

    run_mass_act(act_id=act_id, now=utc_now())


@app.task(queue="default", name="journeys.undo_mass_act", lock="mass-act")
def undo_mass_act(act_id: int, user_id: int | None, label: str) -> None:
    """Open again what was closed; safe to run again."""
    from preau.journeys.mass_acts import run_undo

    run_undo(act_id=act_id, user_id=user_id, label=label, now=utc_now())
