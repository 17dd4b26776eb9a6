"""What came in, summed by day: the ledger read once, then only what was written since.

What is written never changes, so its sum holds for ever. What a kept sum covers is told by the
transactions (`Movement.transaction_id`, `Allocation.transaction_id`: a credit may be used long
after it came): below the oldest that still runs, all is written and in sight. A transaction's
number belongs to its cluster: after a restore elsewhere, what came with the backup is told by its
ids (`Bound.base_id`, `Bound.base_allocation_id`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from preau.kernel.clock import at_paris

MEANS, PAYMENTS, PAID = "MEANS", "PAYMENTS", "PAID"
"""By means; by kind of payment (on line, at the counter), with how many; by activity and account
(its id, the account and the function, a bar between)."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What is summed already: what these transactions wrote, and what has these ids."""

    cluster: str = ""
    transaction_id: int = 0
    base_id: int = 0
    base_allocation_id: int = 0


@dataclass(frozen=True, slots=True)
class DaySum:
    """What came in one day (in Paris) at a cash office, under one key. Cents, with fractions."""

    what: str
    day: date
    cash_office_id: int
    key: str
    cents: Decimal
    number: int


def bound_now(before: Bound) -> Bound:
    """Up to where everything is written and in sight, seen from `before`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT system_identifier::text FROM pg_control_system()),
                pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
                pg_snapshot_xmax(pg_current_snapshot())::text::bigint
            """
        )
        cluster, oldest, following = cursor.fetchone()
        if cluster == before.cluster:
            return Bound(cluster, oldest, before.base_id, before.base_allocation_id)
        # Numbers that this cluster has not given yet came with a backup.
        cursor.execute(
            """
            SELECT
                (SELECT coalesce(max(id), 0) FROM billing_movement
                 WHERE transaction_id >= %(following)s),
                (SELECT coalesce(max(id), 0) FROM billing_allocation
                 WHERE transaction_id >= %(following)s)
            """,
            {"following": following},
        )
        return Bound(cluster, oldest, *cursor.fetchone())


def sums_since(
    bound: Bound,
    *,
    until: Bound | None = None,
    first: date | None = None,
    last: date | None = None,
    cash_office_id: int | None = None,
) -> list[DaySum]:
    """Sums of what `bound` does not cover; of what `until` does, if it is given.

    By means: what families paid, reversals taken off. By activity: what a payment settles of an
    invoice is told in proportion to its lines (a discount takes off its own activity).
    """
    since = bound if until is None or bound.cluster == until.cluster else Bound()
    values: dict[str, Any] = {
        "since": since.transaction_id,
        "base": since.base_id,
        "until": until.transaction_id if until else None,
        "until_base": until.base_id if until else None,
        "allocation_base": since.base_allocation_id,
        "until_allocation_base": until.base_allocation_id if until else None,
        "from": at_paris(first) if first else None,
        "to": at_paris(last + timedelta(days=1)) if last else None,
        "office": cash_office_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        return [DaySum(*row) for row in cursor.fetchall()]


_SUMS = """
WITH fresh AS (
    SELECT id, kind, cash_office_id, (at AT TIME ZONE 'Europe/Paris')::date AS day
    FROM billing_movement
    WHERE transaction_id >= %(since)s AND id > %(base)s
        AND (
            %(until)s::bigint IS NULL OR transaction_id < %(until)s OR id <= %(until_base)s
        )
        AND (%(from)s::timestamptz IS NULL OR at >= %(from)s)
        AND (%(to)s::timestamptz IS NULL OR at < %(to)s)
        AND (%(office)s::bigint IS NULL OR cash_office_id = %(office)s)
        AND kind IN (
            'PAYMENT_ONLINE', 'PAYMENT_COUNTER', 'DIRECT_DEBIT', 'TRANSFER', 'REVERSAL')
)
SELECT 'MEANS', fresh.day, fresh.cash_office_id, line.account, sum(line.amount_cents)::numeric, 0
FROM fresh JOIN billing_ledgerline line ON line.movement_id = fresh.id
WHERE line.account IN (
        'BANK', 'CASH', 'CHEQUE', 'CARD', 'CESU', 'ANCV', 'TRANSFER', 'DEBIT')
GROUP BY 2, 3, 4
UNION ALL
SELECT 'PAYMENTS', fresh.day, fresh.cash_office_id, fresh.kind, -sum(line.amount_cents)::numeric,
    count(*)::int
FROM fresh JOIN billing_ledgerline line ON line.movement_id = fresh.id
WHERE fresh.kind IN ('PAYMENT_ONLINE', 'PAYMENT_COUNTER') AND line.account = 'FAMILY'
GROUP BY 2, 3, 4
UNION ALL
SELECT 'PAID', allocation.day, allocation.cash_office_id,
    concat_ws('|', coalesce(line.activity_id::text, ''), coalesce(line.accounting_code, ''),
        coalesce(line.function_code, '')),
    sum(
        allocation.amount_cents * coalesce(line.amount_cents, invoice.total_cents)
        / invoice.total_cents::numeric
    ), 0
FROM (
    SELECT allocation.invoice_id, allocation.amount_cents, movement.cash_office_id,
        (movement.at AT TIME ZONE 'Europe/Paris')::date AS day
    FROM billing_allocation allocation
    JOIN billing_movement movement ON movement.id = allocation.movement_id
    WHERE allocation.transaction_id >= %(since)s AND allocation.id > %(allocation_base)s
        AND (
            %(until)s::bigint IS NULL OR allocation.transaction_id < %(until)s
            OR allocation.id <= %(until_allocation_base)s
        )
        AND (%(from)s::timestamptz IS NULL OR movement.at >= %(from)s)
        AND (%(to)s::timestamptz IS NULL OR movement.at < %(to)s)
        AND (%(office)s::bigint IS NULL OR movement.cash_office_id = %(office)s)
        AND movement.kind NOT IN ('CREDIT_NOTE', 'TITRE', 'OPENING')
) allocation
JOIN billing_invoice invoice ON invoice.id = allocation.invoice_id
LEFT JOIN billing_invoiceline line ON line.invoice_id = invoice.id
WHERE invoice.total_cents > 0
GROUP BY 2, 3, 4
"""
