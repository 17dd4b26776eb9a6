"""Text messages: the port by which they leave, and what their length costs.

A provider is a connector that speaks `SmsSender`; the setting `PREAU_SMS` names it. The outbox
sends nothing: messages stay in the database, to be read there (demonstrations, trials).
"""

from typing import Protocol

import phonenumbers
from django.conf import settings
from django.utils.module_loading import import_string

# The characters of one seven-bit place (3GPP TS 23.038), and those that take two.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€")
FRANCE = 33
LONGEST = 459  # three messages of 153


class SmsRefused(Exception):
    """The provider will never take this message: the number, the credit or the account is wrong."""


class SmsSender(Protocol):
    """Sends one text message. Raises SmsRefused for good, OSError when it may work later."""

    def send(self, *, to: str, text: str) -> str:
        """`to` in E.164 («+33639981120»). Returns the provider's number of the message."""
        ...


class LocalOutbox:
    """Sends nothing: the message is kept, and shown as sent."""

    def send(self, *, to: str, text: str) -> str:
        return "local"


def is_available() -> bool:
    """Whether the town can send text messages."""
    return bool(settings.SMS_SENDER)


def get_sender() -> SmsSender:
    """The provider of the settings."""
    sender: SmsSender = import_string(settings.SMS_SENDER)()
    return sender


def mobile(number: str) -> str:
    """The E.164 form of a mobile number typed in France; empty when it is not one."""
    try:
        found = phonenumbers.parse(number, "FR")
    except phonenumbers.NumberParseException:
        return ""
    if found.country_code == FRANCE:
        # By the numbering plan (Arcep): 06 and 07 are mobiles, those kept for fiction included.
        is_mobile = phonenumbers.is_possible_number(found) and str(found.national_number)[0] in "67"
    else:
        is_mobile = phonenumbers.is_valid_number(found) and phonenumbers.number_type(found) in (
            phonenumbers.PhoneNumberType.MOBILE,
            phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        )
    if not is_mobile:
        return ""
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def segments(text: str) -> int:
    """How many text messages this one is billed as: 160 characters alone, 153 each in a series;
    70 and 67 when a character (ê, ç, an emoji) is outside the seven-bit alphabet."""
    if all(c in GSM_BASIC or c in GSM_EXTENDED for c in text):
        length, alone, each = sum(2 if c in GSM_EXTENDED else 1 for c in text), 160, 153
    else:
        length, alone, each = len(text.encode("utf-16-le")) // 2, 70, 67
    if not length:
        return 0
    return 1 if length <= alone else -(-length // each)
