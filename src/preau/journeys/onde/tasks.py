"""The worker's side of an ONDE import."""

from procrastinate.contrib.django import app

from preau.kernel.clock import utc_now


@app.task(queue="imports", name="journeys.apply_onde_import", lock="onde-import")
def apply_import(import_id: int, user_id: int | None, label: str) -> None:
    """Apply an approved import; safe to run again."""
    from preau.journeys.onde.services import run_import

    run_import(import_id=import_id, user_id=user_id, label=label, now=utc_now())
