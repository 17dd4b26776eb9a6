"""Prices on the public pages, from the rules in force: the same that bookings and bills follow.

An activity that no rule prices (or whose price asks for more than a quotient, as a crèche does)
is left without one: nothing is guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from preau.bookings.rates import Rates, rates_on
from preau.catalogue.enums import ActivityKind, PeriodKind
from preau.catalogue.queries import day_calendar
from preau.kernel import french
from preau.rulebook.api import Facts

QUOTIENTS = (300, 600, 900, 1200, 1600)
EXTREMES = (0, 100, 99_999)
SHOWN_PRODUCTS = 3
LOOK_AHEAD = timedelta(days=75)


@dataclass(frozen=True, slots=True)
class Examples:
    """Prices of an activity's products (columns) in a few cases (rows); amounts in cents."""

    products: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int | None, ...]], ...]

    @property
    def single(self) -> tuple[tuple[str, int | None], ...]:
        """Product and price, when the price is the same in every case."""
        if len({cents for _label, cents in self.rows}) == 1:
            return tuple(zip(self.products, self.rows[0][1], strict=True))
        return ()


def _typical_days(day: date) -> dict[str, date]:
    """The next open day of each kind of period, this day included."""
    found: dict[str, date] = {}
    for info in day_calendar(day, day + LOOK_AHEAD).values():
        if info.is_open and info.period_kind:
            found.setdefault(info.period_kind, info.day)
    return found


def _period_of(kind: str) -> str:
    """The kind of period in which an activity mostly takes place."""
    return {
        ActivityKind.WEDNESDAY: PeriodKind.WEDNESDAYS,
        ActivityKind.HOLIDAY_CENTRE: PeriodKind.SMALL_HOLIDAYS,
    }.get(ActivityKind(kind), PeriodKind.SCHOOL_DAYS)


def _day_for(kind: str, days: dict[str, date], today: date) -> date:
    return days.get(_period_of(kind), today)


def _facts(quotient: int | None, *, resident: bool = True) -> Facts:
    known: dict[str, Any] = {
        "resident": resident,
        "children": 1,
        "children_enrolled": 1,
        "rank": 1,
        "level": "elementary",
        "mode": "regular",
    }
    if quotient is not None:
        known["quotient"] = Decimal(quotient)
    return Facts(known)


def _cents(rates: Rates, activity: str, product: str, day: date, facts: Facts) -> int | None:
    found = rates.price(activity, product, day, facts)
    return None if found is None else found.cents


def price_words(activities: Iterable[Any], today: date) -> dict[str, str]:
    """«de 0,92 € à 5,40 € par repas», by slug: the first product, from end to end of quotients."""
    rates = rates_on(today)
    if rates.book is None:
        return {}
    days = _typical_days(today)
    said: dict[str, str] = {}
    for activity in activities:
        product = next(iter(activity.products.all()), None)
        if product is None:
            continue
        day = _day_for(activity.kind, days, today)
        amounts = [
            cents
            for quotient in EXTREMES
            if (cents := _cents(rates, activity.slug, product.slug, day, _facts(quotient)))
            is not None
        ]
        if len(amounts) == len(EXTREMES):
            low, high = french.euros(min(amounts)), french.euros(max(amounts))
            amount = low if low == high else f"de {low} à {high}"
            said[activity.slug] = f"{amount} par {product.unit_name}"
    return said


def price_examples(activity: Any, today: date) -> Examples | None:
    """A few cases for one activity, or None when the rules in force do not price it."""
    rates = rates_on(today)
    products = list(activity.products.all())[:SHOWN_PRODUCTS]
    if rates.book is None or not products:
        return None
    day = _day_for(activity.kind, _typical_days(today), today)
    cases = [
        *((french.number(q), _facts(q)) for q in QUOTIENTS),
        ("quotient non communiqué", _facts(None)),
        ("hors commune", _facts(None, resident=False)),
    ]
    rows = []
    for label, facts in cases:
        cents = tuple(_cents(rates, activity.slug, p.slug, day, facts) for p in products)
        if any(c is not None for c in cents):
            rows.append((label, cents))
    if not rows:
        return None
    return Examples(tuple(p.name for p in products), tuple(rows))


def deadline_example(activity: Any, today: date) -> tuple[date, list[str]] | None:
    """A day to come and until when it may be booked and cancelled, by the rules in force."""
    rates = rates_on(today)
    product = next(iter(activity.products.all()), None)
    if rates.book is None or product is None:
        return None
    ahead = today + timedelta(days=7)
    day = _typical_days(ahead).get(_period_of(activity.kind))
    if day is None:
        return None
    found = [
        rates.deadline(activity.slug, product.slug, day, action, _facts(None))
        for action in ("book", "cancel")
    ]
    sentences = list(dict.fromkeys(f.sentence for f in found if f and f.sentence))
    return (day, sentences) if sentences else None
