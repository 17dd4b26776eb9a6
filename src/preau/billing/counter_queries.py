"""Reading what was taken at the counter."""

import uuid
from typing import Any

from django.db.models import Count, QuerySet, Sum

from preau.billing.models import (
    CounterPart,
    CounterPayment,
    Invoice,
)


def counter_payments(
    *, family_id: int | None = None, cash_office_id: int | None = None
) -> QuerySet[CounterPayment]:
    """What was taken at the counter, voids included, latest first."""
    found = CounterPayment.objects.select_related("cash_office", "voids", "family")
    if family_id is not None:
        found = found.filter(family_id=family_id)
    if cash_office_id is not None:
        found = found.filter(cash_office_id=cash_office_id)
    return found.order_by("-received_at", "-pk")


def get_counter_payment(receipt_number: str) -> CounterPayment | None:
    """The encashment that this receipt tells."""
    return (
        CounterPayment.objects.select_related("cash_office", "family", "voids")
        .filter(receipt_number=receipt_number)
        .first()
    )


def payment_sent(key: str, *, family_id: int) -> CounterPayment | None:
    """The family's encashment that this form already made."""
    try:
        wanted = uuid.UUID(key)
    except ValueError:
        return None
    return CounterPayment.objects.filter(key=wanted, family_id=family_id).first()


def void_of(payment_id: int) -> CounterPayment | None:
    """The line that voids an encashment."""
    return CounterPayment.objects.filter(voids_id=payment_id).first()


def settled_by(payment: CounterPayment) -> list[tuple[Invoice, int]]:
    """Which invoices an encashment paid at once, and how much of each."""
    found = Invoice.objects.in_bulk([int(pk) for pk in payment.settles])
    return [(found[int(pk)], cents) for pk, cents in payment.settles.items()]


def payments_by_means(means: str) -> QuerySet[Any]:
    """The encashments where something came by this means."""
    return CounterPart.objects.filter(means=means).values("payment_id")


def payments_by_reference(text: str) -> QuerySet[Any]:
    """The encashments with a cheque, a ticket or a transfer of this number."""
    return CounterPart.objects.filter(reference__icontains=text).values("payment_id")


def parts_of_mixed(mixed: QuerySet[CounterPayment]) -> list[tuple[str, int, int, int]]:
    """(means, +1 or −1 for a void, how many, cents) of payments by several means."""
    taken = CounterPart.objects.filter(payment__in=mixed.order_by().values("pk"))
    voided = CounterPart.objects.filter(payment__voided_by__in=mixed.order_by().values("pk"))
    return [
        (means, sign, n, cents)
        for found, sign in ((taken, 1), (voided, -1))
        for means, n, cents in found.values_list("means")
        .annotate(n=Count("pk"), cents=Sum("amount_cents"))
        .order_by()
    ]
