"""Money counted for the town's board: what was paid each month, what is left to pay."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from preau.billing.figures_by import left_by_age
from preau.billing.models import Invoice


@dataclass(frozen=True, slots=True)
class MonthOfPayments:
    """Payments received in one month, on line and at the counter. Cents; reversals taken off."""

    month: date
    online_count: int
    online_cents: int
    counter_count: int
    counter_cents: int

    @property
    def count(self) -> int:
        return self.online_count + self.counter_count

    @property
    def total_cents(self) -> int:
        return self.online_cents + self.counter_cents

    @property
    def online_share(self) -> int:
        """Per cent of the payments made on line, by number; 0 when there is none."""
        return round(100 * self.online_count / self.count) if self.count else 0


@dataclass(frozen=True, slots=True)
class Receivables:
    """What was invoiced and what of it is left to pay, in cents."""

    invoiced_cents: int
    left_cents: int
    overdue_cents: int


def receivables(*, day: date) -> Receivables:
    """All invoices, their unpaid part, and what is past its date."""
    invoices = Invoice.objects.filter(kind=Invoice.Kind.INVOICE)
    ages = left_by_age(day=day)
    return Receivables(
        invoiced_cents=invoices.aggregate(cents=Sum("total_cents"))["cents"] or 0,
        left_cents=sum(age.cents for age in ages),
        overdue_cents=sum(age.cents for age in ages if age.bucket != "NOT_DUE"),
    )
