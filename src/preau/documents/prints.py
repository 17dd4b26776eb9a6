"""Long papers set by the worker: asked, followed, served for a few days, wiped."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from preau.audit.services import record
from preau.documents.models import Print
from preau.kernel import sealing
from preau.kernel.actors import Actor
from preau.kernel.locks import advisory_lock

KEPT = timedelta(days=3)
LIVE = (Print.Status.QUEUED, Print.Status.RUNNING)
PRINT_LOCK = 91


@transaction.atomic
def ask_print(
    *, about: str, title: str, total: int, now: datetime, actor: Actor
) -> tuple[Print, bool]:
    """A print to be set, and whether it is new: one of the same being set is given again.

    The caller defers its job in this transaction.
    """
    advisory_lock(PRINT_LOCK, 0)
    running = Print.objects.filter(about=about, status__in=LIVE).order_by("-pk").first()
    if running is not None:
        return running, False
    row = Print.objects.create(
        about=about, title=title, total=total, asked_at=now, asked_by=actor.label
    )
    record(
        actor=actor,
        now=now,
        action="documents.print",
        summary=f"Impression demandée : {title}",
        object_type="documents.Print",
        object_id=row.pk,
    )
    return row, True


def start_print(*, print_id: int) -> Print | None:
    """The print to set, from its beginning; None when it is set already. Safe to run again."""
    if not Print.objects.filter(pk=print_id, status__in=LIVE).update(
        status=Print.Status.RUNNING, done=0
    ):
        return None
    return Print.objects.defer("sealed_pdf").get(pk=print_id)


def note_progress(*, print_id: int, done: int) -> None:
    Print.objects.filter(pk=print_id, status=Print.Status.RUNNING).update(done=done)


def finish_print(*, print_id: int, pdf: bytes | None, now: datetime, error: str = "") -> None:
    """Keep the PDF, sealed; or why there is none."""
    Print.objects.filter(pk=print_id).update(
        status=Print.Status.DONE if pdf else Print.Status.FAILED,
        sealed_pdf=sealing.seal_bytes(pdf) if pdf else None,
        finished_at=now,
        expires_at=now + KEPT,
        error=error[:300],
    )


def prints_of(about: str) -> QuerySet[Print]:
    """The prints of this subject, the latest first, without their bytes."""
    return Print.objects.filter(about=about).defer("sealed_pdf").order_by("-asked_at", "-pk")


def open_print(print_id: int) -> bytes | None:
    """The PDF; None when it is not ready, or wiped. Raises kernel.sealing.CannotUnseal."""
    row = Print.objects.filter(pk=print_id, status=Print.Status.DONE).first()
    if row is None or row.sealed_pdf is None:
        return None
    return sealing.unseal_bytes(bytes(row.sealed_pdf))


def wipe_prints(*, now: datetime) -> int:
    """Wipe what was served long enough; how many."""
    old = Print.objects.filter(expires_at__lte=now).exclude(status=Print.Status.WIPED)
    return old.update(status=Print.Status.WIPED, sealed_pdf=None)
