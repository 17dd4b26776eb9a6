"""Money counted by age, by means, by activity and accounting code: one statement each, in cents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

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
    """What was invoiced and what was collected for one activity."""

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


class Nature(NamedTuple):
    """What money is told by: activity, cash office, M57 account and function of its line."""

    activity_id: int | None
    cash_office_id: int
    accounting_code: str
    function_code: str


def issued_by_activity(
    *, first: date, last: date, cash_office_id: int | None = None
) -> dict[Nature, int]:
    """Cents invoiced from one day to another, credit notes taken off."""
    return {
        Nature(*row[:4]): int(row[4])
        for row in _rows(
            """
            SELECT line.activity_id, invoice.cash_office_id, line.accounting_code,
                line.function_code, sum(line.amount_cents)
            FROM billing_invoice invoice
            JOIN billing_invoiceline line ON line.invoice_id = invoice.id
            WHERE invoice.issued_on BETWEEN %(first)s AND %(last)s
                AND (%(office)s::bigint IS NULL OR invoice.cash_office_id = %(office)s)
            GROUP BY 1, 2, 3, 4
            """,
            {"first": first, "last": last, "office": cash_office_id},
        )
    }


def by_activity(
    issued: Mapping[Nature, int], collected: Mapping[Nature, Decimal]
) -> list[ByActivity]:
    """Issued and collected, by activity and account.

    What was collected is in fractions of cents; it is rounded once for the whole table: the rows
    add up to what was collected, to the cent.
    """
    natures = [*{*issued, *collected}]
    rows = _rows(
        """
        SELECT asked.rank, activity.name, office.name
        FROM unnest(%(activities)s::bigint[], %(offices)s::bigint[], %(accounts)s::text[],
                %(functions)s::text[])
            WITH ORDINALITY AS asked (activity_id, office_id, account, function, rank)
        JOIN billing_cashoffice office ON office.id = asked.office_id
        LEFT JOIN catalogue_activity activity ON activity.id = asked.activity_id
        ORDER BY office.name, activity.position NULLS LAST, activity.name, asked.account,
            asked.function
        """,
        {
            "activities": [nature.activity_id for nature in natures],
            "offices": [nature.cash_office_id for nature in natures],
            "accounts": [nature.accounting_code for nature in natures],
            "functions": [nature.function_code for nature in natures],
        },
    )
    ordered = [natures[rank - 1] for rank, _activity, _office in rows]
    # Fractions of cents are kept to six places: what is finer is the division's own rounding.
    exact = [round(collected.get(nature, Decimal(0)), 6) for nature in ordered]
    rounded = [int(value) for value in exact]
    missing = round(sum(exact)) - sum(rounded)
    order = sorted(range(len(rows)), key=lambda i: exact[i] - rounded[i], reverse=missing > 0)
    for i in order[: abs(missing)]:
        rounded[i] += 1 if missing > 0 else -1
    return [
        ByActivity(
            activity=activity or "Autres lignes",
            office=office,
            accounting_code=nature.accounting_code,
            function_code=nature.function_code,
            issued_cents=issued.get(nature, 0),
            collected_cents=cents,
        )
        for (_rank, activity, office), nature, cents in zip(rows, ordered, rounded, strict=True)
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


def set_aside_at(*, at: datetime, cash_office_id: int) -> int:
    """What families had set aside for days booked, paid in advance, at an instant; in cents."""
    [(cents,)] = _rows(
        """
        SELECT coalesce(sum(hold.cents), 0)
        FROM billing_prepaidhold hold JOIN billing_familyaccount account
            ON account.id = hold.account_id AND account.cash_office_id = %(office)s
        WHERE hold.held_at < %(at)s AND (hold.ended_at IS NULL OR hold.ended_at >= %(at)s)
        """,
        {"at": at, "office": cash_office_id},
    )
    return int(cents)


def third_parties_at(*, at: datetime, cash_office_id: int) -> list[tuple[str, int]]:
    """(third party, cents): what each owed (> 0) or had paid too much (< 0) at an instant."""
    return [
        (name, int(cents))
        for name, cents in _rows(
            """
            SELECT party.name, account.balance_cents - coalesce((
                SELECT sum(line.amount_cents)
                FROM billing_ledgerline line JOIN billing_movement movement
                    ON movement.id = line.movement_id AND movement.at >= %(at)s
                WHERE line.third_party_account_id = account.id
            ), 0) AS cents
            FROM billing_thirdpartyaccount account
            JOIN billing_thirdparty party ON party.id = account.third_party_id
            WHERE account.cash_office_id = %(office)s
            ORDER BY party.name
            """,
            {"at": at, "office": cash_office_id},
        )
        if cents
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
