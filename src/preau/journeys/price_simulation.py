"""«What will my month cost?»: the rules in force on an invented week, for anyone, without a file.

The answer comes from the same engine as the bookings and the invoices; nothing is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from preau.billing.registrations import ONCE_FOR
from preau.bookings.rates import Rates, rates_on
from preau.catalogue.enums import ActivityKind, BookingMode
from preau.catalogue.queries import list_activities
from preau.kernel import french
from preau.rulebook import api
from preau.rulebook.api import Facts, Undecided, Use
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.limits import is_service_day
from preau.rulebook.engine.reads import facts_of_price
from preau.rulebook.when import WEEKDAY_CODES

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A product that may be simulated. ``days``: the weekdays that can be ticked (mon … fri);
    ``how``: week (ticked days), count (days in the month), year, or hours (crèche)."""

    activity: str
    product: str
    name: str
    how: str
    days: tuple[str, ...] = ()
    icon: str = ""

    @property
    def key(self) -> str:
        return f"{self.activity}:{self.product}"


@dataclass(frozen=True, slots=True)
class Child:
    """One invented child: school stage, ticked days by product, days or hours in the month."""

    level: str = "elementary"
    week: dict[Key, frozenset[str]] = field(default_factory=dict)
    counts: dict[Key, int] = field(default_factory=dict)
    yearly: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Household:
    """What a visitor says of the household; ``quotient`` None when it is not known."""

    children: tuple[Child, ...]
    resident: bool = True
    quotient: Decimal | None = None
    annual_income: Decimal | None = None
    monthly_benefits: Decimal | None = None
    tax_parts: Decimal | None = None
    monthly_income: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the month: the child's number (0: all), what, how many, how much, why."""

    child: int
    name: str
    count: str
    cents: int
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """The month's price. ``quotient`` is the sentence of the computed quotient, when it was."""

    month: date
    cents: int
    lines: tuple[Line, ...]
    yearly: tuple[Line, ...] = ()
    quotient: str = ""
    unknown: tuple[str, ...] = ()
    decision: str = ""


def choices(day: date) -> tuple[Choice, ...]:
    """What the rules in force and the offer let a visitor simulate, in the offer's order."""
    rates = rates_on(day)
    if rates.book is None:
        return ()
    found = []
    for activity in list_activities().prefetch_related("products"):
        known = rates.book.activity(activity.slug)
        if known is None or not known.priced or known.kind == "registration":
            continue
        for product in activity.products.all():
            if not rates.knows(activity.slug, product.slug):
                continue
            name = activity.name
            if activity.products.count() > 1 or activity.kind == ActivityKind.CRECHE:
                name = f"{activity.name}, {product.name[:1].lower()}{product.name[1:]}"
            how = _how(activity, rates, product.slug)
            if how:
                days = known.days or WEEKDAY_CODES[:5]
                found.append(Choice(activity.slug, product.slug, name, how, days, activity.kind))
    return tuple(found)


def _how(activity: Any, rates: Rates, product: str) -> str:
    if activity.kind == ActivityKind.HOLIDAY_CENTRE:
        return "count"
    if activity.kind == ActivityKind.CRECHE:
        return "hours"
    assert rates.book is not None
    if activity.booking_mode == BookingMode.WHOLE_PERIOD and any(
        rule.per in ("year", "term", "period")
        for rule in rates.book.tariffs
        if rule.enabled and rule.scope.covers(activity.slug, product)
    ):
        return "year"
    return "week"


def has_formula(day: date) -> bool:
    """Whether the town computes a quotient itself from incomes."""
    book = rates_on(day).book
    return book is not None and book.quotient.formula is not None


def months(today: date) -> tuple[date, ...]:
    """The months that may be simulated: this one and the eleven next, those with rules."""
    first = today.replace(day=1)
    found = []
    for _month in range(12):
        if rates_on(first).book is not None:
            found.append(first)
        first = (first + timedelta(days=32)).replace(day=1)
    return tuple(found)


def simulate(household: Household, month: date) -> Simulation | None:
    """Price a month of ticked days; None when no rules are published for it."""
    rates = rates_on(month)
    book = rates.book
    if book is None:
        return None
    base, said = _household_facts(household, book)
    names = {(c.activity, c.product): c for c in choices(month)}
    unknown: list[str] = []
    lines: list[Line] = []
    yearly: list[Line] = []
    uses: list[Use] = []
    for number, child in enumerate(household.children, start=1):
        facts = base.with_(rank=number, level=child.level)
        uses += _week_uses(rates, number, child, facts, month)
        for key, count in child.counts.items():
            if count and key in names and names[key].how == "count":
                days = _open_days(rates, key, facts, month) or _days(month)
                uses += [Use((number, key, day), number, *key, day, facts) for day in days[:count]]
        for key in sorted(child.yearly):
            if key in names:
                try:
                    price = api.price(book, *key, month, facts, rates.calendar)
                except Undecided as undecided:
                    unknown.append(f"{names[key].name} : {undecided.reason}")
                    continue
                words = _instalment(book, price) or "l’année"
                yearly.append(Line(number, names[key].name, words, price.cents, price.sentences))
    fees, missing_fees = _registrations(rates, household, base, month)
    yearly += fees
    unknown += missing_fees
    try:
        found = api.month(book, uses, rates.calendar)
    except Undecided:
        found, missing = _without_undecided(book, uses, rates.calendar, names)
        unknown += missing
    lines += _lines(found, names)
    hourly, missing_hours = _hourly(rates, household, base, names, month)
    lines += hourly
    unknown += missing_hours
    row = (book.council_decision, book.executory_on)
    decision = row[0] + (
        f", exécutoire le {french.day(row[1], year=True, weekday=False)}" if row[1] else ""
    )
    total = found.cents + sum(line.cents for line in hourly)
    lines.sort(key=lambda line: (line.child == 0, line.child))
    return Simulation(
        month, total, tuple(lines), tuple(yearly), said, tuple(dict.fromkeys(unknown)), decision
    )


def _household_facts(household: Household, book: api.Rulebook) -> tuple[Facts, str]:
    known: dict[str, Any] = {
        "resident": household.resident,
        "children": len(household.children),
        "children_enrolled": len(household.children),
        "mode": "regular",
    }
    if household.monthly_income is not None:
        known["monthly_income"] = household.monthly_income
    quotient, said = household.quotient, ""
    if quotient is None and household.annual_income is not None:
        try:
            worth = api.quotient(
                book,
                Facts(
                    {
                        name: value
                        for name, value in (
                            ("annual_income", household.annual_income),
                            ("monthly_benefits", household.monthly_benefits),
                            ("tax_parts", household.tax_parts),
                        )
                        if value is not None
                    }
                ),
            )
            quotient = Decimal(worth.value.numerator) / Decimal(worth.value.denominator)
            said = worth.why
        except Undecided:
            said = ""
    if quotient is not None:
        known["quotient"] = quotient
    return Facts(known), said


def _days(month: date) -> list[date]:
    after = (month + timedelta(days=32)).replace(day=1)
    return [month + timedelta(days=i) for i in range((after - month).days)]


def _open_days(rates: Rates, key: Key, facts: Facts, month: date) -> list[date]:
    assert rates.book is not None
    return [
        day
        for day in _days(month)
        if is_service_day(
            day,
            Context(rates.book, key[0], None if not key[1] else key[1], day, facts, rates.calendar),
        )
    ]


def _week_uses(rates: Rates, number: int, child: Child, facts: Facts, month: date) -> list[Use]:
    found = []
    for key, weekdays in child.week.items():
        if not weekdays or not rates.knows(*key):
            continue
        for day in _open_days(rates, key, facts, month):
            if WEEKDAY_CODES[day.weekday()] in weekdays:
                found.append(Use((number, key, day), number, *key, day, facts))
    return found


def _hourly(
    rates: Rates, household: Household, base: Facts, names: dict[Key, Choice], month: date
) -> tuple[list[Line], list[str]]:
    """The hours of crèche: the hourly price times the hours, or what the rules say of a month."""
    assert rates.book is not None
    lines, missing = [], []
    for number, child in enumerate(household.children, start=1):
        for key, hours in child.counts.items():
            if not hours or key not in names or names[key].how != "hours":
                continue
            facts = base.with_(rank=number, contract_hours=Decimal(hours), hours=Decimal(hours))
            read, _ = facts_of_price(rates.book, *key)
            whole = "contract_hours" in read or "hours" in read
            try:
                price = api.price(rates.book, *key, month, facts, rates.calendar)
            except Undecided as undecided:
                missing.append(f"{names[key].name} : {undecided.reason}")
                continue
            words = "" if whole else f"{hours} h × {french.euros(price.cents)}"
            cents = price.cents if whole else price.cents * hours
            lines.append(Line(number, names[key].name, words, cents, price.sentences))
    return lines, missing


def _registrations(
    rates: Rates, household: Household, base: Facts, month: date
) -> tuple[list[Line], list[str]]:
    """The registration fees that what was ticked makes due: once a household, or a child."""
    assert rates.book is not None
    lines: list[Line] = []
    missing: list[str] = []
    for fee in rates.book.activities:
        if fee.kind != "registration" or not fee.priced:
            continue
        its = [
            number
            for number, child in enumerate(household.children, start=1)
            if any(not fee.due_for or slug in fee.due_for for slug in _chosen(child))
        ]
        for number in its if fee.each == "child" else its[:1]:
            facts = base.with_(rank=number, level=household.children[number - 1].level)
            try:
                price = api.price(rates.book, fee.code, None, month, facts, rates.calendar)
            except api.RulebookError as error:
                missing.append(f"{fee.label} : {getattr(error, 'reason', error)}")
                break
            if price.cents:
                who = number if fee.each == "child" else 0
                tariff = _tariff(rates.book, price)
                per = tariff.per if tariff and tariff.per in ONCE_FOR else "year"
                once = _("une fois %(when)s") % {"when": ONCE_FOR[per]}
                words = ", ".join(filter(None, (once, _instalment(rates.book, price))))
                lines.append(Line(who, fee.label, words, price.cents, price.sentences))
    return lines, missing


def _tariff(book: api.Rulebook, price: api.Price) -> Any:
    """The tariff that set a price, or None."""
    return next((t for t in book.tariffs if t.enabled and t.id in price.rule_ids), None)


def _instalment(book: api.Rulebook, price: api.Price) -> str:
    """«une échéance sur 3», where a yearly price is asked in several times."""
    tariff = _tariff(book, price)
    if tariff is None or tariff.per != "year" or not tariff.divide:
        return ""
    return _("une échéance sur %(count)s") % {"count": int(tariff.divide)}


def _chosen(child: Child) -> set[str]:
    """The activities that a child does at all."""
    return (
        {key[0] for key, days in child.week.items() if days}
        | {key[0] for key, count in child.counts.items() if count}
        | {key[0] for key in child.yearly}
    )


def _without_undecided(
    book: api.Rulebook, uses: Sequence[Use], calendar: api.Calendar, names: dict[Key, Choice]
) -> tuple[api.Month, list[str]]:
    """Leave out what the rules do not price, and say it."""
    kept, missing = [], []
    for use in uses:
        try:
            api.price(book, use.activity, use.product, use.day, use.facts, calendar)
            kept.append(use)
        except Undecided as undecided:
            choice = names.get((use.activity, use.product))
            missing.append(f"{choice.name if choice else use.activity} : {undecided.reason}")
    return api.month(book, kept, calendar), missing


def _lines(found: api.Month, names: dict[Key, Choice]) -> list[Line]:
    """Days with the same price and the same reasons are one line; group rules come after."""
    together: dict[Any, list[api.Charge]] = {}
    for charge in found.charges:
        if charge.key is not None:
            why = tuple(line.sentence for line in charge.lines)
            key = (charge.child, charge.activity, charge.product, charge.cents, why)
            together.setdefault(key, []).append(charge)
    lines = []
    for (child, activity, product, cents, why), charges in together.items():
        choice = names.get((activity, product))
        name = choice.name if choice else activity
        count = f"{french.count(len(charges), 'jour')} × {french.euros(cents)}"
        lines.append(Line(int(str(child)), name, count, cents * len(charges), why))
    for charge in found.charges:
        if charge.key is None:
            child = int(str(charge.child)) if charge.child is not None else 0
            lines.append(
                Line(
                    child,
                    charge.lines[0].label,
                    "",
                    charge.cents,
                    tuple(line.sentence for line in charge.lines),
                )
            )
    return lines
