"""The town's dashboard: how families pay, how their requests are answered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from preau.billing.figures import MonthOfPayments, Receivables, receivables
from preau.casework.queries.figures import RequestFigures, request_figures
from preau.families.figures import FamilyFigures, family_figures
from preau.kernel.clock import at_paris, paris_day
from preau.reporting.sums import came_in

MONTHS = 13


@dataclass(frozen=True, slots=True)
class Dashboard:
    first: date
    last: date
    months: list[MonthOfPayments]
    money: Receivables
    by_channel: list[RequestFigures]
    by_kind: list[RequestFigures]
    families: FamilyFigures

    @property
    def this_month(self) -> MonthOfPayments | None:
        """The running month, when anything was paid in it."""
        first = self.last.replace(day=1)
        return next((month for month in self.months if month.month == first), None)

    @property
    def requests_received(self) -> int:
        return sum(row.received for row in self.by_channel)


def get_dashboard(*, now: datetime) -> Dashboard:
    """The last thirteen months, so that a month stands beside the same one a year before."""
    last = paris_day(now)
    first = last.replace(day=1)
    for _ in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    since, until = at_paris(first), at_paris(last + timedelta(days=1))
    return Dashboard(
        first=first,
        last=last,
        months=came_in(first=first, last=last).payments(),
        money=receivables(day=last),
        by_channel=request_figures(by="channel", since=since, until=until, day=last),
        by_kind=request_figures(by="kind", since=since, until=until, day=last),
        families=family_figures(),
    )
