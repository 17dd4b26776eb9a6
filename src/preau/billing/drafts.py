"""What will become invoices: plain values, computed without writing anything. Amounts in cents."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from preau.billing.natures import UNSAID, Nature
from preau.billing.stretches import Days

REGULARISED = "reg"
"""Begins the key of a line that an accepted regularisation adds: its shares are decided."""


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


@dataclass(frozen=True, slots=True)
class DraftShare:
    """What a third party pays of a line, in cents, and the sentence that says so."""

    agreement_id: int
    third_party_id: int
    cents: int
    sentence: str


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
    nature: Nature = UNSAID
    # Ordinary days together, the others one by one.
    stretches: list[Days] = field(default_factory=list)
    days: list[DraftDay] = field(default_factory=list)
    # For a line that no day makes (a discount over the month).
    fixed_quantity: int = 0
    # Of the unit price, what is a surcharge or a penalty.
    penalty_unit_cents: int = 0
    # Of a charge that no day makes: billed once.
    fee_key: str = ""
    # Of a registration fee: the children who made it due, and for what time.
    paid_for: tuple[int, ...] = ()
    paid_span: str = ""
    shares: list[DraftShare] = field(default_factory=list)
    # Once it is written.
    line_id: int | None = None

    @property
    def quantity(self) -> int:
        if len(self.stretches) == 1 and not self.days:
            return self.fixed_quantity or len(self.stretches[0].days)
        return self.fixed_quantity or sum([len(days.days) for days in self.stretches]) + sum(
            [not day.is_free for day in self.days]
        )

    @property
    def gross_cents(self) -> int:
        """Before what third parties pay."""
        return self.quantity * self.unit_cents

    @property
    def share_cents(self) -> int:
        return sum([share.cents for share in self.shares]) if self.shares else 0

    @property
    def amount_cents(self) -> int:
        """What the family owes."""
        return self.quantity * self.unit_cents - self.share_cents

    @property
    def penalty_cents(self) -> int:
        """Of the amount, what is a surcharge or a penalty."""
        if not self.penalty_unit_cents:
            return 0
        return min(self.quantity * self.penalty_unit_cents, max(self.amount_cents, 0))

    def units_between(self, first: date, last: date) -> int:
        """How many of its units fall in a period; all of them when no day makes it."""
        if self.fixed_quantity:
            return self.fixed_quantity
        return sum(first <= day <= last for days in self.stretches for day in days.days) + sum(
            first <= day.day <= last for day in self.days if not day.is_free
        )

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
    # Where each activity has an invoice of its own.
    activity_id: int | None = None
    total_cents: int = field(init=False)

    def __post_init__(self) -> None:
        self.count()

    def count(self) -> None:
        """Add its lines up again."""
        self.total_cents = sum([line.amount_cents for line in self.lines])


def by_activity(draft: Draft) -> list[Draft]:
    """One draft for each activity, where the cash office invoices each apart.

    What takes more off than its own activity brought (a discount over the month) goes with the
    largest, and with the next while that one would fall below zero.
    """
    parts: dict[int | None, list[DraftLine]] = {}
    for line in draft.lines:
        parts.setdefault(line.activity_id, []).append(line)
    made = [
        Draft(draft.family_id, draft.debtor, lines, activity_id)
        for activity_id, lines in sorted(parts.items(), key=lambda part: part[0] or 0)
    ]
    owing = [one for one in made if one.total_cents >= 0]
    if len(owing) == len(made):
        return made
    largest = max(owing, key=lambda one: one.total_cents)
    for one in made:
        if one.total_cents < 0:
            largest.lines += one.lines
    largest.count()
    while largest.total_cents < 0 and len(owing) > 1:
        owing.remove(largest)
        following = max(owing, key=lambda one: one.total_cents)
        following.lines += largest.lines
        following.count()
        largest = following
    largest.lines.sort(key=lambda line: line.activity_id is None)
    return owing


def fingerprint(drafts: Iterable[Draft]) -> str:
    """The same for the same charges, whatever their order; different if a cent or a day moves."""
    digest = hashlib.sha256()
    for draft in sorted(drafts, key=lambda draft: (draft.family_id, draft.activity_id or 0)):
        lines = sorted(
            f"{line.child_id} {line.activity_id} {line.unit_cents} {line.quantity} "
            f"{line.share_cents} {line.fee_key} {line.slots()}"
            for line in draft.lines
        )
        digest.update(f"{draft.family_id} {' '.join(lines)}\n".encode())
    return digest.hexdigest()
