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

from preau.billing import numbering
from preau.billing.errors import BillingRefusal
from preau.billing.invoicing import _add_to_balances, _lock_accounts
from preau.billing.models import (
    CashOffice,
    Invoice,
    LedgerLine,
    Movement,
)
from preau.billing.people import read_people
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
class Brought:
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
    write_brought(
        office,
        [
            Brought(
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


def write_brought(
    office: CashOffice,
    brought: Sequence[Brought],
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


def next_source() -> int:
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
