"""What a family owes, or has in advance, that comes from elsewhere: another software, another file.

Nothing is rewritten. What is owed is written as an invoice of its own («REP-»), so that it is
shown, paid and reminded of as any other; an advance is a movement that brings credit. Neither
touches revenue: it was counted where it arose. Amounts in cents.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from preau.billing import ledger, numbering
from preau.billing.credits import create_note
from preau.billing.errors import BillingRefusal
from preau.billing.invoicing import _add_to_balances, _lock_accounts
from preau.billing.models import (
    CashOffice,
    CreditReturn,
    FamilyAccount,
    Invoice,
    InvoiceLine,
    LedgerLine,
    Movement,
)
from preau.billing.people import read_people
from preau.billing.rules import take_from
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.copying import copy_rows, take_ids

OPENING_SOURCE, INVOICE_SOURCE, CARRY_SOURCE = "opening", "invoice", "carry"


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """What a family brings: owed when `cents` > 0, paid in advance when < 0; never 0."""

    family_id: int
    cents: int


@dataclass(frozen=True, slots=True)
class _Brought:
    """One debt or advance to write: `parts` are the lines of the debt (label, cents, sentence)."""

    family_id: int
    cents: int
    parts: tuple[tuple[str, int, str], ...]
    label: str
    source: tuple[str, int] | None = None


@transaction.atomic
def post_opening_balances(
    *,
    cash_office_id: int,
    balances: Sequence[OpeningBalance],
    as_of: date,
    now: datetime,
    actor: Actor,
) -> None:
    """Bring in the balances that another software held on `as_of`, all or none.

    One movement «reprise de solde» each. Raises BillingRefusal when a family already brought one
    to this cash office.
    """
    wanted = [one for one in balances if one.cents]
    if not wanted:
        return
    office = CashOffice.objects.get(pk=cash_office_id)
    words = f"Solde repris au {as_of:%d/%m/%Y}"
    sentence = "Ce que vous deviez dans le logiciel précédent de la mairie."
    accounts = _lock_accounts(office, sorted({one.family_id for one in wanted}))
    if Movement.objects.filter(
        kind=Movement.Kind.OPENING, lines__family_account_id__in=list(accounts.values())
    ).exists():
        raise BillingRefusal("Le solde d’un de ces dossiers est déjà repris dans cette régie.")
    _write(
        office,
        [
            _Brought(
                one.family_id,
                one.cents,
                ((words, one.cents, sentence),),
                words,
                (OPENING_SOURCE, accounts[one.family_id]),
            )
            for one in wanted
        ],
        accounts=accounts,
        kind=Movement.Kind.OPENING,
        contra=LedgerLine.Account.OPENING,
        month=as_of.replace(day=1),
        now=now,
        actor_label=actor.label,
    )


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
                source=(CARRY_SOURCE, _next_source()),
                actor_label=actor.label,
                family_cents=-owed,
                legs=[ledger.Leg(LedgerLine.Account.CARRY, owed)],
                allocations={due.invoice_id: due.left_cents for due in dues},
            )
            movements.append(left.pk)
            invoice_id, movement_id = _write(
                office,
                [
                    _Brought(
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
        label=f"Avoir {note.number} : {note.reason}",
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
            source=(CARRY_SOURCE, _next_source()),
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


def _write(
    office: CashOffice,
    brought: Sequence[_Brought],
    *,
    accounts: dict[int, int],
    kind: str,
    contra: str,
    month: date,
    now: datetime,
    actor_label: str,
) -> list[tuple[int | None, int]]:
    """Write debts (with their invoices) and advances; (invoice id, movement id) of each."""
    issued_on = paris_day(now)
    due_on = issued_on + timedelta(days=office.payment_days)
    debts = [one for one in brought if one.cents > 0]
    people = read_people([d.family_id for d in debts], [], first=issued_on, last=issued_on)
    invoice_ids = iter(take_ids("billing_invoice", len(debts)))
    movement_ids = take_ids("billing_movement", len(brought))
    ranks = iter(
        numbering.take_numbers(
            cash_office_id=office.pk,
            year=issued_on.year,
            kind=numbering.CARRIED,
            count=len(debts),
        )
        if debts
        else ()
    )
    invoices: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    movements: list[tuple[Any, ...]] = []
    legs: list[tuple[Any, ...]] = []
    done: list[tuple[int | None, int]] = []
    for movement_id, one in zip(movement_ids, brought, strict=True):
        invoice_id = None
        source = one.source or (CARRY_SOURCE, movement_id)
        if one.cents > 0:
            invoice_id = next(invoice_ids)
            number = numbering.printed(
                office_code=office.code,
                year=issued_on.year,
                kind=numbering.CARRIED,
                rank=next(ranks),
            )
            invoices.append(
                (
                    invoice_id,
                    Invoice.Kind.INVOICE.value,
                    office.pk,
                    one.family_id,
                    None,
                    number,
                    month,
                    issued_on,
                    due_on,
                    one.cents,
                    json.dumps(people.debtors.get(one.family_id, {})),
                    None,
                    "",
                )
            )
            lines += [
                (
                    invoice_id,
                    None,
                    None,
                    label[:160],
                    "",
                    1,
                    cents,
                    cents,
                    "[]",
                    json.dumps([sentence]),
                    None,
                    [],
                    None,
                )
                for label, cents, sentence in one.parts
            ]
            if one.source is None:
                source = (INVOICE_SOURCE, invoice_id)
        movements.append((movement_id, office.pk, kind, one.label, now, *source, actor_label, 0))
        legs += [
            (movement_id, LedgerLine.Account.FAMILY.value, accounts[one.family_id], "", one.cents),
            (movement_id, contra, None, "", -one.cents),
        ]
        done.append((invoice_id, movement_id))
    copy_rows(
        "billing_invoice",
        "id kind cash_office_id family_id run_id number month issued_on due_on total_cents debtor "
        "corrects_id reason",
        invoices,
    )
    copy_rows(
        "billing_invoiceline",
        "invoice_id child_id activity_id label unit_name quantity unit_cents amount_cents dates "
        "explanation rulebook_version_id slot_ids corrects_line_id",
        lines,
    )
    copy_rows(
        "billing_movement",
        "id cash_office_id kind label at source_type source_id actor_label transaction_id",
        movements,
    )
    copy_rows(
        "billing_ledgerline",
        "movement_id account family_account_id accounting_code amount_cents",
        legs,
    )
    _add_to_balances([(accounts[one.family_id], one.cents) for one in brought])
    return done


def _next_source() -> int:
    """A number of its own for a movement that no row stands for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('billing_movement', 'id'))")
        found: int = cursor.fetchone()[0]
    return found


@transaction.atomic
def opening_totals(*, family_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(owed, in advance), in cents, that was brought in for these families, by cash office."""
    rows = LedgerLine.objects.filter(
        movement__kind=Movement.Kind.OPENING, family_account__family_id__in=list(family_ids)
    ).values_list("family_account__cash_office_id", "amount_cents")
    totals: dict[int, tuple[int, int]] = {}
    for office_id, cents in rows.iterator():
        owed, advance = totals.get(office_id, (0, 0))
        totals[office_id] = (owed + max(cents, 0), advance + max(-cents, 0))
    return totals


def billed_slots(family_id: int) -> set[tuple[int, int]]:
    """(slot, child) of the days that a family's invoices bill."""
    return {
        (slot_id, child_id)
        for child_id, slot_ids in InvoiceLine.objects.filter(
            invoice__family_id=family_id, child_id__isnull=False
        ).values_list("child_id", "slot_ids")
        for slot_id in slot_ids
    }
