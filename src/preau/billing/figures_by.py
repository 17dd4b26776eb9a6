"""Money counted by age, by means, by activity and accounting code: one statement each, in cents."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from preau.kernel.clock import at_paris

BUCKETS = ("NOT_DUE", "30", "60", "90", "MORE")
"""Not due yet; late by 0–30, 31–60, 61–90 days, by more than 90."""


@dataclass(frozen=True, slots=True)
class Age:
    """What is left to pay, by how late it is."""

    bucket: str
    invoices: int
    cents: int


@dataclass(frozen=True, slots=True)
class MonthOfMeans:
    """What came in one month by one means (reversals taken off)."""

    month: date
    account: str
    cents: int


@dataclass(frozen=True, slots=True)
class MonthOfInvoices:
    """What was invoiced in one month, and credited."""

    month: date
    issued_cents: int
    credited_cents: int


@dataclass(frozen=True, slots=True)
class ByActivity:
    """What was invoiced and collected for one activity, under one nature of account."""

    activity: str
    office: str
    accounting_code: str
    function_code: str
    issued_cents: int
    collected_cents: int


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def left_by_age(*, day: date, cash_office_id: int | None = None) -> list[Age]:
    """Every bucket, empty ones included, in their order."""
    found = {
        bucket: Age(bucket, count, int(cents))
        for bucket, count, cents in _rows(
            """
            SELECT CASE
                WHEN due_on >= %(day)s THEN 'NOT_DUE'
                WHEN %(day)s - due_on <= 30 THEN '30'
                WHEN %(day)s - due_on <= 60 THEN '60'
                WHEN %(day)s - due_on <= 90 THEN '90'
                ELSE 'MORE' END,
                count(*), sum(left_cents)
            FROM (
                SELECT invoice.due_on, invoice.total_cents - coalesce(paid.cents, 0) AS left_cents
                FROM billing_invoice invoice
                LEFT JOIN (
                    SELECT invoice_id, sum(amount_cents) AS cents
                    FROM billing_allocation GROUP BY invoice_id
                ) paid ON paid.invoice_id = invoice.id
                WHERE invoice.kind = 'INVOICE'
                    AND (%(office)s::bigint IS NULL OR invoice.cash_office_id = %(office)s)
            ) owed
            WHERE left_cents > 0 GROUP BY 1
            """,
            {"day": day, "office": cash_office_id},
        )
    }
    return [found.get(bucket, Age(bucket, 0, 0)) for bucket in BUCKETS]


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


def invoices_by_month(
    *, first: date, last: date, cash_office_id: int | None = None
) -> list[MonthOfInvoices]:
    """What was issued from one day to another, by month of issue, the latest first."""
    return [
        MonthOfInvoices(month, int(issued), -int(credited))
        for month, issued, credited in _rows(
            """
            SELECT date_trunc('month', issued_on)::date,
                coalesce(sum(total_cents) FILTER (WHERE kind = 'INVOICE'), 0),
                coalesce(sum(total_cents) FILTER (WHERE kind = 'CREDIT_NOTE'), 0)
            FROM billing_invoice
            WHERE issued_on BETWEEN %(first)s AND %(last)s
                AND (%(office)s::bigint IS NULL OR cash_office_id = %(office)s)
            GROUP BY 1 ORDER BY 1 DESC
            """,
            {"first": first, "last": last, "office": cash_office_id},
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
        ORDER BY office.name, activity.position NULLS LAST, activity.name, nature
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


@dataclass(frozen=True, slots=True)
class Balance:
    """What a family owed (> 0) or had in advance (< 0) at a cash office, at an instant."""

    family_id: int
    code: str
    name: str
    office: str
    cents: int


def balances_at(*, at: datetime, cash_office_id: int, in_advance: bool) -> list[Balance]:
    """The accounts in credit (`in_advance`) or in debit at an instant, past or present, by name."""
    return [
        Balance(family_id, code, name, office, int(cents))
        for family_id, code, name, office, cents in _rows(
            f"""
            SELECT family.id, family.code, family.name, office.name, held.cents
            FROM (
                SELECT account.family_id, account.cash_office_id,
                    account.balance_cents - coalesce(later.cents, 0) AS cents
                FROM billing_familyaccount account
                LEFT JOIN (
                    SELECT line.family_account_id, sum(line.amount_cents) AS cents
                    FROM billing_movement movement
                    JOIN billing_ledgerline line ON line.movement_id = movement.id
                    WHERE movement.at >= %(at)s AND movement.cash_office_id = %(office)s
                        AND line.family_account_id IS NOT NULL
                    GROUP BY 1
                ) later ON later.family_account_id = account.id
                WHERE account.cash_office_id = %(office)s
            ) held
            JOIN families_family family ON family.id = held.family_id
            JOIN billing_cashoffice office ON office.id = held.cash_office_id
            WHERE held.cents {"<" if in_advance else ">"} 0
            ORDER BY family.sort_key, family.id
            """,  # noqa: S608 - one of two signs
            {"at": at, "office": cash_office_id},
        )
    ]


def office_movements(
    *, cash_office_id: int, since: datetime, until: datetime
) -> dict[tuple[str, str], int]:
    """(kind, account) → cents of a cash office's ledger between two instants."""
    return {
        (kind, account): int(cents)
        for kind, account, cents in _rows(
            """
            SELECT movement.kind, line.account, sum(line.amount_cents)
            FROM billing_movement movement
            JOIN billing_ledgerline line ON line.movement_id = movement.id
            WHERE movement.cash_office_id = %(office)s
                AND movement.at >= %(since)s AND movement.at < %(until)s
            GROUP BY 1, 2
            """,
            {"office": cash_office_id, "since": since, "until": until},
        )
    }


def _period(first: date, last: date) -> dict[str, Any]:
    return {"since": at_paris(first), "until": at_paris(last + timedelta(days=1))}
