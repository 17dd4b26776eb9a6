"""Jobs that cross domains; each lives with its journey and is found from here."""

from datetime import datetime

from procrastinate.contrib.django import app

from preau.journeys.onde.tasks import apply_import
from preau.kernel.actors import Actor
from preau.kernel.clock import utc_now
from preau.kernel.enums import Channel

__all__ = [
    "apply_import",
    "apply_mass_act",
    "apply_take_over",
    "carry_to_joined_files",
    "give_back_stalled_jobs",
    "make_letters",
    "print_cards",
    "print_letters",
    "read_take_over",
    "send_campaign",
    "tell_renewals",
    "undo_mass_act",
    "wipe_old_prints",
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


# Before the thousands of e-mails of the same act: somebody watches a print.
@app.task(queue="letters", name="journeys.print_cards", priority=5)
def print_cards(print_id: int, establishment_id: int) -> None:
    """The cards of a school in one PDF; safe to run again."""
    from preau.journeys.card_prints import run_cards

    run_cards(print_id=print_id, establishment_id=establishment_id, now=utc_now())


@app.task(queue="letters", name="journeys.print_letters", priority=5)
def print_letters(print_id: int) -> None:
    """Letters to many in one PDF; safe to run again."""
    from preau.journeys.letter_prints import run_letters

    run_letters(print_id=print_id)


@app.task(queue="default", name="journeys.tell_renewals", lock="tell-renewals")
def tell_renewals(
    campaign_id: int, renewal_ids: list[int], user_id: int | None, label: str, asked_at: str
) -> None:
    """Write to those who have not renewed; all or none, safe to run again."""
    from preau.journeys.rollover.renewal import run_telling

    run_telling(
        campaign_id=campaign_id,
        renewal_ids=renewal_ids,
        asked_at=datetime.fromisoformat(asked_at),
        now=utc_now(),
        actor=Actor(user_id, label, Channel.COUNTER, is_agent=True),
    )


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


@app.task(queue="default", name="journeys.read_take_over")
def read_take_over(take_over_id: int) -> None:
    """Read another software's file and keep its preview; safe to run again."""
    from preau.journeys.takeover.services import run_reading

    run_reading(take_over_id=take_over_id, now=utc_now())


@app.task(queue="default", name="journeys.apply_take_over", lock="take-over")
def apply_take_over(take_over_id: int) -> None:
    """Open the files of a take-over, batch by batch; killed, it goes on when run again."""
    from preau.journeys.takeover.services import run_take_over

    run_take_over(take_over_id=take_over_id, now=utc_now())


@app.task(queue="default", name="journeys.send_campaign")
def send_campaign(campaign_id: int) -> None:
    """A message to many: everything in the outbox; safe to run again."""
    from preau.journeys.mass_messages import run_campaign

    run_campaign(campaign_id=campaign_id, now=utc_now())


@app.periodic(cron="41 * * * *")
@app.task(queue="money", name="journeys.carry_what_came", queueing_lock="journeys.carry_what_came")
def carry_to_joined_files(timestamp: int) -> None:
    """Money that moved on a file after it joined another."""
    from preau.journeys.merging.afterwards import carry_what_came

    carry_what_came(now=utc_now())


@app.periodic(cron="25 * * * *")
@app.task(queue="upkeep", name="journeys.wipe_old_prints")
def wipe_old_prints(timestamp: int) -> None:
    """Prints hold names: cards are wiped after three days, letters after thirty."""
    from preau.documents.prints import wipe_prints

    wipe_prints(now=utc_now())
