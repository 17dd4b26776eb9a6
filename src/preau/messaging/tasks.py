"""Sending the outbox."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

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
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=message_id, status=Message.Status.QUEUED)
            .first()
        )
        if message is None:
            return
        message.attempts += 1
        failure: OSError | None = None
        try:
            _send(message)
        except SmsRefused as error:
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
    if failure is not None:
        raise failure


def _send(message: Message) -> None:
    if message.medium == Medium.SMS:
        get_sender().send(to=message.to, text=message.body)
    else:
        EmailMessage(message.subject, message.body, to=[message.to]).send()


@app.periodic(cron="*/5 * * * *")
@app.task(queue="mail", name="messaging.sweep")
def sweep(timestamp: int) -> None:
    """Give another chance to what was queued and whose job was lost."""
    stale = Message.objects.filter(
        status=Message.Status.QUEUED, created_at__lt=utc_now() - timedelta(minutes=15)
    )
    for message_id in stale.values_list("pk", flat=True)[:500]:
        send_message.defer(message_id=message_id)
