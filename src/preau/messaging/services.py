"""Writing to the outbox. A message is queued in the transaction of what it tells: a rollback
removes both, a kill loses neither."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from preau.documents.services import discard_files
from preau.kernel import french
from preau.kernel.kept import typed
from preau.kernel.lane import tell
from preau.messaging.models import Attachment, Medium, Message


@transaction.atomic
def queue_email(
    *,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    family_id: int | None = None,
    key: str | None = None,
    is_secret: bool = False,
    attached: Iterable[UUID] = (),
) -> Message:
    """Queue one e-mail (plain text). With the same `key` again, returns the first one.

    `attached`: files kept in documents, that leave with it in this order.

    `is_secret`: the body holds a link or a code; it is wiped once sent and shown to nobody.
    """
    message = Message(
        medium=Medium.EMAIL,
        to=to,
        subject=french.one_line(subject)[:200],
        body=body,
        created_at=now,
        family_id=family_id,
        key=key,
        is_secret=is_secret,
    )
    if key is not None:
        Message.objects.bulk_create([message], ignore_conflicts=True)
        message = Message.objects.get(key=key)
    else:
        message.save(force_insert=True)
    Attachment.objects.bulk_create(
        [Attachment(message=message, file_id=pk) for pk in attached], ignore_conflicts=True
    )
    _defer_sending(message.pk)
    return message


_POST = """
INSERT INTO messaging_message (medium, "to", subject, body, status, created_at, attempts, error,
                               family_id, is_secret, key)
VALUES ('EMAIL', %s, %s, %s, 'QUEUED', %s, 0, '', %s, false, %s) ON CONFLICT (key) DO NOTHING
"""


def post_email(
    *, to: str, subject: str, body: str, now: datetime, family_id: int | None, key: str | None
) -> None:
    """Queue one e-mail at the price of its row, for acts that come by thousands: it has no job of
    its own, a job that sends all that waits is woken after commit (`tasks.wake`)."""
    tell(_POST, typed([to, french.one_line(subject)[:200], body, now, family_id, key]))
    transaction.on_commit(_wake)


def _wake() -> None:
    from preau.messaging.tasks import wake

    wake()


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail of a batch; `key` makes it unique for ever."""

    to: str
    subject: str
    body: str
    family_id: int | None
    key: str


@dataclass(frozen=True, slots=True)
class Text:
    """One text message of a batch, to a number in E.164; `key` makes it unique for ever."""

    to: str
    subject: str
    body: str
    family_id: int | None
    key: str


def queue_emails(*, emails: Sequence[Email], now: datetime) -> None:
    """Queue many at once, in a few statements. A key already queued is not queued again."""
    _queue(Medium.EMAIL, emails, now)


def queue_texts(*, texts: Sequence[Text], now: datetime) -> None:
    """As `queue_emails()`, for text messages."""
    _queue(Medium.SMS, texts, now)


def _queue(medium: Medium, wanted: Sequence[Email | Text], now: datetime) -> None:
    from preau.messaging.tasks import send_message

    keys = {one.key for one in wanted}
    with transaction.atomic():
        known = set(Message.objects.filter(key__in=keys).values_list("key", flat=True))
        Message.objects.bulk_create(
            [
                Message(
                    medium=medium,
                    to=one.to,
                    subject=french.one_line(one.subject)[:200],
                    body=one.body,
                    created_at=now,
                    family_id=one.family_id,
                    key=one.key,
                )
                for one in wanted
                if one.key not in known
            ],
            ignore_conflicts=True,
        )
        created = Message.objects.filter(key__in=keys - known).values_list("pk", flat=True)
        jobs: list[dict[str, Any]] = [{"message_id": pk} for pk in created]
        if jobs:
            send_message.batch_defer(*jobs)


def _defer_sending(message_id: int) -> None:
    from preau.messaging.tasks import send_message

    send_message.defer(message_id=message_id)


@transaction.atomic
def wipe_attachments(*, now: datetime) -> int:
    """Erase the files that left with messages long enough ago (PREAU_ATTACHMENT_DAYS); how many.

    The message stays, and says no more what it carried. One that still waits keeps its files.
    """
    old = Attachment.objects.filter(
        message__created_at__lt=now - timedelta(days=settings.ATTACHMENT_DAYS)
    ).exclude(message__status=Message.Status.QUEUED)
    files = set(old.values_list("file_id", flat=True))
    old.delete()
    return discard_files(file_ids=files)
