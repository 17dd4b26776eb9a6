"""The month of a contract: contracted, real, invoiced, line by line. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from preau.childcare.rules.hours import day_hours
from preau.childcare.rules.instalments import (
    half_up,
    months_between,
    planned_days,
    price_of,
)
from preau.childcare.rules.week import Span, Week
from preau.kernel import french
from preau.kernel.money import euros


@dataclass(frozen=True, slots=True)
class TermsFacts:
    """One row of terms, as the month needs it. `off_minutes`: weeks off, taken beforehand."""

    applies_from: date
    week: Week
    closed: frozenset[date]
    hourly_cents: int
    minutes: int
    months: int
    instalment_cents: int
    off_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Freed:
    """A planned day that costs nothing, and the sentence that says why."""

    label: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """Everything that a month of a contract depends on.

    `freed` are the planned days that rules do not charge (illness, closing…); `leave` the days
    taken of the weeks off; `absent` what the family or the crèche said of a day, in words;
    `adaptation` the steps before the start; `corrected` what earlier statements came to.
    """

    starts_on: date
    ends_on: date
    terms: Sequence[TermsFacts]
    came: Mapping[date, Span]
    freed: Mapping[date, Freed] = field(default_factory=dict)
    leave: frozenset[date] = frozenset()
    absent: Mapping[date, str] = field(default_factory=dict)
    adaptation: Mapping[date, Span] = field(default_factory=dict)
    adaptation_is_free: bool = False
    tolerance: int = 0

    def terms_on(self, day: date) -> TermsFacts:
        """The terms in force on a day; before the start, those of the start."""
        found = self.terms[0]
        for terms in self.terms:
            if terms.applies_from <= day:
                found = terms
        return found

    def plan(self, day: date) -> Span | None:
        """The contracted hours of a day."""
        if day in self.adaptation:
            return self.adaptation[day]
        if not self.starts_on <= day <= self.ends_on:
            return None
        terms = self.terms_on(day)
        if day.weekday() >= len(terms.week) or day in terms.closed:
            return None
        return terms.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the statement; the family reads `why`."""

    kind: str
    label: str
    minutes: int
    cents: int
    why: tuple[str, ...] = ()
    month: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the statement, in minutes."""

    day: date
    planned: int
    real: int
    over: int
    freed: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class MonthBill:
    """What a month comes to."""

    month: date
    contracted: int
    real: int
    invoiced: int
    hourly_cents: int
    lines: tuple[Line, ...]
    days: tuple[Day, ...]

    @property
    def cents(self) -> int:
        return sum(line.cents for line in self.lines)


def last_day(month: date) -> date:
    """The last day of a month."""
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def bill_month(facts: ContractFacts, month: date) -> MonthBill:
    """The month's own lines: what earlier months turn out to owe is added by the caller."""
    days = _days(facts, month)
    terms = facts.terms_on(max(month, facts.starts_on))
    lines: list[Line] = []
    if months_between(facts.starts_on, month) >= 1 and month <= facts.ends_on:
        lines.append(_instalment(terms))
    lines += _adaptation(facts, days, terms)
    lines += _freed(facts, days)
    lines += _over(facts, days)
    if month <= facts.ends_on <= last_day(month):
        lines += _settlement(facts)
    return MonthBill(
        month=month,
        contracted=sum(day.planned for day in days),
        real=sum(day.real for day in days),
        invoiced=sum(line.minutes for line in lines),
        hourly_cents=terms.hourly_cents,
        lines=tuple(lines),
        days=tuple(days),
    )


def _days(facts: ContractFacts, month: date) -> list[Day]:
    """Each day planned, or come to."""
    found = []
    day, last = month, last_day(month)
    while day <= last:
        plan, came = facts.plan(day), facts.came.get(day)
        if plan or came:
            hours = day_hours(plan, came, tolerance=facts.tolerance)
            freed = facts.freed.get(day) if came is None and plan else None
            note = freed.label if freed else "" if came else facts.absent.get(day, "absent")
            found.append(
                Day(
                    day,
                    hours.planned,
                    hours.real,
                    hours.over,
                    hours.planned if freed else 0,
                    note if not came or plan else "jour hors contrat",
                )
            )
        day += timedelta(days=1)
    return found


def _instalment(terms: TermsFacts) -> Line:
    return Line(
        "instalment",
        "Mensualité",
        half_up(terms.minutes, terms.months),
        terms.instalment_cents,
        (
            f"{french.minutes(terms.minutes)} de contrat × {euros(terms.hourly_cents)} de l’heure "
            f"÷ {french.count(terms.months, 'mois', 'mois')}.",
        ),
    )


def _adaptation(facts: ContractFacts, days: Sequence[Day], terms: TermsFacts) -> list[Line]:
    """The steps before the start: the hours agreed for each, by the hour."""
    steps = [day for day in days if day.day in facts.adaptation and not day.freed]
    minutes = sum(day.planned for day in steps)
    if not minutes:
        return []
    price = 0 if facts.adaptation_is_free else price_of(minutes, terms.hourly_cents)
    why = (
        "L’adaptation est gratuite dans cette ville."
        if facts.adaptation_is_free
        else f"{french.minutes(minutes)} × {euros(terms.hourly_cents)} de l’heure."
    )
    return [Line("adaptation", "Adaptation", minutes, price, (why, _listed(steps)))]


def _freed(facts: ContractFacts, days: Sequence[Day]) -> list[Line]:
    """What the rules do not charge, a line for each reason and price."""
    groups: dict[tuple[str, str, int], list[Day]] = {}
    for day in days:
        if day.freed and day.day not in facts.adaptation:
            freed = facts.freed[day.day]
            price = facts.terms_on(day.day).hourly_cents
            groups.setdefault((freed.label, freed.sentence, price), []).append(day)
    lines = []
    for (label, sentence, price), found in groups.items():
        minutes = sum(day.freed for day in found)
        lines.append(
            Line(
                "deduction",
                f"Déduction, {label}",
                -minutes,
                -price_of(minutes, price),
                (sentence, f"{_listed(found)} : {french.minutes(minutes)} × {euros(price)}."),
            )
        )
    return lines


def _over(facts: ContractFacts, days: Sequence[Day]) -> list[Line]:
    """Half-hours begun outside the contract."""
    groups: dict[int, list[Day]] = {}
    for day in days:
        if day.over:
            groups.setdefault(facts.terms_on(day.day).hourly_cents, []).append(day)
    lines = []
    for price, found in groups.items():
        minutes = sum(day.over for day in found)
        lines.append(
            Line(
                "over",
                "Heures au-delà du contrat",
                minutes,
                price_of(minutes, price),
                (
                    "Toute demi-heure commencée hors du contrat est due.",
                    f"{_listed(found)} : {french.minutes(minutes)} × {euros(price)}.",
                ),
            )
        )
    return lines


def _settlement(facts: ContractFacts) -> list[Line]:
    """At the end: hours truly kept for the child, less those that the instalments paid."""
    minutes = cents = 0
    why = []
    for rank, terms in enumerate(facts.terms):
        first = max(terms.applies_from, facts.starts_on)
        last = facts.ends_on
        if rank + 1 < len(facts.terms):
            last = min(last, facts.terms[rank + 1].applies_from - timedelta(days=1))
        if last < first:
            continue
        planned = dict(planned_days(terms.week, first, last, terms.closed))
        taken = sum(minutes for day, minutes in planned.items() if day in facts.leave)
        taken = min(taken, terms.off_minutes)
        due = sum(planned.values()) - taken
        count = months_between(first, last)
        paid = half_up(terms.minutes * count, terms.months)
        due_cents = price_of(due, terms.hourly_cents)
        paid_cents = terms.instalment_cents * count
        minutes += due - paid
        cents += due_cents - paid_cents
        why.append(
            f"{french.period(first, last, year=True).capitalize()} : "
            f"{french.minutes(due)} réservées × {euros(terms.hourly_cents)} = {euros(due_cents)}, "
            f"moins {french.count(count, 'mensualité')} de {euros(terms.instalment_cents)} = "
            f"{euros(paid_cents)}."
        )
    if not minutes and not cents:
        return []
    return [Line("settlement", "Régularisation de fin de contrat", minutes, cents, tuple(why))]


def _listed(days: Sequence[Day]) -> str:
    return french.and_join(french.day_short(day.day) for day in days).capitalize()
