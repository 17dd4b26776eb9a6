"""What will become invoices: plain values, computed without writing anything. Amounts in cents."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(slots=True)
class DraftDay:
    """One day of one child on one slot, billed once."""

    slot_id: int
    child_id: int
    day: date
    cents: int
    note: str = ""
    # Looked at and not charged (a justified absence): told on the invoice, counted nowhere.
    is_free: bool = False


@dataclass(slots=True)
class DraftLine:
    """Child × product × unit price, with its dates and the sentences of its rules."""

    child_id: int | None
    activity_id: int | None
    label: str
    unit_name: str
    unit_cents: int
    explanation: tuple[str, ...] = ()
    rulebook_version_id: int | None = None
    accounting_code: str = ""
    days: list[DraftDay] = field(default_factory=list)
    # For a line that no day makes (a discount over the month).
    fixed_quantity: int = 0

    @property
    def quantity(self) -> int:
        return self.fixed_quantity or sum(not day.is_free for day in self.days)

    @property
    def amount_cents(self) -> int:
        return self.quantity * self.unit_cents

    def dates(self) -> list[dict[str, str]]:
        """The dates as they are kept on the invoice."""
        return [
            {"day": day.day.isoformat(), "note": day.note, "state": "free" if day.is_free else ""}
            for day in sorted(self.days, key=lambda day: day.day)
        ]


@dataclass(slots=True)
class Draft:
    """One invoice to come: one payer, one month, one cash office."""

    family_id: int
    debtor: dict[str, Any]
    lines: list[DraftLine] = field(default_factory=list)

    @property
    def total_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines)


def fingerprint(drafts: Iterable[Draft]) -> str:
    """The same for the same charges, whatever their order; different if a cent or a day moves."""
    digest = hashlib.sha256()
    for draft in sorted(drafts, key=lambda draft: draft.family_id):
        days = sorted(
            (line.activity_id or 0, day.slot_id, day.child_id, day.cents)
            for line in draft.lines
            for day in line.days
        )
        others = sorted(
            (line.label, line.quantity, line.unit_cents) for line in draft.lines if not line.days
        )
        digest.update(json.dumps([draft.family_id, days, others]).encode())
    return digest.hexdigest()
