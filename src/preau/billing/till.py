"""Reading what a cash office's till holds and received; cents."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from preau.billing.ledger import TILL_ACCOUNTS
from preau.billing.models import (
    CashOffice,
    CounterPart,
    CounterPayment,
    LedgerLine,
    Movement,
    TillBalance,
)

DEPOSIT, DEPOSIT_VOID = "deposit", "deposit_void"
"""Sources of the movements DEPOSIT: what goes to the accountant, and what undoes it."""


def undone_deposits() -> QuerySet[Any]:
    """The ids (`source_id`) of the deposits that were undone."""
    return Movement.objects.filter(kind=Movement.Kind.DEPOSIT, source_type=DEPOSIT_VOID).values(
        "source_id"
    )


def office_by_id(cash_office_id: int) -> CashOffice:
    """The cash office."""
    return CashOffice.objects.get(pk=cash_office_id)


def office_of_payment(payment_id: int) -> int:
    """Which cash office received a payment."""
    found: int = CounterPayment.objects.values_list("cash_office_id", flat=True).get(pk=payment_id)
    return found


def held_now() -> dict[tuple[int, str], int]:
    """(office, means) → what the till holds, not deposited."""
    return {
        (row.cash_office_id, row.account): row.balance_cents for row in TillBalance.objects.all()
    }


def held_at(cash_office_id: int, at: datetime) -> dict[str, int]:
    """Means → what the till held at an instant, past or present, its float apart."""
    held = {str(account): 0 for account in sorted(TILL_ACCOUNTS)}
    for row in TillBalance.objects.filter(cash_office_id=cash_office_id):
        held[row.account] = row.balance_cents
    later = (
        LedgerLine.objects.filter(
            account__in=TILL_ACCOUNTS,
            movement__cash_office_id=cash_office_id,
            movement__at__gt=at,
        )
        .values_list("account")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    for account, cents in later:
        held[account] -= cents
    return held


def pieces_at(cash_office_id: int, at: datetime) -> QuerySet[CounterPart]:
    """Cheques and vouchers received and not voided by then, deposited or not."""
    return (
        CounterPart.objects.filter(
            payment__cash_office_id=cash_office_id, payment__received_at__lte=at
        )
        .filter(
            Q(payment__voided_by__isnull=True) | Q(payment__voided_by__received_at__gt=at),
        )
        .exclude(means__in=["CASH", "CARD", "TRANSFER"])
        .select_related("payment", "payment__family")
        .order_by("pk")
    )


def received_between(
    cash_office_id: int, since: datetime, until: datetime
) -> list[tuple[str, int, int]]:
    """(means, how many, cents) taken between two instants, voids taken off what they undo."""
    parts = CounterPart.objects.filter(payment__cash_office_id=cash_office_id)
    taken = parts.filter(payment__received_at__gte=since, payment__received_at__lt=until)
    voided = parts.filter(
        payment__voided_by__received_at__gte=since, payment__voided_by__received_at__lt=until
    )
    totals: dict[str, list[int]] = {}
    for found, sign in ((taken, 1), (voided, -1)):
        rows = found.values("means").annotate(n=Count("pk"), cents=Sum("amount_cents")).order_by()
        for row in rows:
            total = totals.setdefault(row["means"], [0, 0])
            total[0] += sign * row["n"]
            total[1] += sign * row["cents"]
    return [(means, n, cents) for means, (n, cents) in sorted(totals.items())]


def oldest_held_at(cash_office_id: int, after: datetime | None) -> datetime | None:
    """When the first payment that stays in the till came, after the last deposit."""
    found = CounterPart.objects.filter(
        payment__cash_office_id=cash_office_id,
        payment__voided_by__isnull=True,
        means__in=TILL_ACCOUNTS,
    )
    if after:
        found = found.filter(payment__received_at__gt=after)
    return (
        found.order_by("payment__received_at")
        .values_list("payment__received_at", flat=True)
        .first()
    )
