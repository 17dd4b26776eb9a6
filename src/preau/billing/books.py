"""The rulebook in force on a day, as the billing run asks it: each different question once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from preau.billing.days import ChargeDay
from preau.billing.stretches import Offer
from preau.bookings.rates import calendar_around
from preau.rulebook import api
from preau.rulebook.engine.groups import COUNTED, facts_read, span_key

SPANS = frozenset({"week", "month", "period", "term", "year"})


@dataclass(frozen=True, slots=True)
class Span:
    """The year, term, month… that a price covers; `parts`: in how many instalments it is due."""

    per: str
    key: str
    words: str
    parts: int = 1


def _plain(key: Any) -> str:
    if isinstance(key, date):
        return key.isoformat()
    return "-".join(map(str, key)) if isinstance(key, tuple) else str(key)


class Book:
    """A rulebook (None: no rules that day), with its calendar and what it already answered."""

    def __init__(self, day: date, book: api.Rulebook | None) -> None:
        self.book = book
        self.calendar = calendar_around(day)
        self._pricers: dict[tuple[str, str], api.Pricer] = {}
        self._prices: dict[Any, api.Price] = {}
        self._absences: dict[Any, api.Decision] = {}
        self.looks_at_months = self.book is not None and bool(
            self.book.groups or frozenset(COUNTED) & facts_read(self.book)
        )

        # Tariffs for a week, a month, a year…: due once, not for each day.
        self._spans = (
            {rule.id: rule for rule in self.book.tariffs if rule.enabled and rule.per in SPANS}
            if self.book
            else {}
        )

    def may_span(self, what: ChargeDay | Offer) -> bool:
        """Whether some price of this activity covers more than a day."""
        return bool(self._spans) and any(
            rule.scope.covers(what.activity, what.product) for rule in self._spans.values()
        )

    def span(self, price: api.Price, day: date) -> Span | None:
        """What the price covers when it is more than a day; None when it is due for each."""
        for rule_id in price.rule_ids:
            rule = self._spans.get(rule_id)
            if rule is not None:
                key, words = span_key(rule.per, day, self.calendar)
                parts = int(rule.divide) if rule.per == "year" and rule.divide else 1
                return Span(rule.per, _plain(key), words, parts)
        return None

    @property
    def answers(self) -> int:
        """How many it remembers."""
        return len(self._prices) + len(self._absences)

    @property
    def version_id(self) -> int | None:
        """The published version that these rules are, for the invoice line to remember."""
        version = self.book.version if self.book else ""
        return int(version) if version.isdigit() else None

    def names(self, activity: str, product: str) -> str | None:
        """The product as the rulebook names it; None when it knows no such activity."""
        assert self.book is not None
        found = self.book.activity(activity)
        if found is None:
            return None
        return product if found.product(product) is not None else ""

    def pricer(self, what: ChargeDay | Offer) -> api.Pricer:
        """Raises RulebookError when the rules do not speak of it."""
        assert self.book is not None
        key = (what.activity, what.product)
        pricer = self._pricers.get(key)
        if pricer is None:
            name = self.names(*key)
            if name is None:
                raise api.RulebookError(f"le règlement ne parle pas de « {what.activity_name} »")
            pricer = self._pricers[key] = api.Pricer(self.book, what.activity, name, self.calendar)
        return pricer

    def price(self, charge: ChargeDay, facts: api.Facts) -> api.Price:
        """Raises RulebookError."""
        pricer = self.pricer(charge)
        if pricer.by_day:
            return pricer.price(charge.day, facts)
        # The same child has the same facts all month: one look-up instead of reading each fact.
        same = (charge.activity, charge.product, facts)
        price = self._prices.get(same)
        if price is None:
            price = self._prices[same] = pricer.price(charge.day, facts)
        return price

    def price_of_any_day(
        self, offer: Offer, day: date, values: Mapping[str, Any]
    ) -> api.Price | None:
        """The price of a day like `day`, when it is the same on each day for these facts.

        `values` become facts only for the first child who has those that the price depends on.
        Raises RulebookError.
        """
        pricer = self.pricer(offer)
        if pricer.by_day:
            return None
        key = (offer.activity, offer.product, *map(values.get, pricer.names))
        price = self._prices.get(key)
        if price is None:
            price = self._prices[key] = pricer.price(day, api.Facts(values))
        return price

    def absence(self, charge: ChargeDay, facts: api.Facts) -> api.Decision:
        """What the absence of that day costs."""
        assert self.book is not None
        key = (charge.activity, charge.product, charge.day, charge.reported_at, facts)
        found = self._absences.get(key)
        if found is None:
            found = self._absences[key] = api.decide(
                self.book,
                charge.activity,
                self.names(charge.activity, charge.product) or None,
                charge.day,
                "absence",
                charge.reported_at,
                facts,
                self.calendar,
            )
        return found


_kept: list[Book] = []
_MOST_KEPT, _MOST_PRICES = 4, 200_000


def book_for(day: date, rulebook: api.Rulebook | None) -> Book:
    """The book of these rules on a day. The worker that previews a month soon issues it: what the
    same rules already answered on the same calendar is kept."""
    made = Book(day, rulebook)
    for book in _kept:
        if book.book is rulebook and book.calendar == made.calendar:
            return book
    _kept.append(made)
    while len(_kept) > _MOST_KEPT or sum(book.answers for book in _kept) > _MOST_PRICES:
        _kept.pop(0)
    return made
