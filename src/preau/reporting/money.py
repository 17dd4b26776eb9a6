"""The money of the town, month by month: issued, collected, late, on line. Amounts in cents."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from preau.billing.figures import MonthOfPayments
from preau.billing.figures_by import (
    Age,
    ByActivity,
    MonthOfInvoices,
    MonthOfMeans,
    by_activity,
    invoices_by_month,
    issued_by_activity,
    left_by_age,
)
from preau.billing.queries import cash_offices
from preau.kernel.clock import paris_day
from preau.reporting.sums import came_in

MONTHS = 13
GOAL_ONLINE = 20
"""Per cent of payments made on line in the first month: what the service set out to reach."""
MEANS = {
    "BANK": _("en ligne"),
    "DEBIT": _("prélèvement"),
    "CASH": _("espèces"),
    "CHEQUE": _("chèque"),
    "CARD": _("carte au guichet"),
    "CESU": _("CESU"),
    "ANCV": _("chèques-vacances"),
    "TRANSFER": _("virement"),
}
AGES = {
    "NOT_DUE": _("à échoir"),
    "30": _("échu depuis 30 jours au plus"),
    "60": _("de 31 à 60 jours"),
    "90": _("de 61 à 90 jours"),
    "MORE": _("plus de 90 jours"),
}


@dataclass(frozen=True, slots=True)
class MonthOfMoney:
    """One month: what was issued, credited, collected, and how much of it on line."""

    month: date
    issued_cents: int
    credited_cents: int
    collected_cents: int
    online_share: int


@dataclass(frozen=True, slots=True)
class Money:
    """The board of one cash office, or of all."""

    first: date
    last: date
    months: list[MonthOfMoney]
    payments: list[MonthOfPayments]
    means: list[MonthOfMeans]
    ages: list[Age]
    activities: list[ByActivity]

    @property
    def issued_cents(self) -> int:
        return sum(month.issued_cents - month.credited_cents for month in self.months)

    @property
    def collected_cents(self) -> int:
        return sum(month.collected_cents for month in self.months)

    @property
    def left_cents(self) -> int:
        return sum(age.cents for age in self.ages)

    @property
    def late_cents(self) -> int:
        return sum(age.cents for age in self.ages if age.bucket != "NOT_DUE")

    @property
    def means_totals(self) -> list[tuple[str, int]]:
        """(means, cents) over the period, the largest first."""
        totals: dict[str, int] = defaultdict(int)
        for row in self.means:
            totals[row.account] += row.cents
        found = [(str(MEANS[account]), cents) for account, cents in totals.items()]
        return sorted(found, key=lambda row: -row[1])

    @property
    def first_month_online(self) -> MonthOfPayments | None:
        """The first month in which anything was paid."""
        return self.payments[-1] if self.payments else None


def period_until(last: date) -> date:
    """The first day of the thirteen months that end on a day."""
    first = last.replace(day=1)
    for _rank in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def get_money(
    *, now: datetime, office_code: str = "", first: date | None = None, last: date | None = None
) -> Money:
    """The board: seven statements, whatever the town's size."""
    last = last or paris_day(now)
    first = first or period_until(last)
    office_id = next((o.pk for o in cash_offices() if o.code == office_code), None)
    within = {"first": first, "last": last, "cash_office_id": office_id}
    issued: dict[date, MonthOfInvoices] = {row.month: row for row in invoices_by_month(**within)}  # type: ignore[arg-type]
    money_in = came_in(**within)  # type: ignore[arg-type]
    means, payments = money_in.means(), money_in.payments()
    collected: dict[date, int] = defaultdict(int)
    for row in means:
        collected[row.month] += row.cents
    shares = {row.month: row.online_share for row in payments}
    return Money(
        first=first,
        last=last,
        months=[
            MonthOfMoney(
                month=month,
                issued_cents=issued[month].issued_cents if month in issued else 0,
                credited_cents=issued[month].credited_cents if month in issued else 0,
                collected_cents=collected.get(month, 0),
                online_share=shares.get(month, 0),
            )
            for month in sorted({*issued, *collected}, reverse=True)
        ],
        payments=payments,
        means=means,
        ages=left_by_age(day=last, cash_office_id=office_id),
        activities=by_activity(
            issued_by_activity(**within),  # type: ignore[arg-type]
            money_in.by_activity,
        ),
    )
