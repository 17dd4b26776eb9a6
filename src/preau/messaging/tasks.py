"""Sending the outbox."""

import contextlib
import time
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from preau.documents.queries import read_bytes
from preau.kernel.clock import utc_now
from preau.messaging.models import Medium, Message
from preau.messaging.sms import SmsRefused, get_sender

MAX_ATTEMPTS = 6


@app.task(
    queue="mail",
    retry=RetryStrategy(max_attempts=MAX_ATTEMPTS, exponential_wait=20),
    name="messaging.send_message",
)
def send_message(message_id: int) -> None:
    """Send one queued message; once sent, never again. Retried for some hours, then failed."""
    failure = _deliver(message_id)
    if failure is not None:
        raise failure


def _deliver(message_id: int) -> OSError | None:
    """One attempt; the failure that another attempt may cure. None too when it is not to be sent:
    sent already, or in another sender's hands."""
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=message_id, status=Message.Status.QUEUED)
            .first()
        )
        if message is None:
            return None
        message.attempts += 1
        failure: OSError | None = None
        try:
            _send(message)
        except (SmsRefused, ValueError) as error:  # ValueError: no address that can be written
            message.error, message.status = str(error)[:300], Message.Status.FAILED
        except OSError as error:
            failure = error
            message.error = type(error).__name__
            if message.attempts >= MAX_ATTEMPTS:
                message.status = Message.Status.FAILED
        else:
            message.status = Message.Status.SENT
            message.sent_at = utc_now()
            if message.is_secret and not settings.DEMO:
                message.body = ""
        message.save()
    return failure


BATCH = 200
WAKE_SECONDS = 1.0
RETRY_SECONDS = 20
_woken_at = 0.0


@app.periodic(cron="* * * * *")
@app.task(queue="mail", name="messaging.send_waiting")
def send_waiting_often(timestamp: int) -> None:
    """Each minute, what no process woke the sender for (killed between commit and waking)."""
    send_waiting.func()


@app.task(queue="mail", name="messaging.send_posted")
def send_waiting() -> None:
    """Send every e-mail that was never tried, oldest first, until none waits. One that fails gets
    a job of its own, with its patience."""
    while True:
        waiting = list(
            Message.objects.filter(status=Message.Status.QUEUED, attempts=0, medium=Medium.EMAIL)
            .order_by("created_at", "pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        for message_id in waiting:
            if _deliver(message_id) is not None:
                send_message.configure(schedule_in={"seconds": RETRY_SECONDS}).defer(
                    message_id=message_id
                )
        if len(waiting) < BATCH:
            return


def wake() -> None:
    """Have what waits sent: a job, at most one a second from each process and one in the queue.

    A job for each e-mail would notify the workers at each commit, and PostgreSQL writes commits
    that notify one after the other: thousands of bookings would queue there.
    """
    global _woken_at
    now = time.monotonic()
    if now - _woken_at < WAKE_SECONDS:
        return
    _woken_at = now
    with contextlib.suppress(AlreadyEnqueued):
        send_waiting.configure(
            queueing_lock="messaging.send_posted", schedule_in={"seconds": 2}
        ).defer()


def _send(message: Message) -> None:
    if message.medium == Medium.SMS:
        get_sender().send(to=message.to, text=message.body)
    else:
        mail = EmailMessage(message.subject, message.body, to=[message.to])
        for one in message.attachments.select_related("file"):
            mail.attach(one.file.name, read_bytes(one.file), one.file.content_type)
        mail.send()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="mail", name="messaging.sweep")
def sweep(timestamp: int) -> None:
    """Give another chance to what was queued and whose job was lost."""
    stale = Message.objects.filter(
        status=Message.Status.QUEUED, created_at__lt=utc_now() - timedelta(minutes=15)
    )
    for message_id in stale.values_list("pk", flat=True)[:500]:
        send_message.defer(message_id=message_id)


@app.periodic(cron="35 3 * * *")
@app.task(queue="upkeep", name="messaging.wipe_attachments")
def wipe_old_attachments(timestamp: int) -> None:
    """What e-mails carried is not kept for ever."""
    from preau.messaging.services import wipe_attachments

    wipe_attachments(now=utc_now())
