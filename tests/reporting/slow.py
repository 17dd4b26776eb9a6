"""The finances counted the slow way, from every line each time: what the page must equal.

Kept apart from `preau.reporting.sums` on purpose: nothing of it is shared.
"""

from datetime import date, timedelta
from typing import Any

from django.db import connection

from preau.billing.figures_by import ByActivity, MonthOfMeans
from preau.kernel.clock import at_paris


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _period(first: date, last: date) -> dict[str, Any]:
    return {"since": at_paris(first), "until": at_paris(last + timedelta(days=1))}


def means_by_month(
    *, first: date, last: date, cash_office_id: int | None = None
) -> list[MonthOfMeans]:
    """What families paid, by month in Paris and by means, the latest month first."""
    return [
        MonthOfMeans(month, account, int(cents))
        for month, account, cents in _rows(
            """
            SELECT date_trunc('month', movement.at AT TIME ZONE 'Europe/Paris')::date,
                line.account, sum(line.amount_cents)
            FROM billing_movement movement
            JOIN billing_ledgerline line ON line.movement_id = movement.id
            WHERE movement.kind IN (
                    'PAYMENT_ONLINE', 'PAYMENT_COUNTER', 'DIRECT_DEBIT', 'TRANSFER', 'REVERSAL')
                AND line.account IN (
                    'BANK', 'CASH', 'CHEQUE', 'CARD', 'CESU', 'ANCV', 'TRANSFER', 'DEBIT')
                AND movement.at >= %(since)s AND movement.at < %(until)s
                AND (%(office)s::bigint IS NULL OR movement.cash_office_id = %(office)s)
            GROUP BY 1, 2 ORDER BY 1 DESC, 2
            """,
            _period(first, last) | {"office": cash_office_id},
        )
    ]


def by_activity(*, first: date, last: date, cash_office_id: int | None = None) -> list[ByActivity]:
    """Issued (credit notes taken off) and collected, by activity.

    What is collected on an invoice is told in proportion to its lines (a discount takes off its
    own activity), and rounded once for the whole table: the rows add up to what was collected, to
    the cent. 360,000 invoices and a million lines take some seconds.
    """
    values = _period(first, last) | {"first": first, "last": last, "office": cash_office_id}
    rows = _rows(
        """
        WITH issued AS (
            SELECT line.activity_id, invoice.cash_office_id, line.accounting_code,
                line.function_code, sum(line.amount_cents) AS cents
            FROM billing_invoice invoice
            JOIN billing_invoiceline line ON line.invoice_id = invoice.id
            WHERE invoice.issued_on BETWEEN %(first)s AND %(last)s
                AND (%(office)s::bigint IS NULL OR invoice.cash_office_id = %(office)s)
            GROUP BY 1, 2, 3, 4
        ), paid AS (
            SELECT allocation.invoice_id, movement.cash_office_id,
                sum(allocation.amount_cents)::bigint AS cents
            FROM billing_movement movement
            JOIN billing_allocation allocation ON allocation.movement_id = movement.id
            WHERE movement.at >= %(since)s AND movement.at < %(until)s
                AND movement.kind NOT IN ('CREDIT_NOTE', 'TITRE', 'OPENING')
                AND (%(office)s::bigint IS NULL OR movement.cash_office_id = %(office)s)
            GROUP BY 1, 2 HAVING sum(allocation.amount_cents) <> 0
        ), collected AS (
            SELECT line.activity_id, paid.cash_office_id,
                coalesce(line.accounting_code, '') AS accounting_code,
                coalesce(line.function_code, '') AS function_code,
                sum(
                    paid.cents * coalesce(line.amount_cents, invoice.total_cents)
                    / invoice.total_cents::numeric
                ) AS cents
            FROM paid
            JOIN billing_invoice invoice ON invoice.id = paid.invoice_id
            LEFT JOIN billing_invoiceline line ON line.invoice_id = paid.invoice_id
            WHERE invoice.total_cents > 0
            GROUP BY 1, 2, 3, 4
        )
        SELECT activity.name, office.name,
            coalesce(issued.accounting_code, collected.accounting_code) AS nature,
            coalesce(issued.function_code, collected.function_code),
            coalesce(issued.cents, 0), coalesce(collected.cents, 0)
        FROM issued FULL JOIN collected
            ON collected.activity_id IS NOT DISTINCT FROM issued.activity_id
            AND collected.cash_office_id = issued.cash_office_id
            AND collected.accounting_code = issued.accounting_code
            AND collected.function_code = issued.function_code
        JOIN billing_cashoffice office
            ON office.id = coalesce(issued.cash_office_id, collected.cash_office_id)
        LEFT JOIN catalogue_activity activity
            ON activity.id = coalesce(issued.activity_id, collected.activity_id)
        ORDER BY office.name, activity.position NULLS LAST, activity.name, nature, 4
        """,
        values,
    )
    exact = [row[5] for row in rows]
    rounded = [int(value) for value in exact]
    missing = round(sum(exact)) - sum(rounded)
    order = sorted(range(len(rows)), key=lambda i: exact[i] - rounded[i], reverse=missing > 0)
    for i in order[: abs(missing)]:
        rounded[i] += 1 if missing > 0 else -1
    return [
        ByActivity(
            activity=row[0] or "Autres lignes",
            office=row[1],
            accounting_code=row[2] or "",
            function_code=row[3] or "",
            issued_cents=int(row[4]),
            collected_cents=cents,
        )
        for row, cents in zip(rows, rounded, strict=True)
    ]
