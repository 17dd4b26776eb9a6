"""What changes what a family is asked to pay now: a debit announced, a plan, a titre."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from preau.billing.queries import OfficeAccount
from preau.directdebit.queries import coming_of
from preau.recovery import plans
from preau.recovery.queries import closed_invoices
from preau.recovery.rules import due_now


class Debts:
    """Read once for a page: three queries, whatever their number."""

    def __init__(self, family_id: int, accounts: Iterable[OfficeAccount], today: date) -> None:
        invoices = [invoice for row in accounts for invoice in row.unpaid]
        self.today = today
        self.closed = closed_invoices(family_id)
        self.titres = list({titre.pk: titre for titre in self.closed.values()}.values())
        self.coming = list(coming_of(family_id).prefetch_related("items"))
        self.debited = {
            item.invoice_id: debit.batch.collection_on
            for debit in self.coming
            for item in debit.items.all()
        }
        self.plans = (
            plans.active_plans({invoice.pk: invoice.paid_cents for invoice in invoices})
            if invoices
            else {}
        )
        for invoice in invoices:
            invoice.now_cents = self.now_cents(invoice)

    def now_cents(self, invoice: Any) -> int:
        """What to propose to pay now: nothing of what will be debited; of a plan, its next step."""
        if invoice.pk in self.debited:
            return 0
        if invoice.pk not in self.plans:
            return int(invoice.left_cents)
        steps = self.plans[invoice.pk][1]
        due = due_now(steps, self.today)
        return due or next((step.left_cents for step in steps if step.left_cents), 0)
