"""Writing invoices: all of them in the caller's transaction, by COPY, numbered without gap."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from preau.billing import numbering
from preau.billing.drafts import Draft
from preau.billing.models import CashOffice, FamilyAccount, Invoice, LedgerLine, Movement
from preau.kernel.clock import paris_day
from preau.kernel.french import month as month_words

SOURCE = "invoice"


def issue_invoices(
    *,
    office: CashOffice,
    month: Date,
    drafts: Sequence[Draft],
    run_id: int | None,
    actor_label: str,
    now: datetime,
) -> list[int]:
    """Write the drafts as invoices, with their ledger movements; their ids, in the drafts' order.

    To be called in a transaction: all are written, or none. A day already billed, or a second
    invoice for a payer and month, raises IntegrityError. Statements do not grow with the drafts.
    """
    if not drafts:
        return []
    accounts = _lock_accounts(office, sorted({draft.family_id for draft in drafts}))
    issued_on = paris_day(now)
    due_on = issued_on + timedelta(days=office.payment_days)
    invoice_ids = _take_ids("billing_invoice", len(drafts))
    line_ids = iter(_take_ids("billing_invoiceline", sum(len(d.lines) for d in drafts)))
    owing = [draft for draft in drafts if draft.total_cents]
    movement_ids = dict(
        zip(
            (id(draft) for draft in owing),
            _take_ids("billing_movement", len(owing)),
            strict=True,
        )
    )
    ranks = numbering.take_numbers(
        cash_office_id=office.pk, year=issued_on.year, kind=numbering.INVOICE, count=len(drafts)
    )
    invoices, lines, days, movements, ledger = [], [], [], [], []
    label = f"Facture {_of_month(month)}"
    for invoice_id, rank, draft in zip(invoice_ids, ranks, drafts, strict=True):
        number = numbering.printed(
            office_code=office.code, year=issued_on.year, kind=numbering.INVOICE, rank=rank
        )
        total = draft.total_cents
        invoices.append(
            (
                invoice_id, Invoice.Kind.INVOICE.value, office.pk, draft.family_id, run_id, number,
                month, issued_on, due_on, total, json.dumps(draft.debtor), None, "",
            )
        )
        revenue: dict[str, int] = defaultdict(int)
        for line in draft.lines:
            line_id = next(line_ids)
            revenue[line.accounting_code] += line.amount_cents
            lines.append(
                (
                    line_id, invoice_id, line.child_id, line.activity_id, line.label[:160],
                    line.unit_name, line.quantity, line.unit_cents, line.amount_cents,
                    json.dumps(line.dates()), json.dumps(line.explanation),
                    line.rulebook_version_id, None,
                )
            )
            days += [
                (day.slot_id, day.child_id, draft.family_id, line_id, day.cents)
                for day in line.days
            ]
        if total:
            movement_id = movement_ids[id(draft)]
            movements.append(
                (
                    movement_id, office.pk, Movement.Kind.INVOICE.value, f"{label}, n° {number}",
                    now, SOURCE, invoice_id, actor_label, 0,
                )
            )
            family_account = accounts[draft.family_id]
            ledger.append((movement_id, LedgerLine.Account.FAMILY.value, family_account, "", total))
            ledger += [
                (movement_id, LedgerLine.Account.REVENUE.value, None, code, -cents)
                for code, cents in sorted(revenue.items())
                if cents
            ]
    _copy(
        "billing_invoice",
        "id kind cash_office_id family_id run_id number month issued_on due_on total_cents debtor "
        "corrects_id reason",
        invoices,
    )
    _copy(
        "billing_invoiceline",
        "id invoice_id child_id activity_id label unit_name quantity unit_cents amount_cents dates "
        "explanation rulebook_version_id corrects_line_id",
        lines,
    )
    _copy("billing_billedday", "slot_id child_id family_id line_id amount_cents", days)
    _copy(
        "billing_movement",
        "id cash_office_id kind label at source_type source_id actor_label transaction_id",
        movements,
    )
    _copy(
        "billing_ledgerline",
        "movement_id account family_account_id accounting_code amount_cents",
        ledger,
    )
    _add_to_balances([(accounts[draft.family_id], draft.total_cents) for draft in owing])
    return list(invoice_ids)


def _of_month(month: Date) -> str:
    words = month_words(month)
    return f"d’{words}" if words[0] in "ao" else f"de {words}"


def _lock_accounts(office: CashOffice, family_ids: Sequence[int]) -> dict[int, int]:
    FamilyAccount.objects.bulk_create(
        [FamilyAccount(family_id=pk, cash_office=office) for pk in family_ids],
        ignore_conflicts=True,
        batch_size=10_000,
    )
    rows = (
        FamilyAccount.objects.select_for_update(of=("self",), no_key=True)
        .filter(cash_office=office, family_id__in=family_ids)
        .order_by("pk")
        .values_list("family_id", "pk")
    )
    return dict(rows)


def _take_ids(table: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def _copy(table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns.split())
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,  # type: ignore[attr-defined]
    ):
        for row in rows:
            copy.write_row(row)


def _add_to_balances(amounts: Sequence[tuple[int, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_familyaccount SET balance_cents = balance_cents + added.cents
            FROM unnest(%s::bigint[], %s::bigint[]) AS added (id, cents)
            WHERE billing_familyaccount.id = added.id
            """,
            [[pk for pk, _cents in amounts], [cents for _pk, cents in amounts]],
        )
