"""What becomes of an invoice when the ordonnateur issues a titre: the cash office is done with it.

The debt leaves the family's account for the public accountant's by one movement, so that nothing
is left to pay at the counter, on line or by debit. Called by `preau.recovery`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from preau.billing import ledger
from preau.billing.errors import InvoiceClosed
from preau.billing.models import Allocation, Movement

TITRE, TITRE_CANCELLED = "titre", "titre_cancelled"


@transaction.atomic
def hand_over(
    *,
    family_id: int,
    cash_office_id: int,
    titre_id: int,
    amounts: Mapping[int, int],
    label: str,
    actor_label: str,
    now: datetime,
) -> dict[int, int]:
    """Close what is left on these invoices; what was, in cents, by invoice.

    What was paid since the list was made is not handed over: the titre is to be reduced by it.
    """
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    left = {due.invoice_id: due.left_cents for due in ledger.list_dues(account)}
    parts = {pk: min(cents, left[pk]) for pk, cents in amounts.items() if left.get(pk)}
    total = sum(parts.values())
    if total:
        ledger.post(
            account=account,
            kind=Movement.Kind.TITRE,
            label=label,
            at=now,
            source=(TITRE, titre_id),
            actor_label=actor_label,
            family_cents=-total,
            legs=[ledger.Leg(ledger.Account.TREASURY, total)],
            allocations=parts,
        )
    return parts


@transaction.atomic
def take_back(
    *,
    family_id: int,
    cash_office_id: int,
    titre_id: int,
    amounts: Mapping[int, int],
    label: str,
    actor_label: str,
    now: datetime,
) -> None:
    """The titre is cancelled: its invoices are the cash office's again."""
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    parts = {pk: -cents for pk, cents in amounts.items() if cents}
    total = -sum(parts.values())
    if total:
        ledger.post(
            account=account,
            kind=Movement.Kind.TITRE,
            label=label,
            at=now,
            source=(TITRE_CANCELLED, titre_id),
            actor_label=actor_label,
            family_cents=total,
            legs=[ledger.Leg(ledger.Account.TREASURY, -total)],
            allocations=parts,
        )


def closed_among(invoice_ids: Iterable[int]) -> set[int]:
    """Of these invoices, those with the public accountant."""
    return set(
        Allocation.objects.filter(
            invoice_id__in=list(invoice_ids), movement__kind=Movement.Kind.TITRE
        )
        .values("invoice_id")
        .annotate(cents=Sum("amount_cents"))
        .filter(cents__gt=0)
        .values_list("invoice_id", flat=True)
    )


def check_open(invoice_ids: Iterable[int]) -> None:
    """Raises InvoiceClosed when one of them is with the public accountant."""
    if closed_among(invoice_ids):
        raise InvoiceClosed


def handed(titre_id: int) -> dict[int, int]:
    """What this titre closed, in cents by invoice."""
    return dict(
        Allocation.objects.filter(
            movement__kind=Movement.Kind.TITRE,
            movement__source_type=TITRE,
            movement__source_id=titre_id,
        ).values_list("invoice_id", "amount_cents")
    )
