"""What the simulated bank remembers: payments and the notifications it still owes, on one file.

The file is a journal: each change appends the record as it became, so that a killed process finds
everything again by reading it from the start.
"""

import json
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO


@dataclass
class Payment:
    """One payment asked of the bank. `decision` is empty until the payer has decided."""

    token: str
    protocol: str
    merchant: str
    label: str
    reference: str
    amount_cents: int
    return_url: str
    notify_url: str
    fields: dict[str, str]
    bank_id: str
    decision: str = ""
    answer: dict[str, str] = field(default_factory=dict)
    opened_at: float = 0.0


@dataclass
class Notification:
    """One server call to make. `due_at` and `attempts` drive the retries; `done` ends them."""

    number: int
    token: str
    url: str
    body: str
    due_at: float
    expects: str = ""
    after: int = 0
    held: bool = False
    done: bool = False
    attempts: int = 0
    last: str = ""


@dataclass
class Knobs:
    """How the bank misbehaves, for tests. `tamper` replaces fields of what is notified.

    PayFiP's service: `soap` is "" (it works), "error" (HTTP 500), "junk", "fault CODE words"
    or "silent" (it never answers in time); `detail` replaces fields of what it answers about a
    payment; `life_s` is how long an operation may be paid.
    """

    delay_s: float = 0.0
    copies: int = 1
    drop: bool = False
    hold: bool = False
    tamper: dict[str, str] = field(default_factory=dict)
    resign: bool = False
    etats: list[str] = field(default_factory=lambda: ["1", "10"])
    wait_s: float = 3.0
    retry_s: float = 1.0
    timeout_s: float = 35.0
    max_attempts: int = 12
    soap: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    life_s: float = 900.0


class Book:
    """Every read and write of the bank's memory; safe between threads."""

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.payments: dict[str, Payment] = {}
        self.notifications: dict[int, Notification] = {}
        self.owed: dict[int, Notification] = {}
        self.knobs = Knobs()
        self.refusals: list[str] = []
        self._file: TextIO | None = None
        if path is not None:
            self._replay(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    def save(self, record: Payment | Notification) -> None:
        """Remember the record as it is now, and wake those who wait for a change."""
        with self.lock:
            if isinstance(record, Payment):
                self.payments[record.token] = record
                kind = "payment"
            else:
                self._keep(record)
                kind = "notification"
            if self._file is not None:
                self._file.write(json.dumps({"kind": kind, **asdict(record)}) + "\n")
                self._file.flush()
            self.changed.notify_all()

    def next_number(self) -> int:
        """A number for a new notification."""
        return len(self.notifications) + 1

    def find(self, *, protocol: str, merchant: str, reference: str) -> Payment | None:
        """The payment already known under this reference, if any."""
        with self.lock:
            wanted = (protocol, merchant, reference)
            for payment in self.payments.values():
                if (payment.protocol, payment.merchant, payment.reference) == wanted:
                    return payment
            return None

    def _replay(self, path: Path) -> None:
        if not path.exists():
            return
        for line in path.read_text("utf-8").splitlines():
            try:
                record = json.loads(line)
                kind = record.pop("kind")
            except (ValueError, KeyError):
                continue  # the last line of a process killed while it wrote
            if kind == "payment":
                self.payments[record["token"]] = Payment(**record)
            else:
                self._keep(Notification(**record))

    def _keep(self, record: Notification) -> None:
        self.notifications[record.number] = record
        if record.done:
            self.owed.pop(record.number, None)
        else:
            self.owed[record.number] = record
