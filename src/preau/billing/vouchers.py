"""Which services CESU and holiday vouchers may pay: never a meal."""

from collections import Counter
from collections.abc import Collection
from datetime import date

from django.db.models import Sum

from preau.billing.means import Means
from preau.billing.models import ActivityAccounting, CounterPart, InvoiceLine
from preau.billing.queries import with_left
from preau.catalogue.enums import ActivityKind

ANY_AGE = {
    Means.CESU: {ActivityKind.CRECHE, ActivityKind.MORNING_CARE, ActivityKind.EVENING_CARE},
    Means.ANCV: {ActivityKind.WEDNESDAY, ActivityKind.HOLIDAY_CENTRE, ActivityKind.SPORT},
}
UNDER_SIX = {
    Means.CESU: {ActivityKind.WEDNESDAY, ActivityKind.HOLIDAY_CENTRE},
    Means.ANCV: set(),
}
"""CESU pay a leisure centre for a child under six only (labour code, L1271-1 and D7231-1)."""
AGE = 6


def years_old(birth_on: date, day: date) -> int:
    """Full years on the day."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def payable_cents(
    cents: int, *, means: str, kind: str, birth_on: date | None, days: Collection[date]
) -> int:
    """What of a line these vouchers may pay: by its days before the sixth birthday, if need be."""
    if kind in ANY_AGE[Means(means)]:
        return cents
    if kind not in UNDER_SIX[Means(means)] or birth_on is None or not days:
        return 0
    young = sum(1 for day in days if years_old(birth_on, day) < AGE)
    return cents * young // len(days)


def voucher_room(means: str, *, family_id: int, invoice_ids: Collection[int]) -> dict[int, int]:
    """How many cents of each invoice these vouchers may still pay. Five queries."""
    meals = set(
        ActivityAccounting.objects.filter(is_meal=True).values_list("activity_id", flat=True)
    )
    left: dict[int, int] = dict(
        with_left()
        .filter(family_id=family_id, pk__in=invoice_ids, left_cents__gt=0)
        .values_list("pk", "left_cents")
    )
    given_back = dict(
        InvoiceLine.objects.filter(corrects_line__invoice_id__in=invoice_ids)
        .values_list("corrects_line_id")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    payable: Counter[int] = Counter()
    for line in InvoiceLine.objects.filter(
        invoice_id__in=left, activity_id__isnull=False, amount_cents__gt=0
    ).select_related("activity", "child", "invoice"):
        if line.activity_id in meals:
            continue
        assert line.activity is not None
        days = [
            date.fromisoformat(day["day"]) for day in line.dates if day.get("state") != "free"
        ] or [line.invoice.month]
        payable[line.invoice_id] += payable_cents(
            max(line.amount_cents + given_back.get(line.pk, 0), 0),
            means=means,
            kind=line.activity.kind,
            birth_on=line.child.birth_on if line.child else None,
            days=days,
        )
    for used in CounterPart.objects.filter(
        means__in=[Means.CESU, Means.ANCV],
        payment__family_id=family_id,
        payment__voided_by__isnull=True,
        on_invoices__has_any_keys=[str(pk) for pk in left],
    ).values_list("on_invoices", flat=True):
        for pk, cents in used.items():
            payable[int(pk)] -= cents
    return {pk: room for pk, cents in left.items() if (room := min(cents, max(payable[pk], 0))) > 0}


def place_vouchers(
    amount_cents: int, room: dict[int, int], allocations: dict[int, int]
) -> dict[int, int] | None:
    """Which of the paid invoices the vouchers pay; None when there is not room for all of them.

    `allocations` is what the whole payment pays; what the vouchers take is taken off it.
    """
    placed: dict[int, int] = {}
    for pk in sorted(allocations):
        part = min(amount_cents, room.get(pk, 0), allocations[pk])
        if part > 0:
            placed[pk] = part
            allocations[pk] -= part
            amount_cents -= part
    return None if amount_cents else placed
