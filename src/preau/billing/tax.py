"""What a family paid in a period, told per child and activity: sums paid, not sums invoiced."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum

from preau.billing.models import ActivityAccounting, Allocation, InvoiceLine, Movement
from preau.kernel.clock import at_paris


def spread_paid(
    *, family_id: int, first: date, last: date, activity_ids: Iterable[int] | None = None
) -> list[dict[str, Any]]:
    """Rows of {child_id, activity_id, is_meal, counts_for_tax, cents, penalty_cents} for what was
    paid; `penalty_cents` is what of `cents` paid surcharges and penalties.

    A payment is spread over the lines of its invoices in proportion to their amounts (largest
    remainders), credit notes taken off first. Money only: an allocation of a credit note is none.
    """
    paid = dict(
        Allocation.objects.filter(
            invoice__family_id=family_id,
            movement__at__gte=at_paris(first),
            movement__at__lt=at_paris(last + timedelta(days=1)),
        )
        .exclude(movement__kind__in=[Movement.Kind.CREDIT_NOTE, Movement.Kind.TITRE])
        .values_list("invoice_id")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    lines = defaultdict(list)
    for line in InvoiceLine.objects.filter(invoice_id__in=paid).order_by("pk"):
        lines[line.invoice_id].append(line)
    back = dict(
        InvoiceLine.objects.filter(corrects_line__invoice_id__in=paid)
        .values_list("corrects_line_id")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    accounting = {row.activity_id: row for row in ActivityAccounting.objects.all()}
    sums: dict[tuple[int | None, int | None], int] = defaultdict(int)
    penalties: dict[tuple[int | None, int | None], int] = defaultdict(int)
    for invoice_id, cents in paid.items():
        weights = [max(line.amount_cents + back.get(line.pk, 0), 0) for line in lines[invoice_id]]
        for line, part in zip(lines[invoice_id], proportion(cents, weights), strict=True):
            key = line.child_id, line.activity_id
            sums[key] += part
            if line.penalty_cents and line.amount_cents > 0:
                # Of what was paid on the line, the surcharge's part; the cent goes to it.
                penalties[key] += -(-part * line.penalty_cents // line.amount_cents)
    wanted = None if activity_ids is None else set(activity_ids)
    rows = []
    for (child_id, activity_id), cents in sorted(sums.items(), key=lambda item: str(item[0])):
        if cents == 0 or (wanted is not None and activity_id not in wanted):
            continue
        row = accounting.get(activity_id or 0)
        rows.append(
            {
                "child_id": child_id,
                "activity_id": activity_id,
                "is_meal": bool(row and row.is_meal),
                "counts_for_tax": bool(row and row.counts_for_tax),
                "cents": cents,
                "penalty_cents": min(penalties[child_id, activity_id], cents),
            }
        )
    return rows


def proportion(cents: int, weights: list[int]) -> list[int]:
    """Spread an amount in proportion, to the cent: the parts add up to it (largest remainders)."""
    total = sum(weights)
    if total <= 0:
        return [0] * len(weights)
    parts = [cents * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(cents * weights[i] % total), i))
    for i in order[: cents - sum(parts)]:
        parts[i] += 1
    return parts
