"""What the drill knows: the messages to send, the town, and what must be true after it."""

import datetime as dt
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from preau.payments import services

PAYER = services.Payer(first_name="Camille", last_name="Elan", email="camille@example.org")
KINDS = {"SPPLUS": "enfance", "SYSTEMPAY": "sports", "PAYFIP": "jeunesse"}
MONTHS = (dt.date(2026, 9, 1), dt.date(2026, 10, 1))
JUNE = dt.date(2026, 6, 1)
PER_ATTEMPT = 11
LINKS = 2  # attempts for each invoice
LATE = 2.0
BOOK = """
format: 1
name: Exercice
activities:
{activities}
tariffs:
{tariffs}
"""


@dataclass(order=True)
class Message:
    """One call of a bank. `due` is a rank in time, not a date."""

    due: float
    number: int
    url: str = field(compare=False)
    body: bytes = field(compare=False)
    what: str = field(compare=False)
    attempt: int = field(compare=False)
    status: int = field(default=0, compare=False)
    twin: bool = field(default=False, compare=False)

    @property
    def is_late(self) -> bool:
        """Said once everything else was answered."""
        return self.due >= LATE


@dataclass
class DebitTruth:
    """What the bank of the debits was given and said, what was given back at the counter."""

    # (family, cash office), by the mandate's reference.
    mandates: dict[str, tuple[int, int]] = field(default_factory=dict)
    # end-to-end → (family, cash office, cents, fate), from the file that the bank was given.
    debits: dict[str, tuple[int, int, int, str]] = field(default_factory=dict)
    # (family, cash office, cents).
    transfers: list[tuple[int, int, int]] = field(default_factory=list)
    advanced: list[tuple[int, int, int]] = field(default_factory=list)
    given_back: list[tuple[int, int, int]] = field(default_factory=list)
    untrue_read: int = 0
    files: int = 0


@dataclass
class Town:
    """What exists before the storm, and what must be true after it."""

    messages: list[Message]
    fate: dict[int, str]
    amount: dict[int, int]
    account_of: dict[int, tuple[int, int]]
    collections: list[tuple[int, int, int]]
    offices: dict[str, int]
    seed: int = 0
    url: str = ""
    # Cash office → (its code, {family: (its code, its invoice's number)}).
    people: dict[int, tuple[str, dict[int, tuple[str, str]]]] = field(default_factory=dict)
    debits: DebitTruth = field(default_factory=DebitTruth)


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(url: str, body: bytes, seconds: float = 20) -> int:
    """The status of a POST; 0 when nothing whole came back."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with _opener.open(request, timeout=seconds) as response:
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError):
        return 0
    except Exception:  # http.client's own, when the server dies while it answers
        return 0
