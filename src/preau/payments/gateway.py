"""The port through which Préau speaks to a bank: values and one Protocol, no protocol of any bank.

A connector (`preau.connectors.…`) implements `PaymentGateway`; `payments.services` decides what a
verdict changes. A connector never touches the database: it only builds a signed request, and reads
a message that came from outside.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

EURO = "978"
"""ISO 4217 number of the euro, the only currency in which a French town collects."""

REFERENCE_LENGTH = 20
"""A payment's reference is 20 upper-case letters or digits: what SP Plus demands, others allow."""


class GatewayState(StrEnum):
    """What a bank says of one payment. Only PAID is money; all else leaves the account as it is."""

    PAID = "PAID"
    PENDING = "PENDING"
    REFUSED = "REFUSED"
    ABANDONED = "ABANDONED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REFUNDED = "REFUNDED"
    UNPAID = "UNPAID"
    TEST = "TEST"
    UNKNOWN = "UNKNOWN"


class Problem(StrEnum):
    """Why a message from outside may not change anything."""

    FORMAT = "FORMAT"
    SIGNATURE = "SIGNATURE"
    REFERENCE = "REFERENCE"
    AMOUNT = "AMOUNT"
    CURRENCY = "CURRENCY"
    MERCHANT = "MERCHANT"
    MODE = "MODE"
    CONTRADICTION = "CONTRADICTION"


class GatewayMisconfigured(Exception):
    """The settings of a gateway cannot work; the message says which one, never the secret."""


class GatewayUnreachable(Exception):
    """The bank's service did not answer, or not in a way that can be read: ask again later.

    `fault`: its own words, when it answered that it would not tell (a client number that it does
    not know, a service that is closed).
    """

    def __init__(self, message: str, *, fault: str = "") -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, kw_only=True)
class PaymentRequest:
    """What is asked of a bank.

    `reference` is ours: 20 upper-case letters or digits, never used twice. `amount_cents` > 0.
    `return_url` (the browser) and `notify_url` (server to server) are absolute, without query.
    """

    reference: str
    amount_cents: int
    email: str
    first_name: str
    last_name: str
    return_url: str
    notify_url: str
    subject: str = ""
    """What is paid, in a few words, where the bank shows them."""
    document: str = ""
    """What the bank knows it by, when that is not `reference`: a titre (PayFiP's `refdet`)."""
    year: int | None = None
    """The financial year of `document`; the current one when there is none."""

    def __post_init__(self) -> None:
        if not is_reference(self.reference):
            raise ValueError("a payment reference is 20 upper-case letters or digits")
        if self.amount_cents <= 0:
            raise ValueError("a payment asks for more than zero")
        if self.document and not re.fullmatch(r"[A-Za-z0-9]{1,30}", self.document):
            raise ValueError("a titre's reference is 1 to 30 letters or digits")
        for url in (self.return_url, self.notify_url):
            if not url.startswith(("http://", "https://")) or "?" in url or "#" in url:
                raise ValueError("a payment's addresses are absolute and have no query")


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Where the payer's browser goes next: a form of `fields`, sent by `method` to `url`.

    `provider_id` is the bank's own name of the payment where it gives one beforehand.
    """

    method: str
    url: str
    fields: tuple[tuple[str, str], ...] = ()
    provider_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a message from outside says, and whether it may be believed.

    `verified` is true only if the signature is right and nothing in `problems` contradicts our
    own settings (merchant, currency, mode). The amount is for the caller to compare with what was
    asked: `amount_cents` is None where the protocol states none (SP Plus: there the amount is bound
    to the reference by the signature of our own request). `raw` keeps the fields as received.
    """

    state: GatewayState
    verified: bool
    reference: str = ""
    amount_cents: int | None = None
    currency: str = ""
    merchant: str = ""
    transaction_id: str = ""
    bank_status: str = ""
    problems: tuple[Problem, ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.verified and self.problems:
            raise ValueError("a verdict with a problem is not verified")


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a gateway can do. Amounts in cents, bounds included."""

    label: str
    min_cents: int = 1
    max_cents: int = 999_999_99
    states_amount: bool = True
    email_required: bool = False


@runtime_checkable
class PaymentGateway(Protocol):
    """One merchant's contract with one bank."""

    kind: str
    capabilities: Capabilities
    merchant: str
    answer: str
    """Body that the bank wants back from its server call, whatever we think of the message."""

    def request(self, request: PaymentRequest) -> Redirect:
        """The request to send the payer with.

        Raises GatewayMisconfigured, and GatewayUnreachable where the bank is spoken to first.
        """
        ...

    def read(self, message: str | bytes) -> Verdict:
        """Read a query string or an urlencoded body. Never raises, whatever the message."""
        ...


@runtime_checkable
class PolledGateway(PaymentGateway, Protocol):
    """A bank that signs nothing: what arrives is a hint, its service is asked for the truth.

    `read` never verifies anything here.
    """

    def hint(self, message: str | bytes) -> str:
        """The bank's name of a payment in a message from outside, or "". Never raises."""
        ...

    def page(self, provider_id: str) -> Redirect:
        """Where to send the payer again for a payment already opened at the bank."""
        ...

    def poll(self, provider_id: str, *, sent_at: datetime, now: datetime) -> Verdict:
        """Ask the bank what became of a payment opened at `sent_at`. Raises GatewayUnreachable.

        The verdict states the reference and the amount as the bank knows them; both are empty
        while the bank has nothing to tell (PENDING, EXPIRED).
        """
        ...


def is_reference(value: str) -> bool:
    """True if `value` has the shape of one of our payment references."""
    return (
        len(value) == REFERENCE_LENGTH
        and value.isascii()
        and value.isalnum()
        and value == value.upper()
    )
