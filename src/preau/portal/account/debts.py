"""What changes what a family is asked to pay now: a debit announced, a plan, a titre."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from preau.billing.queries import OfficeAccount
from preau.recovery.queries import Asked, asked_of
from preau.recovery.rules import Step, due_now, steps


class Debts:
    """Read once for a page: one query, whatever their number."""

    def __init__(self, family_id: int, accounts: Iterable[OfficeAccount], today: date) -> None:
        invoices = [invoice for row in accounts for invoice in row.unpaid]
        asked = asked_of(family_id)
        self.today = today
        self.closed = {row.invoice_id: row.source_id for row in asked if row.kind == "T"}
        self.titres = _once(row for row in asked if row.kind == "T")
        self.coming = _once(row for row in asked if row.kind == "D")
        self.debited = {row.invoice_id: row.on for row in asked if row.kind == "D"}
        # Cash office → the last characters of the account that its mandate debits.
        self.mandates = {row.cash_office_id: row.words for row in asked if row.kind == "M"}
        paid = {invoice.pk: invoice.paid_cents for invoice in invoices}
        self.plans: dict[int, list[Step]] = {
            pk: steps(
                ((row.rank, row.on, row.cents) for row in rows),
                paid[pk] - rows[0].paid_before_cents,
            )
            for pk in paid
            if (rows := [row for row in asked if row.kind == "P" and row.invoice_id == pk])
        }
        for invoice in invoices:
            invoice.now_cents = self.now_cents(invoice)

    def now_cents(self, invoice: Any) -> int:
        """What to propose to pay now: nothing of what will be debited; of a plan, its next step."""
        if invoice.pk in self.debited:
            return 0
        if invoice.pk not in self.plans:
            return int(invoice.left_cents)
        found = self.plans[invoice.pk]
        due = due_now(found, self.today)
        return due or next((step.left_cents for step in found if step.left_cents), 0)


def _once(rows: Iterable[Asked]) -> list[Asked]:
    return list({row.source_id: row for row in rows}.values())
