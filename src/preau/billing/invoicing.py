"""Writing invoices: all of them in the caller's transaction, by COPY, numbered without gap."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime, timedelta

from django.db import connection

from preau.billing import numbering
from preau.billing.drafts import Draft
from preau.billing.models import CashOffice, Invoice, LedgerLine, Movement
from preau.kernel.clock import paris_day
from preau.kernel.copying import copy_rows as _copy
from preau.kernel.copying import take_ids
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
    invoice for a payer and month, raises psycopg.IntegrityError.
    Statements do not grow with the drafts.
    """
    if not drafts:
        return []
    accounts = _lock_accounts(office, sorted({draft.family_id for draft in drafts}))
    issued_on = paris_day(now)
    due_on = issued_on + timedelta(days=office.payment_days)
    invoice_ids = take_ids("billing_invoice", len(drafts))
    line_ids = iter(take_ids("billing_invoiceline", sum(len(d.lines) for d in drafts)))
    owing = [draft for draft in drafts if draft.total_cents]
    movement_ids = dict(
        zip(
            (id(draft) for draft in owing),
            take_ids("billing_movement", len(owing)),
            strict=True,
        )
    )
    ranks = numbering.take_numbers(
        cash_office_id=office.pk, year=issued_on.year, kind=numbering.INVOICE, count=len(drafts)
    )
    invoices, lines, movements, ledger = [], [], [], []
    told = _Explanations()
    label = f"Facture {_of_month(month)}"
    for invoice_id, rank, draft in zip(invoice_ids, ranks, drafts, strict=True):
        number = numbering.printed(
            office_code=office.code, year=issued_on.year, kind=numbering.INVOICE, rank=rank
        )
        total = draft.total_cents
        invoices.append(
            (
                invoice_id,
                Invoice.Kind.INVOICE.value,
                office.pk,
                draft.family_id,
                run_id,
                number,
                month,
                issued_on,
                due_on,
                total,
                json.dumps(draft.debtor),
                None,
                "",
                draft.activity_id,
            )
        )
        revenue: dict[str, int] = defaultdict(int)
        for line in draft.lines:
            line_id = line.line_id = next(line_ids)
            revenue[line.nature.code] += line.amount_cents
            lines.append(
                (
                    line_id,
                    invoice_id,
                    line.child_id,
                    line.activity_id,
                    line.label[:160],
                    line.unit_name,
                    line.quantity,
                    line.unit_cents,
                    line.amount_cents,
                    line.dates_json(),
                    told[line.explanation],
                    line.rulebook_version_id,
                    line.slots(),
                    None,
                    line.share_cents,
                    line.penalty_cents,
                    line.fee_key,
                    *line.nature,
                )
            )
        if total:
            movement_id = movement_ids[id(draft)]
            movements.append(
                (
                    movement_id,
                    office.pk,
                    Movement.Kind.INVOICE.value,
                    f"{label}, n° {number}",
                    now,
                    SOURCE,
                    invoice_id,
                    actor_label,
                    0,
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
        "corrects_id reason activity_id",
        invoices,
    )
    _copy(
        "billing_invoiceline",
        "id invoice_id child_id activity_id label unit_name quantity unit_cents amount_cents dates "
        "explanation rulebook_version_id slot_ids corrects_line_id share_cents penalty_cents "
        "fee_key accounting_code function_code",
        lines,
    )
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


class _Explanations(dict[tuple[str, ...], str]):
    """Sentences as JSON: written once for all the lines that they explain."""

    def __missing__(self, sentences: tuple[str, ...]) -> str:
        text = self[sentences] = json.dumps(sentences)
        return text


def _lock_accounts(office: CashOffice, family_ids: list[int]) -> dict[int, int]:
    """The accounts of the families, opened if need be; nobody else writes in them meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO billing_familyaccount (family_id, cash_office_id, balance_cents)
            SELECT family_id, %s, 0 FROM unnest(%s::bigint[]) AS family_id
            ON CONFLICT (family_id, cash_office_id) DO NOTHING
            """,
            [office.pk, family_ids],
        )
        cursor.execute(
            """
            SELECT family_id, id FROM billing_familyaccount
            WHERE cash_office_id = %s AND family_id = ANY(%s::bigint[])
            ORDER BY id FOR NO KEY UPDATE
            """,
            [office.pk, family_ids],
        )
        return dict(cursor.fetchall())


def _add_to_balances(amounts: Sequence[tuple[int, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_familyaccount SET balance_cents = balance_cents + added.cents
            FROM (
                SELECT id, sum(cents) AS cents
                FROM unnest(%s::bigint[], %s::bigint[]) AS one (id, cents) GROUP BY id
            ) AS added
            WHERE billing_familyaccount.id = added.id
            """,
            [[pk for pk, _cents in amounts], [cents for _pk, cents in amounts]],
        )
