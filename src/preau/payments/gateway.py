"""The port through which Préau speaks to a bank: values and one Protocol, no protocol of any bank.

A connector (`preau.connectors.…`) implements `PaymentGateway`; `payments.services` decides what a
verdict changes. A connector never touches the database: it only builds a signed request, and reads
a message that came from outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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

    def __post_init__(self) -> None:
        if not is_reference(self.reference):
            raise ValueError("a payment reference is 20 upper-case letters or digits")
        if self.amount_cents <= 0:
            raise ValueError("a payment asks for more than zero")
        for url in (self.return_url, self.notify_url):
            if not url.startswith(("http://", "https://")) or "?" in url or "#" in url:
                raise ValueError("a payment's addresses are absolute and have no query")


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Where the payer's browser goes next: a form of `fields`, sent by `method` to `url`."""

    method: str
    url: str
    fields: tuple[tuple[str, str], ...] = ()


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
    can_poll: bool = False
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
        """The signed request to send the payer with. Raises GatewayMisconfigured."""
        ...

    def read(self, message: str | bytes) -> Verdict:
        """Read a query string or an urlencoded body. Never raises, whatever the message."""
        ...


def is_reference(value: str) -> bool:
    """True if `value` has the shape of one of our payment references."""
    return (
        len(value) == REFERENCE_LENGTH
        and value.isascii()
        and value.isalnum()
        and value == value.upper()
    )
