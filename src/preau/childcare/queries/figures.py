"""Yearly figures of the crèches, as the CAF asks for them: aggregates over closed statements."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, CharField, Count, F, Q, Sum, Value, When

from preau.catalogue import queries as catalogue
from preau.childcare.enums import WishStatus
from preau.childcare.models import Section, Statement, Wish

AGES = ((0, 12, "moins de 1 an"), (12, 24, "1 an"), (24, 36, "2 ans"), (36, 600, "3 ans et plus"))


@dataclass(frozen=True, slots=True)
class CareRow:
    """Minutes contracted, real and invoiced, and distinct children, of one group."""

    group: str
    children: int
    contracted: int
    real: int
    invoiced: int
    cents: int

    @property
    def invoicing_rate(self) -> int | None:
        """Invoiced over real hours, in thousandths (CNAF «taux de facturation»)."""
        return self.invoiced * 1000 // self.real if self.real else None


def _between(first: date, last: date, sites: Collection[int] | None) -> Q:
    found = Q(month__gte=first.replace(day=1), month__lte=last)
    return found if sites is None else found & Q(establishment_id__in=list(sites))


def care_rows(
    *, by: str, first: date, last: date, establishment_ids: Collection[int] | None
) -> list[CareRow]:
    """Closed statements of a period, grouped by `site`, `month`, `regime` or `age`; one query."""
    rows = Statement.objects.filter(_between(first, last, establishment_ids))
    if by == "age":
        key = Case(
            *[
                When(age_months__gte=low, age_months__lt=high, then=Value(label))
                for low, high, label in AGES
            ],
            output_field=CharField(),
        )
        rows = rows.annotate(group=key)
    else:
        column = {"site": "establishment__name", "month": "month", "regime": "regime"}[by]
        rows = rows.annotate(group=F(column))
    found = (
        rows.values("group")
        .annotate(
            children=Count("child_id", distinct=True),
            contracted=Sum("contracted_minutes"),
            real=Sum("real_minutes"),
            invoiced=Sum("invoiced_minutes"),
            cents=Sum("total_cents"),
        )
        .order_by("group")
    )
    told = [
        CareRow(
            str(row["group"]),
            row["children"],
            row["contracted"],
            row["real"],
            row["invoiced"],
            row["cents"],
        )
        for row in found
    ]
    if by == "age":
        order = [label for _low, _high, label in AGES]
        told.sort(key=lambda row: order.index(row.group) if row.group in order else len(order))
    return told


def care_total(*, first: date, last: date, establishment_ids: Collection[int] | None) -> CareRow:
    """The same, of everything."""
    row = Statement.objects.filter(_between(first, last, establishment_ids)).aggregate(
        children=Count("child_id", distinct=True),
        contracted=Sum("contracted_minutes"),
        real=Sum("real_minutes"),
        invoiced=Sum("invoiced_minutes"),
        cents=Sum("total_cents"),
    )
    return CareRow(
        "", *(row[name] or 0 for name in ("children", "contracted", "real", "invoiced", "cents"))
    )


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a crèche could receive over a period, in minutes: places × opening × open days."""

    establishment_id: int
    places: int
    minutes: int
    open_days: int


def capacities(
    *, first: date, last: date, establishment_ids: Collection[int] | None
) -> dict[int, Capacity]:
    """By crèche, over its months that have closed statements, as `care_rows` counts: a month that
    is not closed yet would only lower the rates. Weekdays, closings and public holidays taken
    off; three queries and the calendar."""
    told: dict[int, set[date]] = {}
    for site, month in (
        Statement.objects.filter(_between(first, last, establishment_ids))
        .order_by()
        .values_list("establishment_id", "month")
        .distinct()
    ):
        told.setdefault(site, set()).add(month)
    first, last = first.replace(day=1), _month_end(last)
    found = Section.objects.filter(is_open=True)
    if establishment_ids is not None:
        found = found.filter(establishment_id__in=list(establishment_ids))
    closed = catalogue.closures(first, last)
    weekdays = [
        first + timedelta(days=n)
        for n in range((last - first).days + 1)
        if (first + timedelta(days=n)).weekday() < 5
    ]
    totals: dict[int, tuple[int, int]] = {}
    for section in found:
        places, minutes = totals.get(section.establishment_id, (0, 0))
        length = section.closes_minute - section.opens_minute
        totals[section.establishment_id] = (
            places + section.capacity,
            minutes + section.capacity * length,
        )
    return {
        site: Capacity(
            site,
            places,
            per_day
            * (
                days := sum(
                    day.replace(day=1) in told.get(site, ())
                    and (day, None) not in closed
                    and (day, site) not in closed
                    for day in weekdays
                )
            ),
            days,
        )
        for site, (places, per_day) in totals.items()
    }


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def waiting_by_site() -> dict[int, dict[str, int]]:
    """Files that wait, by wished crèche and by what they wait for; one query."""
    found: dict[int, dict[str, int]] = {}
    rows = (
        Wish.objects.filter(
            preregistration__status__in=[
                WishStatus.INCOMPLETE,
                WishStatus.WAITING,
                WishStatus.OFFERED,
            ]
        )
        .values_list("establishment_id", "preregistration__status")
        .annotate(n=Count("preregistration_id", distinct=True))
        .order_by()
    )
    for site, status, count in rows:
        found.setdefault(site, {})[status] = count
    return found
