"""Writing to the outbox. A message is queued in the transaction of what it tells: a rollback
removes both, a kill loses neither."""

from datetime import datetime
from typing import Any

from django.db import transaction

from preau.messaging.models import Medium, Message


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
) -> Message:
    """Queue one e-mail (plain text). With the same `key` again, returns the first one.

    `is_secret`: the body holds a link or a code; it is wiped once sent and shown to nobody.
    """
    message = Message(
        medium=Medium.EMAIL,
        to=to,
        subject=" ".join(subject.split())[:200],
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
    _defer_sending(message.pk)
    return message


def queue_emails(messages: list[Message]) -> None:
    """Queue many at once, in two statements. The caller builds them unsaved, with their keys."""
    from preau.messaging.tasks import send_message

    with transaction.atomic():
        Message.objects.bulk_create(messages, ignore_conflicts=True)
        ids = Message.objects.filter(
            key__in=[message.key for message in messages], status=Message.Status.QUEUED
        ).values_list("pk", flat=True)
        jobs: list[dict[str, Any]] = [{"message_id": pk} for pk in ids]
        if jobs:
            send_message.batch_defer(*jobs)


def _defer_sending(message_id: int) -> None:
    from preau.messaging.tasks import send_message

    send_message.defer(message_id=message_id)
