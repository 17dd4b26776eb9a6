"""What a file owes, or has in advance, carried to another file that it joins; and back. Cents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from preau.billing import ledger
from preau.billing.bringing import (
    CARRY_SOURCE,
    INVOICE_SOURCE,
    Brought,
    next_source,
    write_brought,
)
from preau.billing.credits import create_note
from preau.billing.models import (
    CashOffice,
    CreditReturn,
    FamilyAccount,
    Invoice,
    InvoiceLine,
    LedgerLine,
    Movement,
)
from preau.billing.rules import take_from
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


@dataclass(frozen=True, slots=True)
class Carried:
    """What was carried at one cash office: two movements, and the invoice that tells the debt."""

    cash_office_id: int
    debt_cents: int
    credit_cents: int
    movement_ids: tuple[int, ...]
    invoice_id: int | None


@transaction.atomic
def carry_account(
    *, from_family_id: int, to_family_id: int, now: datetime, actor: Actor
) -> list[Carried]:
    """Carry all that a file owes and has in advance to another file, cash office by cash office.

    Each unpaid invoice of the first is settled by the movement that carries it, and told line by
    line on an invoice of the second. The sum of the two balances does not change.
    """
    done = []
    ids = FamilyAccount.objects.filter(family_id=from_family_id).values_list(
        "cash_office_id", flat=True
    )
    for office in CashOffice.objects.filter(pk__in=list(ids)).order_by("pk"):
        locked = {
            family_id: ledger.lock_account(family_id=family_id, cash_office_id=office.pk)
            for family_id in sorted((from_family_id, to_family_id))
        }
        old, new = locked[from_family_id], locked[to_family_id]
        dues = ledger.list_dues(old)
        owed = sum(due.left_cents for due in dues)
        credit = owed - old.balance_cents
        if not owed and credit <= 0:
            continue
        numbers = dict(
            Invoice.objects.filter(pk__in=[due.invoice_id for due in dues]).values_list(
                "pk", "number"
            )
        )
        movements: list[int] = []
        invoice_id = None
        if owed:
            left = ledger.post(
                account=old,
                kind=Movement.Kind.CARRY,
                label="Reporté sur le dossier qui réunit les deux",
                at=now,
                source=(CARRY_SOURCE, next_source()),
                actor_label=actor.label,
                family_cents=-owed,
                legs=[ledger.Leg(LedgerLine.Account.CARRY, owed)],
                allocations={due.invoice_id: due.left_cents for due in dues},
            )
            movements.append(left.pk)
            invoice_id, movement_id = write_brought(
                office,
                [
                    Brought(
                        to_family_id,
                        owed,
                        tuple(
                            (
                                f"Report de la facture {numbers[due.invoice_id]}",
                                due.left_cents,
                                "Reste dû sur l’autre dossier de votre famille, réuni à celui-ci.",
                            )
                            for due in dues
                        ),
                        "Report d’un dossier réuni",
                    )
                ],
                accounts={to_family_id: new.pk},
                kind=Movement.Kind.CARRY,
                contra=LedgerLine.Account.CARRY,
                month=paris_day(now).replace(day=1),
                now=now,
                actor_label=actor.label,
            )[0]
            movements.append(movement_id)
        if credit > 0:
            movements += _move_credit(old, new, credit, now=now, actor=actor)
        done.append(Carried(office.pk, owed, max(credit, 0), tuple(movements), invoice_id))
    return done


def money_moved_since(*, family_ids: Sequence[int], movement_ids: Sequence[int]) -> bool:
    """Whether anything was written on these families' accounts after these movements."""
    last = max(movement_ids, default=0)
    return bool(last) and (
        LedgerLine.objects.filter(
            family_account__family_id__in=list(family_ids), movement_id__gt=last
        ).exists()
        or Invoice.objects.filter(
            allocations__movement_id__gt=last, family_id__in=list(family_ids)
        ).exists()
    )


@transaction.atomic
def carry_back(
    *,
    from_family_id: int,
    to_family_id: int,
    carried: Sequence[Carried],
    now: datetime,
    actor: Actor,
) -> None:
    """Undo `carry_account` (same two families) by opposite movements: all stay in the books.

    The invoice of the report is corrected by a credit note, the invoices that it settled are owed
    again. The caller has checked that no money moved since (`money_moved_since`).
    """
    for one in carried:
        locked = {
            family_id: ledger.lock_account(family_id=family_id, cash_office_id=one.cash_office_id)
            for family_id in sorted((from_family_id, to_family_id))
        }
        old, new = locked[from_family_id], locked[to_family_id]
        if one.invoice_id is not None:
            _cancel_report(new, one.invoice_id, now=now, actor=actor)
            settled = Movement.objects.get(pk=one.movement_ids[0])
            ledger.reverse(
                account=old,
                movement=settled,
                label="Réunion de dossiers annulée",
                at=now,
                actor_label=actor.label,
            )
        if one.credit_cents:
            _move_credit(new, old, one.credit_cents, now=now, actor=actor)


def _cancel_report(account: FamilyAccount, invoice_id: int, *, now: datetime, actor: Actor) -> None:
    """The report is owed no more: a credit note says so, without touching revenue."""
    invoice = Invoice.objects.select_related("cash_office").get(pk=invoice_id)
    note = create_note(
        invoice, total=invoice.total_cents, reason="Réunion de dossiers annulée", now=now
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=note,
            label=line.label,
            quantity=1,
            unit_cents=-line.amount_cents,
            amount_cents=-line.amount_cents,
            explanation=[note.reason],
            corrects_line_id=line.pk,
        )
        for line in invoice.lines.all()
    )
    ledger.post(
        account=account,
        kind=Movement.Kind.CREDIT_NOTE,
        label=f"Avoir {note.number} : {note.reason}",
        at=now,
        source=(INVOICE_SOURCE, note.pk),
        actor_label=actor.label,
        family_cents=-invoice.total_cents,
        legs=[ledger.Leg(LedgerLine.Account.CARRY, invoice.total_cents)],
        allocations={invoice.pk: invoice.total_cents},
    )


def _move_credit(
    old: FamilyAccount, new: FamilyAccount, cents: int, *, now: datetime, actor: Actor
) -> list[int]:
    """Two movements: the advance leaves one account (each payment says so) and joins the other."""
    credits = ledger.list_credits(old)
    given, taken = [
        ledger.post(
            account=account,
            kind=Movement.Kind.CARRY,
            label="Avance reportée d’un dossier à l’autre",
            at=now,
            source=(CARRY_SOURCE, next_source()),
            actor_label=actor.label,
            family_cents=amount,
            legs=[ledger.Leg(LedgerLine.Account.CARRY, -amount)],
        )
        for account, amount in ((old, cents), (new, -cents))
    ]
    CreditReturn.objects.bulk_create(
        CreditReturn(credit_id=movement_id, movement=given, amount_cents=part)
        for movement_id, part in take_from(credits, cents)
    )
    return [given.pk, taken.pk]


def billed_slots(family_id: int) -> set[tuple[int, int]]:
    """(slot, child) of the days that a family's invoices bill."""
    return {
        (slot_id, child_id)
        for child_id, slot_ids in InvoiceLine.objects.filter(
            invoice__family_id=family_id, child_id__isnull=False
        ).values_list("child_id", "slot_ids")
        for slot_id in slot_ids
    }
