"""The port towards the bank's files: plain values, no format of any bank.

A connector (settings.SEPA_CONNECTORS) writes a `Collection` and reads a `Statement`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionLine:
    """One debit as the bank must know it. Amounts in cents; IBANs in clear."""

    end_to_end: str
    amount_cents: int
    sequence: str
    mandate: str
    signed_on: date
    holder: str
    iban: str
    bic: str
    previous_iban: str
    communication: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One file for the bank: a creditor, a day, its debits."""

    message_id: str
    schema: str
    creditor: str
    ics: str
    iban: str
    bic: str
    collection_on: date
    lines: tuple[CollectionLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bank's file. `kind` is a `BankEntry.Kind`; `amount_cents` > 0."""

    kind: str
    bank_reference: str
    amount_cents: int
    booked_on: date
    counterpart: str = ""
    communication: str = ""
    end_to_end: str = ""
    reject_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A bank's file, whole. `iban` is the account it speaks of, "" for a report on our own file,
    which then names it (`answers`: message ids)."""

    kind: str
    message_id: str
    iban: str
    lines: tuple[Line, ...]
    answers: tuple[str, ...] = ()


class Unreadable(Exception):
    """What was given is no such file, whole and well formed; the message says why, in French."""


def _connector(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = import_string(settings.SEPA_CONNECTORS[name])
    return found


def write_collection(collection: Collection) -> bytes:
    """The file to give to the bank, valid against its schema. Raises ValueError."""
    content: bytes = _connector("collection")(collection)
    return content


def read_statement(content: bytes) -> Statement:
    """Read a camt.053, camt.054 or pain.002. Raises Unreadable."""
    statement: Statement = _connector("statement")(content)
    return statement
