"""What will become invoices: plain values, computed without writing anything. Amounts in cents."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from preau.billing.stretches import Days


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
    # Ordinary days together, the others one by one.
    stretches: list[Days] = field(default_factory=list)
    days: list[DraftDay] = field(default_factory=list)
    # For a line that no day makes (a discount over the month).
    fixed_quantity: int = 0

    @property
    def quantity(self) -> int:
        if len(self.stretches) == 1 and not self.days:
            return self.fixed_quantity or len(self.stretches[0].days)
        return self.fixed_quantity or sum([len(days.days) for days in self.stretches]) + sum(
            [not day.is_free for day in self.days]
        )

    @property
    def amount_cents(self) -> int:
        return self.quantity * self.unit_cents

    def _all_days(self) -> list[tuple[date, int, str, bool]]:
        found = [(day.day, day.slot_id, day.note, day.is_free) for day in self.days]
        for days in self.stretches:
            found += [
                (day, slot_id, "", False)
                for slot_id, day in zip(days.slot_ids, days.days, strict=True)
            ]
        return sorted(found)

    def dates_json(self) -> str:
        """The dates as they are kept on the invoice."""
        if not self.days and len(self.stretches) == 1:
            return self.stretches[0].dates_json
        return json.dumps(
            [
                {"day": day.isoformat(), "note": note, "state": "free" if is_free else ""}
                for day, _slot_id, note, is_free in self._all_days()
            ]
        )

    def slots(self) -> str:
        """The slots that it bills, as PostgreSQL writes an array; the same for the same days."""
        if not self.days and len(self.stretches) == 1:
            return self.stretches[0].text
        slot_ids = ",".join(str(slot_id) for _day, slot_id, _note, _free in self._all_days())
        return f"{{{slot_ids}}}"


@dataclass(slots=True)
class Draft:
    """One invoice to come: one payer, one month, one cash office."""

    family_id: int
    debtor: dict[str, Any]
    lines: list[DraftLine] = field(default_factory=list)
    total_cents: int = field(init=False)

    def __post_init__(self) -> None:
        self.total_cents = sum(line.amount_cents for line in self.lines)


def fingerprint(drafts: Iterable[Draft]) -> str:
    """The same for the same charges, whatever their order; different if a cent or a day moves."""
    digest = hashlib.sha256()
    for draft in sorted(drafts, key=lambda draft: draft.family_id):
        lines = sorted(
            f"{line.child_id} {line.activity_id} {line.unit_cents} {line.quantity} {line.slots()}"
            for line in draft.lines
        )
        digest.update(f"{draft.family_id} {' '.join(lines)}\n".encode())
    return digest.hexdigest()
