"""Long papers set by the worker: asked, followed, served for a few days, wiped."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from preau.audit.services import record
from preau.documents.models import Print, PrintPart
from preau.kernel import sealing
from preau.kernel.actors import Actor
from preau.kernel.locks import advisory_lock

KEPT = timedelta(days=3)
LIVE = (Print.Status.QUEUED, Print.Status.RUNNING)
PRINT_LOCK = 91
PART = 2 * 1024 * 1024


@transaction.atomic
def ask_print(
    *,
    about: str,
    title: str,
    total: int,
    now: datetime,
    actor: Actor,
    subjects: Sequence[int] = (),
) -> tuple[Print, bool]:
    """A print to be set, and whether it is new: one of the same being set is given again.

    `subjects`: those whom it is for, when the asking chose them. The caller defers its job in
    this transaction.
    """
    advisory_lock(PRINT_LOCK, 0)
    running = Print.objects.filter(about=about, status__in=LIVE, subjects=list(subjects))
    found = running.order_by("-pk").first()
    if found is not None:
        return found, False
    row = Print.objects.create(
        about=about,
        title=title[:200],
        total=total,
        asked_at=now,
        asked_by=actor.label,
        subjects=list(subjects),
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
    return Print.objects.get(pk=print_id)


def note_progress(*, print_id: int, done: int) -> None:
    """How far a print is; nothing changes once it is over."""
    Print.objects.filter(pk=print_id, status=Print.Status.RUNNING).update(done=done)


@transaction.atomic
def finish_print(
    *,
    print_id: int,
    pdf: bytes | memoryview | None,
    now: datetime,
    error: str = "",
    kept: timedelta = KEPT,
) -> None:
    """Keep the PDF, sealed piece by piece, for `kept`; or why there is none."""
    PrintPart.objects.filter(of=print_id).delete()
    if pdf:
        for rank, start in enumerate(range(0, len(pdf), PART)):
            sealed = sealing.seal_bytes(bytes(pdf[start : start + PART]))
            PrintPart.objects.create(of_id=print_id, rank=rank, sealed=sealed)
    Print.objects.filter(pk=print_id).update(
        status=Print.Status.DONE if pdf else Print.Status.FAILED,
        finished_at=now,
        expires_at=now + kept,
        error=error[:300],
    )


def prints_of(about: str) -> QuerySet[Print]:
    """The prints of this subject, the latest first, without those whom they are for."""
    return Print.objects.filter(about=about).defer("subjects").order_by("-asked_at", "-pk")


def open_print(print_id: int) -> Iterator[bytes] | None:
    """The PDF, piece by piece; None when it is not ready, or wiped.

    Raises kernel.sealing.CannotUnseal, at the first piece.
    """
    if not Print.objects.filter(pk=print_id, status=Print.Status.DONE).exists():
        return None
    ranks = PrintPart.objects.filter(of=print_id).order_by("rank").values_list("rank", flat=True)
    return _pieces(print_id, list(ranks))


def _pieces(print_id: int, ranks: list[int]) -> Iterator[bytes]:
    for rank in ranks:
        part = PrintPart.objects.get(of=print_id, rank=rank)
        yield sealing.unseal_bytes(bytes(part.sealed))


@transaction.atomic
def wipe_prints(*, now: datetime) -> int:
    """Wipe what was served long enough; how many."""
    old = Print.objects.filter(expires_at__lte=now).exclude(status=Print.Status.WIPED)
    ids = list(old.values_list("pk", flat=True))
    PrintPart.objects.filter(of__in=ids).delete()
    return Print.objects.filter(pk__in=ids).update(status=Print.Status.WIPED)
