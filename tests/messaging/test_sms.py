"""Text messages: numbers, lengths, and the provider's own protocol spoken to its simulator."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from preau.messaging.models import Message
from preau.messaging.services import Text, queue_texts
from preau.messaging.sms import mobile, segments
from preau.messaging.tasks import send_message
from tests.harness.ovh import OvhSimulator, ovh_simulator

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("06 39 98 11 20", "+33639981120"),
        ("+33 6 39 98 11 20", "+33639981120"),
        ("0033639981120", "+33639981120"),
        ("01 99 00 12 34", ""),
        ("06 39", ""),
        ("bonjour", ""),
        ("", ""),
    ],
)
def test_only_mobile_numbers_get_texts(typed: str, kept: str) -> None:
    assert mobile(typed) == kept


@pytest.mark.parametrize(
    ("text", "billed"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("🚌" * 35, 1),
        ("🚌" * 36, 2),
    ],
)
def test_lengths_as_billed(text: str, billed: int) -> None:
    assert segments(text) == billed


@pytest.fixture
def ovh(settings: Any) -> Iterator[OvhSimulator]:
    with ovh_simulator() as simulator:
        settings.SMS_SENDER = "preau.connectors.ovh_sms.OvhSms"
        settings.SMS_OVH = simulator.settings
        yield simulator


def queue(to: str = "+33639981120", key: str = "k") -> Message:
    queue_texts(texts=[Text(to, "Grève", "École fermée jeudi.", None, key)], now=NOW)
    return Message.objects.get(key=key)


def send(message: Message) -> Message:
    send_message.func(message.pk)
    message.refresh_from_db()
    return message


@pytest.mark.django_db
def test_signed_sent_once_and_said(ovh: OvhSimulator) -> None:
    message = queue()
    for _ in range(2):
        send(message)
    assert (message.status, message.medium, ovh.forged) == ("SENT", "SMS", 0)
    [sent] = ovh.sent
    assert (sent["message"], sent["receivers"]) == ("École fermée jeudi.", ["+33639981120"])
    assert (sent["sender"], sent["noStopClause"]) == ("Mairie", True)


@pytest.mark.django_db
def test_a_wrong_number_fails_for_good_and_a_broken_service_is_tried_again(
    ovh: OvhSimulator,
) -> None:
    assert send(queue("+33199001234", "bad")).status == "FAILED"
    ovh.failures = [500, 400]
    later = queue(key="later")
    with pytest.raises(OSError, match="APIError"):
        send_message.func(later.pk)
    later.refresh_from_db()
    assert later.status == "QUEUED"
    assert send(later).status == "FAILED"  # 400: never
    assert send(queue(key="good")).status == "SENT"
    assert len(ovh.sent) == 1


@pytest.mark.django_db
def test_a_wrong_secret_sends_nothing(ovh: OvhSimulator, settings: Any) -> None:
    settings.SMS_OVH = {**ovh.settings, "application_secret": "guessed"}
    with pytest.raises(OSError, match="InvalidCredential"):
        send_message.func(queue().pk)
    assert (ovh.sent, ovh.forged) == ([], 1)


@pytest.mark.django_db
def test_a_closed_port_is_tried_again(ovh: OvhSimulator, settings: Any) -> None:
    settings.SMS_OVH = {**ovh.settings, "endpoint": "http://127.0.0.1:9"}
    with pytest.raises(OSError, match="HTTPError"):
        send_message.func(queue().pk)
