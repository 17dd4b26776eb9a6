"""Reading payments on line, within one family's scope or for the cashier."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from preau.kernel.kept import Kept
from preau.payments.models import Attempt, GatewayAccount, ProviderEvent

DOUBTFUL_AFTER = timedelta(hours=2)


def pending_of(family_id: int) -> QuerySet[Attempt]:
    """The family's payments «en cours», latest first."""
    return (
        Attempt.objects.filter(family_id=family_id, status=Attempt.Status.PENDING)
        .select_related("cash_office")
        .order_by("-created_at")
    )


read_pending = Kept(pending_of)
"""As `pending_of`, at the price of its plain SQL."""


def attempts_of(family_id: int) -> QuerySet[Attempt]:
    """All that the family tried to pay on line, latest first; what was never sent left out."""
    return (
        Attempt.objects.filter(family_id=family_id)
        .exclude(status=Attempt.Status.CREATED)
        .select_related("cash_office")
        .order_by("-created_at")
    )


def get_attempt(reference: str, *, family_id: int) -> Attempt | None:
    """One payment of the family, with its cash office and what it pays."""
    return (
        Attempt.objects.filter(reference=reference, family_id=family_id)
        .select_related("cash_office")
        .prefetch_related("items__invoice")
        .first()
    )


def is_open(cash_office_ids: Iterable[int]) -> set[int]:
    """Of these cash offices, those where one can pay on line."""
    return {office for (office,) in _read_open_offices(list(cash_office_ids))}


def _open_offices(ids: Any) -> Any:
    return GatewayAccount.objects.filter(
        cash_office_id__any_of=ids, is_active=True, cash_office__is_active=True
    ).values_list("cash_office_id")


_read_open_offices = Kept(_open_offices)


def gateway_accounts() -> dict[int, GatewayAccount]:
    """The contract of each cash office that has one."""
    return {row.cash_office_id: row for row in GatewayAccount.objects.all()}


def events() -> QuerySet[ProviderEvent]:
    """What the banks sent, latest first."""
    return ProviderEvent.objects.select_related("attempt", "cash_office").order_by(
        "-received_at", "-pk"
    )


def divergences(now: datetime) -> QuerySet[Attempt]:
    """Payments for the cashier to look into: the bank said nothing in two hours, or what it
    answered contradicts what we asked (another amount, another reference)."""
    contradicted = ProviderEvent.objects.filter(
        attempt=OuterRef("pk"), source=ProviderEvent.Source.POLL, is_verified=False
    )
    undecided = ~Q(status__in=[Attempt.Status.SETTLED, Attempt.Status.REFUNDED])
    return (
        Attempt.objects.filter(
            Q(status=Attempt.Status.PENDING, created_at__lt=now - DOUBTFUL_AFTER)
            | (undecided & ~Q(provider_id="") & Exists(contradicted))
        )
        .select_related("cash_office", "family")
        .order_by("created_at")
    )


def rejected_events() -> QuerySet[ProviderEvent]:
    """Messages that changed nothing because something in them was wrong, latest first."""
    return events().filter(
        Q(is_verified=False) & ~Q(problems=[]) & ~Q(source=ProviderEvent.Source.RETURN)
    )
