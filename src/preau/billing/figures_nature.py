"""Money counted by nature of account (M57): what a cash office received, what is left to pay."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from preau.billing.natures import Nature
from preau.kernel.french import euros


@dataclass(frozen=True, slots=True)
class ByNature:
    """An amount under one account and function, in cents."""

    nature: Nature
    cents: int


def collected_by_nature(
    *, cash_office_id: int, since: datetime, until: datetime
) -> tuple[list[ByNature], int]:
    """What was received between two instants: by nature, in proportion to the lines paid; and
    what of it pays no invoice yet (credits of the families). Together, what was received."""
    asked: dict[str, Any] = {"office": cash_office_id, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH received AS MATERIALIZED (
                SELECT id FROM billing_movement
                WHERE cash_office_id = %(office)s AND at > %(since)s AND at <= %(until)s
                    AND kind IN ('PAYMENT_ONLINE', 'PAYMENT_COUNTER', 'DIRECT_DEBIT', 'TRANSFER',
                        'REVERSAL')
            ), paid AS (
                SELECT allocation.invoice_id, sum(allocation.amount_cents)::bigint AS cents
                FROM received
                JOIN billing_allocation allocation ON allocation.movement_id = received.id
                GROUP BY 1 HAVING sum(allocation.amount_cents) <> 0
            )
            SELECT 0, coalesce(line.accounting_code, ''), coalesce(line.function_code, ''),
                sum(paid.cents * coalesce(line.amount_cents, invoice.total_cents)
                    / invoice.total_cents::numeric)
            FROM paid
            JOIN billing_invoice invoice ON invoice.id = paid.invoice_id
            LEFT JOIN billing_invoiceline line ON line.invoice_id = invoice.id
            WHERE invoice.total_cents > 0
            GROUP BY 2, 3
            UNION ALL
            SELECT 1, '', '', coalesce(sum(line.amount_cents), 0)
            FROM received
            JOIN billing_ledgerline line ON line.movement_id = received.id
                AND line.account IN
                    ('BANK', 'CASH', 'CHEQUE', 'CARD', 'CESU', 'ANCV', 'TRANSFER', 'DEBIT')
            ORDER BY 1, 2, 3
            """,
            asked,
        )
        *found, (_rank, _code, _function, total) = cursor.fetchall()
    exact = [row[3] for row in found]
    rows = [
        ByNature(Nature(code, function), cents)
        for (_rank, code, function, _cents), cents in zip(found, _whole(exact), strict=True)
    ]
    rows = [row for row in rows if row.cents]
    return rows, int(total) - sum(row.cents for row in rows)


def natures_of_invoices(parts: Mapping[int, int]) -> dict[int, list[ByNature]]:
    """Each invoice's amount (left to pay, handed over…) by nature, in proportion to its lines,
    credit notes taken off. `parts`: invoice → cents. One query."""
    weights: dict[int, list[tuple[Nature, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(invoice.corrects_id, invoice.id), line.accounting_code,
                line.function_code, sum(line.amount_cents)
            FROM billing_invoice invoice
            JOIN billing_invoiceline line ON line.invoice_id = invoice.id
            WHERE invoice.id = ANY(%(ids)s) OR invoice.corrects_id = ANY(%(ids)s)
            GROUP BY 1, 2, 3 HAVING sum(line.amount_cents) > 0 ORDER BY 1, 2, 3
            """,
            {"ids": list(parts)},
        )
        for invoice_id, code, function, cents in cursor.fetchall():
            weights.setdefault(invoice_id, []).append((Nature(code, function), int(cents)))
    found = {}
    for invoice_id, cents in parts.items():
        own = weights.get(invoice_id) or [(Nature(), 1)]
        whole = sum(weight for _nature, weight in own)
        shared = [cents * weight // whole for _nature, weight in own]
        order = sorted(range(len(own)), key=lambda i: -(cents * own[i][1] % whole))
        for i in order[: cents - sum(shared)]:
            shared[i] += 1
        found[invoice_id] = [
            ByNature(nature, part)
            for (nature, _weight), part in zip(own, shared, strict=True)
            if part
        ]
    return found


def nature_words(parts: Iterable[ByNature]) -> str:
    """«70671 (281) : 45,10 € ; 70672 : 12,00 €»."""
    return " ; ".join(f"{nature_name(part.nature)} : {euros(part.cents)}" for part in parts)


def nature_name(nature: Nature) -> str:
    """«70671 (281)»; says so when no account was given."""
    code = nature.code or _("sans compte")
    return f"{code} ({nature.function})" if nature.function else code


def _whole(exact: Sequence[Any]) -> list[int]:
    """Cents that add up as the exact amounts do."""
    rounded = [int(value) for value in exact]
    missing = round(sum(exact)) - sum(rounded)
    order = sorted(
        range(len(exact)),
        key=lambda i: exact[i] - rounded[i],
        reverse=missing > 0,
    )
    for i in order[: abs(missing)]:
        rounded[i] += 1 if missing > 0 else -1
    return rounded
