"""First letters: what is kept of a batch, and for how long."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from preau.families.models import Guardian, LetterBatch
from preau.families.services._common import journal
from preau.kernel import sealing
from preau.kernel.actors import Actor

KEPT = timedelta(days=3)


@transaction.atomic
def open_batch(
    *, guardian_ids: Sequence[int], label: str, now: datetime, actor: Actor
) -> LetterBatch:
    """Note which letters are wanted; a job makes them (journeys.letters)."""
    return LetterBatch.objects.create(
        label=label[:160],
        guardian_ids=list(guardian_ids),
        created_at=now,
        created_by=actor.label,
        created_by_id=actor.user_id,
    )


@transaction.atomic
def start_batch(*, batch_id: int) -> LetterBatch | None:
    """Take the batch for this job; None when another one has it or it is over."""
    batch = (
        LetterBatch.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(pk=batch_id, status__in=[LetterBatch.Status.QUEUED, LetterBatch.Status.RUNNING])
        .first()
    )
    if batch is not None:
        batch.status, batch.done = LetterBatch.Status.RUNNING, 0
        batch.save(update_fields=["status", "done"])
    return batch


def note_progress(*, batch_id: int, done: int) -> None:
    LetterBatch.objects.filter(pk=batch_id).update(done=done)


@transaction.atomic
def finish_batch(*, batch: LetterBatch, pdf: bytes | None, now: datetime, error: str = "") -> None:
    """Seal the letters for three days, or say why there are none."""
    batch.finished_at = now
    batch.error = error[:300]
    if pdf is None:
        batch.status = LetterBatch.Status.FAILED
    else:
        batch.status = LetterBatch.Status.DONE
        batch.expires_at = now + KEPT
        batch.sealed_pdf = sealing.seal(base64.b64encode(pdf).decode()).encode()
    batch.save()


def unseal(batch: LetterBatch) -> bytes | None:
    """The letters' PDF; None once it is wiped (or when the sealing key changed)."""
    if batch.sealed_pdf is None:
        return None
    try:
        return base64.b64decode(sealing.unseal(bytes(batch.sealed_pdf).decode()))
    except sealing.CannotUnseal:
        return None


def wipe_expired_batches(*, now: datetime) -> int:
    """Passwords in clear do not stay: how many batches were wiped."""
    return LetterBatch.objects.filter(status=LetterBatch.Status.DONE, expires_at__lte=now).update(
        status=LetterBatch.Status.WIPED, sealed_pdf=None
    )


def note_letter_printed(*, guardian: Guardian, now: datetime, actor: Actor) -> None:
    """A letter with a code and a one-time password was put on paper."""
    journal(
        actor,
        now,
        "letter",
        f"Lettre imprimée pour {guardian} : code famille et mot de passe provisoire",
        guardian.family_id,
        object_type="guardian",
        object_id=guardian.pk,
    )
