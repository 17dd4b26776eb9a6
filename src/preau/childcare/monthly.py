"""From rows to months: everything that statements of many contracts need, in a few statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from preau.bookings.rates import rates_on
from preau.catalogue import queries as catalogue
from preau.childcare.enums import CareAbsence
from preau.childcare.models import Absence, Contract, Presence, Statement, Terms
from preau.childcare.queries.occupancy import clock_minute
from preau.childcare.queries.places import care_settings, months_on
from preau.childcare.rules.month import (
    ContractFacts,
    Freed,
    Line,
    MonthBill,
    TermsFacts,
    bill_month,
    last_day,
)
from preau.childcare.rules.week import Span, read_week, weekly
from preau.childcare.tariffs import CareActivity, Missed, care_activities, freed_days
from preau.kernel import french
from preau.kernel.money import euros

# How far a late certificate or a correction reaches back, in months.
LOOK_BACK_MONTHS = 3
END_OF_DAY = 24 * 60


@dataclass(slots=True)
class Reckoned:
    """A contract's month, ready to be kept or shown. `open_days`: no departure was noted."""

    contract: Contract
    bill: MonthBill
    lines: tuple[Line, ...]
    invoiced: int
    cents: int
    age_months: int
    activity_id: int | None
    version_id: int | None
    regime: str
    open_days: tuple[date, ...]


def reckon(contracts: Sequence[Contract], month: date) -> list[Reckoned]:
    """The month of each contract; what closed months turn out to owe is a line more.

    Statements grow with nothing: some ten, whatever the number of contracts.
    """
    month = month.replace(day=1)
    if not contracts:
        return []
    back = month
    for _ in range(LOOK_BACK_MONTHS):
        back = (back - timedelta(days=1)).replace(day=1)
    activities = care_activities()
    facts = read_facts(contracts, back, last_day(month), activities)
    before = _closed_before([c.pk for c in contracts], back, month)
    found = []
    for contract in contracts:
        known = facts.get(contract.pk)
        if known is None or month > last_day(known.ends_on.replace(day=1)):
            continue
        bill = bill_month(known, month)
        lines = (*bill.lines, *_corrections(known, before.get(contract.pk, [])))
        if not lines and not bill.days:
            continue
        terms = _terms_row(contract, month)
        activity = activities.get(contract.establishment_id) or activities.get(None)
        found.append(
            Reckoned(
                contract=contract,
                bill=bill,
                lines=lines,
                invoiced=sum(line.minutes for line in lines),
                cents=sum(line.cents for line in lines),
                age_months=months_on(contract.child.birth_on, month),
                activity_id=activity.pk if activity else None,
                version_id=terms.rulebook_version_id,
                regime=terms.regime,
                open_days=tuple(
                    day for day in _open_days(contract) if month <= day <= last_day(month)
                ),
            )
        )
    return found


def read_facts(
    contracts: Sequence[Contract],
    first: date,
    last: date,
    activities: Mapping[int | None, CareActivity],
) -> dict[int, ContractFacts]:
    """What the months of these contracts depend on, between two days.

    Each contract keeps its `terms_rows` and `open_days` (arrivals without departure).
    """
    ids = [contract.pk for contract in contracts]
    settings = care_settings()
    terms: dict[int, list[Terms]] = defaultdict(list)
    for row in Terms.objects.filter(contract_id__in=ids).order_by("applies_from", "pk"):
        terms[row.contract_id].append(row)
    came: dict[int, dict[date, Span]] = defaultdict(dict)
    unfinished: dict[int, list[date]] = defaultdict(list)
    for contract_id, day, arrived, left in Presence.objects.filter(
        contract_id__in=ids, day__range=(first, last)
    ).values_list("contract_id", "day", "arrived_at", "left_at"):
        if left is None:
            unfinished[contract_id].append(day)
            continue
        came[contract_id][day] = (clock_minute(arrived), clock_minute(left))
    absences: dict[int, list[Absence]] = defaultdict(list)
    for absence in Absence.objects.filter(
        contract_id__in=ids, cancelled_at__isnull=True, starts_on__lte=last
    ).order_by("starts_on", "pk"):
        absences[absence.contract_id].append(absence)
    closures = _closures({c.establishment_id for c in contracts}, first, last)
    found = {}
    for contract in contracts:
        rows = terms.get(contract.pk, [])
        contract.terms_rows = rows  # type: ignore[attr-defined]
        contract.open_days = unfinished.get(contract.pk, [])  # type: ignore[attr-defined]
        if not rows:
            continue
        activity = activities.get(contract.establishment_id) or activities.get(None)
        found[contract.pk] = _facts(
            contract,
            rows,
            came.get(contract.pk, {}),
            absences.get(contract.pk, []),
            closures.get(contract.establishment_id, {}),
            activity,
            last,
            tolerance=settings.tolerance_minutes,
            adaptation_is_free=settings.adaptation_is_free,
        )
    return found


def _facts(
    contract: Contract,
    rows: Sequence[Terms],
    came: dict[date, Span],
    absences: Sequence[Absence],
    closures: dict[date, str],
    activity: CareActivity | None,
    last: date,
    *,
    tolerance: int,
    adaptation_is_free: bool,
) -> ContractFacts:
    facts = ContractFacts(
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        terms=[
            TermsFacts(
                applies_from=row.applies_from,
                week=read_week(row.week),
                closed=frozenset(date.fromisoformat(day) for day in row.closed_days),
                hourly_cents=row.hourly_cents,
                minutes=row.minutes,
                months=row.months,
                instalment_cents=row.instalment_cents,
                off_minutes=int(row.weeks_off * weekly(read_week(row.week))),
            )
            for row in rows
        ],
        came=came,
        adaptation={
            date.fromisoformat(step[0]): (int(step[1]), int(step[2]))
            for step in contract.adaptation
        },
        adaptation_is_free=adaptation_is_free,
        tolerance=tolerance,
    )
    freed: dict[date, Freed] = {}
    absent: dict[date, str] = {}
    leave: set[date] = set()
    for absence in absences:
        days = planned_days_of(facts, absence.starts_on, min(absence.ends_on, last))
        label = CareAbsence(absence.reason).label
        absent |= dict.fromkeys(days, label)
        if absence.reason == CareAbsence.LEAVE:
            leave |= set(days)
            continue
        missed = Missed(absence.reason, days, absence.reported_at, absence.certificate_at)
        if days:
            freed |= freed_days(rates_on(days[0]), activity, missed)
    # A closing decided after the contract was written: the instalment counts it, the month gives
    # it back.
    for day, reason in closures.items():
        if facts.plan(day):
            missed = Missed(CareAbsence.CLOSURE, [day], _noon(contract), None)
            freed |= {
                on: Freed(f"fermeture ({reason})" if reason else "fermeture", why.sentence)
                for on, why in freed_days(rates_on(day), activity, missed).items()
            }
            absent[day] = "fermeture"
    return ContractFacts(
        starts_on=facts.starts_on,
        ends_on=facts.ends_on,
        terms=facts.terms,
        came=came,
        freed=freed,
        leave=frozenset(leave),
        absent=absent,
        adaptation=facts.adaptation,
        adaptation_is_free=adaptation_is_free,
        tolerance=tolerance,
    )


def _noon(contract: Contract) -> datetime:
    return contract.created_at


def planned_days_of(facts: ContractFacts, first: date, last: date) -> list[date]:
    """The days that the contract plans, both ends included."""
    found = []
    day = first
    while day <= last:
        if facts.plan(day):
            found.append(day)
        day += timedelta(days=1)
    return found


def _closures(
    establishment_ids: Iterable[int], first: date, last: date
) -> dict[int, dict[date, str]]:
    """Days closed as the calendar knows them now, by crèche."""
    sites = list(establishment_ids)
    found: dict[int, dict[date, str]] = {site: {} for site in sites}
    for (day, site), reason in catalogue.closures(first, last).items():
        for target in sites if site is None else [site] if site in found else []:
            found[target][day] = reason
    return found


def _open_days(contract: Contract) -> list[date]:
    found: list[date] = contract.open_days  # type: ignore[attr-defined]
    return found


def _terms_row(contract: Contract, month: date) -> Terms:
    rows: list[Terms] = contract.terms_rows  # type: ignore[attr-defined]
    kept = rows[0]
    for row in rows:
        if row.applies_from <= max(month, contract.starts_on):
            kept = row
    return kept


@dataclass(slots=True)
class _Earlier:
    """A month already closed, and what it came to with what later months put right."""

    month: date
    cents: int
    minutes: int
    lines: list[dict[str, Any]]


def _closed_before(ids: Sequence[int], back: date, month: date) -> dict[int, list[_Earlier]]:
    found: dict[int, list[_Earlier]] = defaultdict(list)
    corrected: dict[tuple[int, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    rows = Statement.objects.filter(contract_id__in=ids, month__gte=back, month__lt=month).order_by(
        "month"
    )
    for row in rows:
        for line in row.lines:
            if line["kind"] == "correction":
                minutes, cents = corrected[row.contract_id, line["month"]]
                corrected[row.contract_id, line["month"]] = (
                    minutes + line["minutes"],
                    cents + line["cents"],
                )
    for row in rows:
        own = [line for line in row.lines if line["kind"] != "correction"]
        minutes, cents = corrected[row.contract_id, row.month.isoformat()]
        found[row.contract_id].append(
            _Earlier(
                row.month,
                sum(line["cents"] for line in own) + cents,
                sum(line["minutes"] for line in own) + minutes,
                own,
            )
        )
    return found


def _corrections(facts: ContractFacts, earlier: Sequence[_Earlier]) -> list[Line]:
    """What a certificate or a correction come since changes in months already closed."""
    lines = []
    for past in earlier:
        now = bill_month(facts, past.month)
        cents = now.cents - past.cents
        minutes = now.invoiced - past.minutes
        if not cents and not minutes:
            continue
        was = {line["label"]: line["cents"] for line in past.lines}
        is_now = {line.label: line.cents for line in now.lines}
        why = [
            f"{label} : {euros(is_now.get(label, 0))} au lieu de {euros(was.get(label, 0))}."
            for label in {**was, **is_now}
            if is_now.get(label, 0) != was.get(label, 0)
        ]
        lines.append(
            Line(
                "correction",
                f"Correction {french.of(french.month(past.month))}",
                minutes,
                cents,
                tuple(why),
                past.month.isoformat(),
            )
        )
    return lines
