"""The outbox: queued with what it tells, sent once, kept when the server refuses."""

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from preau.messaging import tasks
from preau.messaging.models import Message
from preau.messaging.queries import list_messages
from preau.messaging.services import Email, post_email, queue_email, queue_emails
from preau.messaging.tasks import MAX_ATTEMPTS, send_message

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def queue(**more: Any) -> Message:
    fields = {"to": "amina@example.org", "subject": "Bonjour", "body": "Un mot.", "now": NOW}
    return queue_email(**(fields | more))


def send(message: Message) -> Message:
    send_message.func(message.pk)
    message.refresh_from_db()
    return message


class Refusing(BaseEmailBackend):
    """A mail server that answers no."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError


def test_sent_once_whatever_happens() -> None:
    message = queue(subject="Deux\nlignes")
    for _ in range(2):
        send(message)
    assert [m.subject for m in mail.outbox] == ["Deux lignes"]
    assert message.status == "SENT"


def test_a_rollback_takes_the_message_and_its_job() -> None:
    jobs = ProcrastinateJob.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        queue()
        raise RuntimeError
    assert Message.objects.count() == 0
    assert ProcrastinateJob.objects.count() == jobs


def test_the_same_key_is_one_message() -> None:
    assert queue(key="k1").pk == queue(key="k1", body="autre").pk
    batch = [Email("a@example.org", "Un", "mot", None, f"k{n}") for n in (1, 2, 3)]
    for _ in range(2):
        queue_emails(emails=batch, now=NOW)
    assert Message.objects.count() == 3
    waiting = ProcrastinateJob.objects.filter(task_name="messaging.send_message")
    assert waiting.values("args").distinct().count() == 3


def test_a_refusing_server_is_tried_again_then_said(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    message = queue()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with pytest.raises(OSError):
            send(message)
        message.refresh_from_db()
        assert message.status == ("FAILED" if attempt == MAX_ATTEMPTS else "QUEUED")
    assert message.error == "ConnectionRefusedError"


def test_a_secret_is_wiped_once_sent_and_shown_to_nobody() -> None:
    message = queue(is_secret=True, family_id=7, body="https://lien")
    assert list(list_messages(7)) == []
    assert send(message).body == ""


def post(**more: Any) -> None:
    fields = {"to": "amina@example.org", "subject": "Reçu", "body": "Un mot.", "now": NOW}
    post_email(**(fields | {"family_id": None, "key": None} | more))


def test_what_is_posted_is_sent_by_one_job(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(tasks, "_woken_at", float("-inf"))
    with django_capture_on_commit_callbacks(execute=True):
        for n in (1, 2, 2, 3):
            post(key=f"planning-{n}", subject=f"Reçu\n{n}")
    jobs = ProcrastinateJob.objects.filter(task_name="messaging.send_posted")
    assert (Message.objects.count(), jobs.count()) == (3, 1)
    for _ in range(2):
        tasks.send_waiting.func()
    assert [m.subject for m in mail.outbox] == ["Reçu 1", "Reçu 2", "Reçu 3"]


def test_what_is_posted_and_fails_is_tried_again_by_a_job_of_its_own(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    post()
    tasks.send_waiting_often.func(0)
    message = Message.objects.get()
    assert (message.status, message.attempts) == ("QUEUED", 1)
    tasks.send_waiting.func()
    own = ProcrastinateJob.objects.filter(task_name="messaging.send_message")
    assert [job.args["message_id"] for job in own] == [message.pk]
    message.refresh_from_db()
    assert message.attempts == 1


class Strict(BaseEmailBackend):
    """A server's client, which cannot write every address."""

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if "@" not in message.to[0]:
                raise ValueError("Invalid address")
        return len(messages)


def test_an_address_that_cannot_be_written_keeps_nobody_else_waiting(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Strict"
    for n, to in enumerate(["inconnu", "amina@example.org"]):
        with transaction.atomic():
            post_email(to=to, subject="Reçu", body="", now=NOW, family_id=None, key=f"p{n}")
    tasks.send_waiting.func()
    sent = Message.objects.order_by("pk").values_list("status", "error")
    assert list(sent) == [("FAILED", "Invalid address"), ("SENT", "")]
