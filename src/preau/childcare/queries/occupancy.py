"""Places and half-hours: who is expected in a section, who is there."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from preau.catalogue import queries as catalogue
from preau.childcare.models import Absence, Contract, Presence, Section, Terms
from preau.childcare.queries.places import sections
from preau.childcare.rules.occupancy import half_hours, heads
from preau.childcare.rules.week import DAYS, Span, Week, clock, read_week
from preau.kernel.clock import paris


def weeks_between(
    section_ids: Iterable[int], first: date, last: date, *, except_contract: int | None = None
) -> dict[int, list[tuple[Contract, Week]]]:
    """Contracts that touch a period, by section, each with every week agreed for it."""
    contracts = Contract.objects.filter(
        section_id__in=list(section_ids), starts_on__lte=last, ends_on__gte=first
    )
    if except_contract:
        contracts = contracts.exclude(pk=except_contract)
    by_contract: dict[int, list[Terms]] = defaultdict(list)
    for terms in Terms.objects.filter(contract__in=contracts).order_by("applies_from"):
        by_contract[terms.contract_id].append(terms)
    found: dict[int, list[tuple[Contract, Week]]] = defaultdict(list)
    for contract in contracts.select_related("child"):
        rows = by_contract.get(contract.pk, [])
        kept = [
            terms
            for rank, terms in enumerate(rows)
            if terms.applies_from <= last
            and (rank + 1 == len(rows) or rows[rank + 1].applies_from > first)
        ]
        for terms in kept:
            found[contract.section_id or 0].append((contract, read_week(terms.week)))
    return found


def week_heads(
    section: Section,
    first: date,
    last: date,
    *,
    except_contract: int | None = None,
    only: Week | None = None,
) -> list[list[int]]:
    """Children of each half-hour, Monday to Friday, at most, over a period.

    A contract whose hours change within the period counts once, for all its hours.
    """
    by_day: list[list[Span]] = [[] for _ in range(DAYS)]
    if only is not None:
        for index, span in enumerate(only):
            if span:
                by_day[index].append(span)
    else:
        met = weeks_between([section.pk], first, last, except_contract=except_contract)
        spans: dict[tuple[int, int], Span] = {}
        for contract, week in met.get(section.pk, []):
            for index, span in enumerate(week):
                if span:
                    key = (contract.pk, index)
                    low, high = spans.get(key, span)
                    spans[key] = (min(low, span[0]), max(high, span[1]))
        for (_pk, index), span in spans.items():
            by_day[index].append(span)
    return [heads(day, section.opens_minute, section.closes_minute) for day in by_day]


@dataclass(slots=True)
class BoardRow:
    """A section on the board: children expected at each half-hour of each day."""

    section: Section
    times: list[str]
    days: list[dict[str, Any]] = field(default_factory=list)
    contracts: int = 0

    @property
    def peak(self) -> int:
        return max((day["peak"] for day in self.days), default=0)


def board(establishment_ids: Iterable[int], monday: date) -> list[BoardRow]:
    """A week of every section, day by day and half-hour by half-hour; few queries for all."""
    friday = monday + timedelta(days=DAYS - 1)
    rows = list(sections(establishment_ids))
    met = weeks_between([row.pk for row in rows], monday, friday)
    calendars = {
        site: catalogue.day_calendar(monday, friday, establishment_id=site)
        for site in {row.establishment_id for row in rows}
    }
    found = []
    for section in rows:
        pairs = met.get(section.pk, [])
        row = BoardRow(
            section,
            [clock(m) for m in half_hours(section.opens_minute, section.closes_minute)],
            contracts=len({contract.pk for contract, _week in pairs}),
        )
        for index in range(DAYS):
            day = monday + timedelta(days=index)
            info = calendars[section.establishment_id][day]
            spans = [
                span
                for contract, week in pairs
                if contract.starts_on <= day <= contract.ends_on and (span := week[index])
            ]
            closed = info.closed_reason if info.closed_reason else ""
            counts = heads([] if closed else spans, section.opens_minute, section.closes_minute)
            row.days.append(
                {
                    "day": day,
                    "closed": closed,
                    "counts": [
                        {
                            "count": count,
                            "free": section.capacity - count,
                            "time": row.times[number],
                            "full": count >= section.capacity,
                            "adults": -(-count // max(1, section.children_per_adult)),
                        }
                        for number, count in enumerate(counts)
                    ],
                    "peak": max(counts, default=0),
                    "free": section.capacity - max(counts, default=0),
                }
            )
        found.append(row)
    return found


@dataclass(slots=True)
class Expected:
    """A child expected on a day, and what the tablet noted."""

    contract: Contract
    span: Span | None
    presence: Any = None
    absence: Any = None
    is_adaptation: bool = False

    @property
    def state(self) -> str:
        """expected, here, left or away."""
        if self.presence:
            return "left" if self.presence.left_at else "here"
        return "away" if self.absence else "expected"

    @property
    def hours(self) -> str:
        return f"{clock(self.span[0])} – {clock(self.span[1])}" if self.span else "hors contrat"


def expected_on(establishment_ids: Iterable[int], day: date) -> list[Expected]:
    """Who is expected in a crèche on a day, in section and name order; four queries."""
    step = day.isoformat()
    contracts = list(
        Contract.objects.filter(
            Q(starts_on__lte=day, ends_on__gte=day)
            | Q(adaptation__contains=[[step]], starts_on__gt=day),
            establishment_id__in=list(establishment_ids),
        )
        .select_related("child", "section", "family", "establishment")
        .order_by("section__position", "section__min_months", "child__search_key", "pk")
    )
    ids = [contract.pk for contract in contracts]
    terms: dict[int, Terms] = {}
    for row in Terms.objects.filter(contract_id__in=ids, applies_from__lte=day).order_by(
        "applies_from"
    ):
        terms[row.contract_id] = row
    here = {row.contract_id: row for row in Presence.objects.filter(contract_id__in=ids, day=day)}
    away = {
        row.contract_id: row
        for row in Absence.objects.filter(
            contract_id__in=ids, starts_on__lte=day, ends_on__gte=day, cancelled_at__isnull=True
        )
    }
    found = []
    for contract in contracts:
        span, adapts = _span_on(contract, terms.get(contract.pk), day)
        presence = here.get(contract.pk)
        if span or presence:
            found.append(
                Expected(contract, span, presence, away.get(contract.pk), is_adaptation=adapts)
            )
    return found


def _span_on(contract: Contract, terms: Terms | None, day: date) -> tuple[Span | None, bool]:
    for step in contract.adaptation:
        if step[0] == day.isoformat():
            return (step[1], step[2]), True
    if terms is None or day.weekday() >= DAYS or day.isoformat() in terms.closed_days:
        return None, False
    return read_week(terms.week)[day.weekday()], False


def clock_minute(instant: Any) -> int:
    """Minutes from midnight in Paris."""
    local = paris(instant)
    return local.hour * 60 + local.minute
