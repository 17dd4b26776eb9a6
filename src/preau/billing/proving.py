"""Proving the books: what the ledger must be, whatever was written in it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from preau.billing.means import TILL
from preau.billing.models import (
    Allocation,
    FamilyAccount,
    Invoice,
    LedgerLine,
    PrepaidHold,
    ThirdPartyAccount,
    ThirdPartyInvoice,
    TillBalance,
)

Account = LedgerLine.Account


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the books do not hold together. Amounts in cents."""

    what: str
    account_id: int
    expected_cents: int
    found_cents: int


def verify() -> list[Fault]:
    """Prove the books: nothing is returned when all holds.

    Each movement sums to zero; each balance is the sum of its lines; no invoice is paid more than
    its total nor less than nothing; no movement pays more than it brought.
    """
    faults = [
        Fault("mouvement non nul", row["movement_id"], 0, row["total"])
        for row in LedgerLine.objects.values("movement_id")
        .annotate(total=Sum("amount_cents"))
        .exclude(total=0)
        .order_by()
    ]
    faults += [
        Fault("solde différent des écritures", pk, total, balance)
        for pk, balance, total in FamilyAccount.objects.annotate(
            total=Coalesce(Sum("lines__amount_cents"), 0)
        )
        .exclude(total=F("balance_cents"))
        .values_list("pk", "balance_cents", "total")
    ]
    faults += [
        Fault("facture payée au-delà de son total, ou en dessous de zéro", pk, total, paid)
        for pk, total, paid in Invoice.objects.filter(kind=Invoice.Kind.INVOICE)
        .annotate(paid=Coalesce(Sum("allocations__amount_cents"), 0))
        .values_list("pk", "total_cents", "paid")
        if not 0 <= paid <= total
    ]
    faults += [
        Fault("caisse différente des écritures", row["office"], row["total"], held)
        for row, held in _tills()
        if row["total"] != held
    ]
    faults += [
        Fault("solde d’un tiers différent des écritures", pk, total, balance)
        for pk, balance, total in ThirdPartyAccount.objects.annotate(
            total=Coalesce(Sum("lines__amount_cents"), 0)
        )
        .exclude(total=F("balance_cents"))
        .values_list("pk", "balance_cents", "total")
    ]
    faults += [
        Fault("facture d’un tiers payée au-delà", pk, total, paid)
        for pk, total, paid in ThirdPartyInvoice.objects.filter(corrects__isnull=True)
        .annotate(paid=Coalesce(Sum("payments__amount_cents"), 0))
        .values_list("pk", "total_cents", "paid")
        if not 0 <= paid <= total
    ]
    faults += _advances()
    brought = dict(
        LedgerLine.objects.filter(account=Account.FAMILY)
        .values_list("movement_id")
        .annotate(total=-Sum("amount_cents"))
    )
    for movement_id, used in Allocation.objects.values_list("movement_id").annotate(
        total=Sum("amount_cents")
    ):
        have = brought.get(movement_id, 0)
        if (used > have) if have > 0 else (used < have or used > 0):
            faults.append(Fault("paiement employé au-delà", movement_id, have, used))
    return faults


def _tills() -> Iterable[tuple[dict[str, Any], int]]:
    held = {
        (row.cash_office_id, row.account): row.balance_cents for row in TillBalance.objects.all()
    }
    lines = (
        LedgerLine.objects.filter(account__in=[str(means) for means in TILL])
        .values("account", office=F("movement__cash_office_id"))
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    for row in lines:
        yield row, held.pop((row["office"], row["account"]), 0)
    for (office_id, account), cents in held.items():
        yield {"office": office_id, "account": account, "total": 0}, cents


def _advances() -> list[Fault]:
    """What is set aside for days booked is what the advances' account holds, office by office."""
    held: Counter[int] = Counter(
        dict(
            PrepaidHold.objects.filter(ended_at__isnull=True)
            .values_list("account__cash_office_id")
            .annotate(total=Sum("cents"))
            .order_by()
        )
    )
    lines = dict(
        LedgerLine.objects.filter(account=Account.ADVANCE)
        .values_list("movement__cash_office_id")
        .annotate(total=-Sum("amount_cents"))
        .order_by()
    )
    return [
        Fault(
            "avances différentes des sommes mises de côté",
            office,
            held[office],
            lines.get(office, 0),
        )
        for office in sorted(set(lines) | set(held))
        if held[office] != lines.get(office, 0)
    ]
