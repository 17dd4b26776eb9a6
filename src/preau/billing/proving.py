"""Proving the books: what the ledger must be, whatever was written in it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Subquery, Sum
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
    faults += _third_parties()
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


def _third_parties() -> Iterable[Fault]:
    """No invoice of a third party receives more than its total, nor lends more than what it was
    paid too much; what is left of them all is what each account owes."""
    owed: Counter[int] = Counter()
    for invoice in ThirdPartyInvoice.objects.filter(corrects__isnull=True).annotate(
        **{
            name: Coalesce(_sum(relation, field), 0)
            for name, relation, field in (
                ("paid", "payments", "amount_cents"),
                ("received", "credits_received", "amount_cents"),
                ("lent", "credit_uses", "amount_cents"),
                ("back", "credit_notes", "total_cents"),
            )
        }
    ):
        paid = invoice.paid + invoice.received  # type: ignore[attr-defined]
        due = invoice.total_cents + invoice.back  # type: ignore[attr-defined]
        lent = invoice.lent  # type: ignore[attr-defined]
        if not 0 <= paid <= invoice.total_cents or due < 0:
            yield Fault("facture d’un tiers payée au-delà", invoice.pk, invoice.total_cents, paid)
        if lent > max(paid - due, 0):
            yield Fault("crédit d’un tiers employé au-delà", invoice.pk, max(paid - due, 0), lent)
        owed[invoice.account_id] += due - paid + lent
    for pk, balance in ThirdPartyAccount.objects.values_list("pk", "balance_cents"):
        if owed[pk] != balance:
            yield Fault("factures d’un tiers différentes de son solde", pk, owed[pk], balance)


def _sum(relation: str, field: str) -> Subquery:
    """A relation's total, for each invoice of a third party."""
    found = ThirdPartyInvoice._meta.get_field(relation)
    name = found.field.name  # type: ignore[union-attr]
    rows = found.related_model._base_manager.filter(**{name: OuterRef("pk")})  # type: ignore[union-attr]
    return Subquery(rows.order_by().values(name).annotate(total=Sum(field)).values("total"))


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
