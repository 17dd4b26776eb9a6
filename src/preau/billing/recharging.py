"""An invoice priced again: the same days, with what is known of them today.

The rules are those of each day's own time. Rules over several uses see the same uses again.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Sum

from preau.billing.charges import FamilyCharges, read_again
from preau.billing.drafts import DraftLine
from preau.billing.models import Invoice, InvoiceLine
from preau.billing.natures import Natures
from preau.billing.people import read_people
from preau.billing.pricing import Biller

Key = tuple[int | None, int | None]
"""A child and an activity."""


@dataclass(frozen=True, slots=True)
class DayPrice:
    """One day of one child and activity: its price in cents, and its note on the invoice."""

    day: date
    cents: int
    note: str = ""


@dataclass(slots=True)
class Priced:
    """What a child's activity costs on an invoice: in all, and day by day. Before any share."""

    cents: int = 0
    days: dict[date, DayPrice] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)


def issued(lines: Iterable[InvoiceLine]) -> dict[Key, Priced]:
    """What an invoice asked, by child and activity; charges that no day makes left out."""
    found: dict[Key, Priced] = defaultdict(Priced)
    for line in lines:
        if line.fee_key:
            continue
        priced = found[line.child_id, line.activity_id]
        priced.cents += line.quantity * line.unit_cents
        for told in line.dates:
            _add(
                priced,
                date.fromisoformat(told["day"]),
                0 if told.get("state") == "free" else line.unit_cents,
                told.get("note", ""),
            )
    return found


def recharge(
    invoice: Invoice, lines: Iterable[InvoiceLine], *, known_at: datetime | None
) -> dict[Key, Priced]:
    """What the invoice's days cost with today's bookings and attendance, and the quotients that
    were recorded at `known_at` (None: all of them)."""
    slots = {slot_id for line in lines for slot_id in line.slot_ids}
    children = {line.child_id for line in lines if line.child_id}
    found = read_again(
        cash_office_id=invoice.cash_office_id,
        slot_ids=slots,
        child_ids=children,
        month=invoice.month,
    )
    charges = _of_family(found, invoice.family_id)
    people = read_people(
        {invoice.family_id},
        children,
        first=invoice.month - timedelta(days=200),
        last=invoice.month + timedelta(days=40),
        known_at=known_at,
    )
    biller = Biller(people, month=invoice.month, natures=Natures())
    biller.bill_family(invoice.family_id, charges.days, charges.stretches)
    priced: dict[Key, Priced] = defaultdict(Priced)
    for draft in biller.result.drafts:
        for line in draft.lines:
            if not line.fee_key:
                _add_line(priced[line.child_id, line.activity_id], line)
    return priced


def net_of_credits(lines: Iterable[InvoiceLine]) -> dict[int, int]:
    """What is left of each line once credit notes are taken off, in cents."""
    lines = list(lines)
    back = dict(
        InvoiceLine.objects.filter(corrects_line_id__in=[line.pk for line in lines])
        .values_list("corrects_line_id")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    return {line.pk: line.amount_cents + back.get(line.pk, 0) for line in lines}


def _of_family(found: dict[int, FamilyCharges], family_id: int) -> FamilyCharges:
    """Days of a child with two homes were booked by either: the invoice's payer keeps them."""
    mine = FamilyCharges()
    for charges in found.values():
        for stretch in charges.stretches:
            stretch.family_id = family_id
            mine.stretches.append(stretch)
        mine.days += [day.of_family(family_id) for day in charges.days]
    return mine


def _add_line(priced: Priced, line: DraftLine) -> None:
    priced.cents += line.gross_cents
    priced.why += [sentence for sentence in line.explanation if sentence not in priced.why]
    for days in line.stretches:
        for day in days.days:
            _add(priced, day, line.unit_cents, "")
    for one in line.days:
        _add(priced, one.day, 0 if one.is_free else one.cents, one.note)


def _add(priced: Priced, day: date, cents: int, note: str) -> None:
    before = priced.days.get(day)
    priced.days[day] = DayPrice(
        day, cents + (before.cents if before else 0), note or (before.note if before else "")
    )


__all__ = ["DayPrice", "Key", "Priced", "issued", "net_of_credits", "recharge"]
