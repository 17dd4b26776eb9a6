"""Money counted by month: what was collected, how, and what was invoiced."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from preau.billing.models import Allocation, Invoice, LedgerLine, Movement
from preau.kernel.clock import PARIS, at_paris

ONLINE = Movement.Kind.PAYMENT_ONLINE
COUNTER = Movement.Kind.PAYMENT_COUNTER


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


def payments_by_month(
    *, first: date, last: date, cash_office_id: int | None = None
) -> list[MonthOfPayments]:
    """Payments received from one day to another, by month in Paris, the latest first."""
    family = LedgerLine.Account.FAMILY
    within = {"movement__cash_office_id": cash_office_id} if cash_office_id else {}
    rows = (
        LedgerLine.objects.filter(
            **within,
            account=family,
            movement__kind__in=[ONLINE, COUNTER],
            movement__at__gte=at_paris(first),
            movement__at__lt=at_paris(date.fromordinal(last.toordinal() + 1)),
        )
        .annotate(month=TruncMonth("movement__at", tzinfo=PARIS))
        .values_list("month")
        .annotate(
            online_count=Count("pk", filter=Q(movement__kind=ONLINE)),
            online_cents=Sum("amount_cents", filter=Q(movement__kind=ONLINE)),
            counter_count=Count("pk", filter=Q(movement__kind=COUNTER)),
            counter_cents=Sum("amount_cents", filter=Q(movement__kind=COUNTER)),
        )
        .order_by("-month")
    )
    return [
        MonthOfPayments(month.date(), online_n, -(online or 0), counter_n, -(counter or 0))
        for month, online_n, online, counter_n, counter in rows
    ]


@dataclass(frozen=True, slots=True)
class Receivables:
    """What was invoiced and what of it is left to pay, in cents."""

    invoiced_cents: int
    left_cents: int
    overdue_cents: int


def receivables(*, day: date, months: Iterable[date] | None = None) -> Receivables:
    """All invoices (or those of some months), their unpaid part, and what is past its date."""
    invoices = Invoice.objects.filter(kind=Invoice.Kind.INVOICE)
    if months is not None:
        invoices = invoices.filter(month__in=list(months))
    total = invoices.aggregate(cents=Sum("total_cents"))["cents"] or 0
    late = invoices.filter(due_on__lt=day)
    late_total = late.aggregate(cents=Sum("total_cents"))["cents"] or 0
    return Receivables(
        invoiced_cents=total,
        left_cents=total - _paid(invoices),
        overdue_cents=late_total - _paid(late),
    )


def _paid(invoices: QuerySet[Invoice]) -> int:
    found = Allocation.objects.filter(invoice__in=invoices)
    return found.aggregate(cents=Sum("amount_cents"))["cents"] or 0
