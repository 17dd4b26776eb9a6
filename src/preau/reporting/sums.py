"""Daily sums of what came in: kept, and completed at each reading by what was written since.

Thirteen months of a city are a million lines: read once, by the worker, never on a page. A page
reads the kept sums and counts what the ledger wrote since; so it is exact at once, and as quick
whether the worker came a minute or a day ago.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction

from preau.billing.figures import MonthOfPayments
from preau.billing.figures_by import MonthOfMeans, Nature
from preau.billing.figures_sums import MEANS, PAID, PAYMENTS, Bound, DaySum, bound_now, sums_since
from preau.reporting.models import DailySum, SumsUpTo


@transaction.atomic
def keep_sums(*, now: datetime) -> int:
    """Add to the daily sums what was written since the last time; how many sums moved.

    Killed, it did nothing. In another cluster than the one of its last time (a restored backup),
    everything is summed again.
    """
    SumsUpTo.objects.bulk_create(
        [SumsUpTo(pk=1, cluster="", transaction_id=0, counted_at=now)], ignore_conflicts=True
    )
    row = SumsUpTo.objects.select_for_update().get(pk=1)
    before = Bound(row.cluster, row.transaction_id, row.base_id, row.base_allocation_id)
    until = bound_now(before)
    if until.cluster != before.cluster:
        DailySum.objects.all().delete()
    found = sums_since(before, until=until)
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO reporting_dailysum (what, day, cash_office_id, key, cents, number)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (day, what, cash_office_id, key) DO UPDATE
            SET cents = reporting_dailysum.cents + EXCLUDED.cents,
                number = reporting_dailysum.number + EXCLUDED.number
            """,
            [(s.what, s.day, s.cash_office_id, s.key, s.cents, s.number) for s in found],
        )
    row.cluster, row.transaction_id = until.cluster, until.transaction_id
    row.base_id, row.base_allocation_id = until.base_id, until.base_allocation_id
    row.counted_at = now
    row.save()
    return len(found)


@dataclass(slots=True)
class CameIn:
    """What came in over a period. Cents; exact fractions by activity."""

    by_means: dict[tuple[date, str], int] = field(default_factory=lambda: defaultdict(int))
    by_kind: dict[tuple[date, str], tuple[int, int]] = field(default_factory=dict)
    by_activity: dict[Nature, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def means(self) -> list[MonthOfMeans]:
        """What families paid, by month in Paris and by means, the latest month first."""
        order = sorted(self.by_means, key=lambda key: (-key[0].toordinal(), key[1]))
        return [MonthOfMeans(month, key, self.by_means[month, key]) for month, key in order]

    def payments(self) -> list[MonthOfPayments]:
        """Payments received by month in Paris, the latest first."""
        nothing = (0, 0)
        return [
            MonthOfPayments(
                month,
                *self.by_kind.get((month, "PAYMENT_ONLINE"), nothing),
                *self.by_kind.get((month, "PAYMENT_COUNTER"), nothing),
            )
            for month in sorted({month for month, _kind in self.by_kind}, reverse=True)
        ]


def came_in(*, first: date, last: date, cash_office_id: int | None = None) -> CameIn:
    """What came in from one day to another."""
    bound, kept = _kept(first, last, cash_office_id)
    found = CameIn()
    fresh = sums_since(bound, first=first, last=last, cash_office_id=cash_office_id)
    for one in (*kept, *fresh):
        month = one.day.replace(day=1)
        if one.what == MEANS:
            found.by_means[month, one.key] += int(one.cents)
        elif one.what == PAYMENTS:
            number, cents = found.by_kind.get((month, one.key), (0, 0))
            found.by_kind[month, one.key] = (number + one.number, cents + int(one.cents))
        elif one.what == PAID:
            activity, account, function = one.key.split("|")
            nature = Nature(
                int(activity) if activity else None, one.cash_office_id, account, function
            )
            found.by_activity[nature] += one.cents
    return found


def _kept(first: date, last: date, cash_office_id: int | None) -> tuple[Bound, list[DaySum]]:
    """The kept sums and what they cover, in one statement: the worker may move both meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT bound.cluster, bound.transaction_id, bound.base_id, bound.base_allocation_id,
                kept.what, kept.day, kept.cash_office_id, kept.key, kept.cents, kept.number
            FROM reporting_sumsupto bound
            LEFT JOIN reporting_dailysum kept ON kept.day BETWEEN %(first)s AND %(last)s
                AND (%(office)s::bigint IS NULL OR kept.cash_office_id = %(office)s)
            WHERE bound.cluster = (SELECT system_identifier::text FROM pg_control_system())
            """,
            {"first": first, "last": last, "office": cash_office_id},
        )
        rows = cursor.fetchall()
    bound = Bound(*rows[0][:4]) if rows else Bound()
    return bound, [DaySum(*row[4:]) for row in rows if row[4]]
