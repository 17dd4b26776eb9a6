"""Importing ONDE's files: previewed by an agent, applied by a job, or both by a command."""

from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction

from preau.audit.services import record
from preau.documents.queries import read_bytes
from preau.documents.services import store_raw
from preau.journeys.onde.apply import apply_plan, lock_imports
from preau.journeys.onde.changes import told_changes
from preau.journeys.onde.plan import ImportPlan, make_plan
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.schools.enums import ImportStatus as Status
from preau.schools.queries import get_import
from preau.schools.register import NotARegisterFile, read_register
from preau.schools.services import mark_import, save_import_preview


class ImportRefused(Refusal):
    message = "Cet import n’est pas possible."
    code = "import_refused"


def plan_import(*, pupils: bytes, adults: bytes, now: datetime) -> ImportPlan:
    """What these files would change today. Raises ImportRefused when they are not ONDE's."""
    day = paris_day(now)
    try:
        files = read_register(pupils, adults, today=day)
    except NotARegisterFile as error:
        raise ImportRefused(str(error)) from error
    return make_plan(files, day=day)


@transaction.atomic
def import_now(*, pupils: bytes, adults: bytes, now: datetime, actor: Actor) -> ImportPlan:
    """Plan and apply at once, all or nothing: the command line's way."""
    lock_imports()
    plan = plan_import(pupils=pupils, adults=adults, now=now)
    apply_plan(plan, now=now, actor=actor)
    return plan


@transaction.atomic
def preview_import(*, pupils: bytes, adults: bytes, now: datetime, actor: Actor) -> int:
    """Keep both files and what they would change; nothing else is written. Its id."""
    plan = plan_import(pupils=pupils, adults=adults, now=now)
    files = [
        store_raw(
            content=ContentFile(content), name=name, content_type="text/csv", actor=actor, now=now
        )
        for name, content in (("onde-eleves.csv", pupils), ("onde-responsables.csv", adults))
    ]
    saved = save_import_preview(
        pupils_file_id=files[0].pk,
        adults_file_id=files[1].pk,
        counts=plan.counts,
        problems=[
            {"file": p.file, "line": p.line, "reason": p.reason, "refused": p.is_refused}
            for p in plan.problems
        ],
        examples=told_changes(plan),
        now=now,
        actor=actor,
    )
    return saved.pk


@transaction.atomic
def approve_import(*, import_id: int, now: datetime, actor: Actor) -> None:
    """Hand a previewed import to the worker. Approving twice does it once."""
    from preau.journeys.onde.tasks import apply_import

    if not mark_import(
        import_id=import_id, expected=[Status.PREVIEWED], status=Status.APPLYING, now=now
    ):
        raise ImportRefused("Cet import est déjà parti, ou a été abandonné.")
    record(
        actor=actor,
        now=now,
        action="schools.approve_import",
        summary="Import d’élèves validé",
        object_type="pupil_import",
        object_id=import_id,
    )
    apply_import.defer(import_id=import_id, user_id=actor.user_id, label=actor.label)


def abandon_import(*, import_id: int, now: datetime, actor: Actor) -> None:
    """Leave a previewed import without applying it."""
    if not mark_import(
        import_id=import_id, expected=[Status.PREVIEWED], status=Status.ABANDONED, now=now
    ):
        raise ImportRefused("Cet import est déjà parti, ou a été abandonné.")


def run_import(*, import_id: int, user_id: int | None, label: str, now: datetime) -> None:
    """The job: plan again on today's data and apply, all or nothing. Run twice, it acts once."""
    actor = Actor(user_id=user_id, label=label, channel=Channel.SYSTEM, is_agent=True)
    try:
        with transaction.atomic():
            lock_imports()
            found = get_import(import_id)
            if found is None or found.status != Status.APPLYING:
                return
            plan = plan_import(
                pupils=read_bytes(found.pupils_file), adults=read_bytes(found.adults_file), now=now
            )
            apply_plan(plan, now=now, actor=actor)
            mark_import(
                import_id=import_id,
                expected=[Status.APPLYING],
                status=Status.APPLIED,
                now=now,
                counts=plan.counts,
            )
    except Refusal as error:
        mark_import(
            import_id=import_id,
            expected=[Status.APPLYING],
            status=Status.FAILED,
            now=now,
            error=str(error),
        )
