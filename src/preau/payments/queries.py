"""Reading payments on line, within one family's scope or for the cashier."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from preau.kernel.kept import Kept
from preau.payments.models import Attempt, AttemptItem, GatewayAccount, ProviderEvent

DOUBTFUL_AFTER = timedelta(hours=2)
GATEWAYS = GatewayAccount.Gateway.choices
STATUSES = [row for row in Attempt.Status.choices if row[0] != Attempt.Status.CREATED]


def pending_of(family_id: int) -> QuerySet[Attempt]:
    """The family's payments «en cours», latest first."""
    return (
        Attempt.objects.filter(family_id=family_id, status=Attempt.Status.PENDING)
        .select_related("cash_office")
        .order_by("-created_at")
    )


read_pending = Kept(pending_of)
"""As `pending_of`, at the price of its plain SQL."""


def attempts(
    *,
    text: str = "",
    status: str = "",
    gateway: str = "",
    cash_office_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Attempt]:
    """Every payment on line that left for a bank, for the agents' list; latest first."""
    found = Attempt.objects.exclude(status=Attempt.Status.CREATED).exclude(
        status=Attempt.Status.EXPIRED, sent_at=None
    )
    if words := text.strip():
        found = found.filter(
            Q(reference__icontains=words)
            | Q(document__iexact=words)
            | Q(provider_id__iexact=words)
            | Q(payer_label__icontains=words)
            | Q(family__name__icontains=words)
            | Q(family__code__iexact=words.replace(" ", ""))
        )
    if status:
        found = found.filter(status=status)
    if gateway:
        found = found.filter(gateway=gateway)
    if cash_office_id:
        found = found.filter(cash_office_id=cash_office_id)
    if since:
        found = found.filter(created_at__gte=since)
    if until:
        found = found.filter(created_at__lt=until)
    return found.select_related("cash_office", "family").order_by("-created_at", "-pk")


def attempt_file(reference: str) -> Attempt | None:
    """One payment with its invoices, its refunds and everything that the bank said of it."""
    return (
        Attempt.objects.filter(reference=reference)
        .select_related("cash_office", "family")
        .prefetch_related(
            "items__invoice",
            "refunds",
            Prefetch("events", ProviderEvent.objects.order_by("received_at", "pk")),
        )
        .first()
    )


def pending_invoices() -> set[int]:
    """Invoices that a payment «en cours» is to pay: nobody is reminded of them meanwhile."""
    return set(
        AttemptItem.objects.filter(attempt__status=Attempt.Status.PENDING).values_list(
            "invoice_id", flat=True
        )
    )


def pending_accounts() -> set[tuple[int, int]]:
    """(family, cash office) with a payment «en cours», whatever it is to pay."""
    return set(
        Attempt.objects.filter(status=Attempt.Status.PENDING, use="REGIE").values_list(
            "family_id", "cash_office_id"
        )
    )


def titre_attempts(titre_ids: Iterable[int]) -> dict[int, Attempt]:
    """Of these titres, those paid on line or being paid, with that payment."""
    found = Attempt.objects.filter(
        titre_id__in=list(titre_ids),
        status__in=[Attempt.Status.PENDING, Attempt.Status.SETTLED],
    )
    return {row.titre_id or 0: row for row in found.order_by("pk")}


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
        cash_office_id__any_of=ids, use="REGIE", is_active=True, cash_office__is_active=True
    ).values_list("cash_office_id")


_read_open_offices = Kept(_open_offices)


def gateway_accounts(use: str = GatewayAccount.Use.REGIE) -> dict[int, GatewayAccount]:
    """The contract of each cash office that has one: its own, or the one for titres."""
    return {row.cash_office_id: row for row in GatewayAccount.objects.filter(use=use)}


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
    ).exclude(problems=[])
    sorted_out = ProviderEvent.objects.filter(
        attempt=OuterRef("pk"), source=ProviderEvent.Source.AGENT
    )
    undecided = ~Q(status__in=[Attempt.Status.SETTLED, Attempt.Status.REFUNDED])
    return (
        Attempt.objects.filter(
            Q(status=Attempt.Status.PENDING, created_at__lt=now - DOUBTFUL_AFTER)
            | (undecided & ~Q(provider_id="") & Exists(contradicted))
        )
        .exclude(Exists(sorted_out))
        .select_related("cash_office", "family")
        .order_by("created_at")
    )


def rejected_events() -> QuerySet[ProviderEvent]:
    """Messages that changed nothing because something in them was wrong, latest first."""
    return events().filter(
        Q(is_verified=False) & ~Q(problems=[]) & ~Q(source=ProviderEvent.Source.RETURN)
    )
