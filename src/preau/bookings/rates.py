"""The rulebook in force and the town's calendar, kept some seconds by each process, with the
answers already given: the same day, action and facts are asked thousands of times."""

import time
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from preau.catalogue.queries import DayInfo, day_calendar, products_of, rule_calendar
from preau.rulebook import api
from preau.rulebook.engine.reads import facts_of_rule
from preau.rulebook.queries import rulebook_on

KEEP_SECONDS = 0.0 if settings.MODE == "test" else 30.0
# The calendar that limits may look back to, and the school year after this one.
BEFORE, AFTER = timedelta(days=120), timedelta(days=500)
_MOST_ANSWERS = 50_000


class Rates:
    """One rulebook on one calendar. `book` is None when the town has published none."""

    def __init__(self, book: api.Rulebook | None, calendar: api.Calendar) -> None:
        self.book = book
        self.calendar = calendar
        self._deadlines: dict[Any, api.Deadline | None] = {}
        self._reads: dict[tuple[str, str], tuple[str, ...]] = {}
        self._pricers: dict[tuple[str, str], api.Pricer] = {}

    def knows(self, activity: str, product: str) -> bool:
        """Whether the rulebook speaks of this product."""
        found = self.book.activity(activity) if self.book else None
        return found is not None and (not found.products or found.product(product) is not None)

    def _product(self, activity: str, product: str) -> str | None:
        assert self.book is not None
        found = self.book.activity(activity)
        return product if found is not None and found.product(product) is not None else None

    def deadline(
        self, activity: str, product: str, day: date, action: str, facts: api.Facts
    ) -> api.Deadline | None:
        """Until when the action is possible; None: no rule limits it, or rules do not say."""
        if self.book is None or not self.knows(activity, product):
            return None
        names = self._reads.get((activity, product))
        if names is None:
            found = {
                name
                for rule in self.book.deadlines
                if rule.enabled and rule.scope.covers(activity, product)
                for name in facts_of_rule(rule)
            }
            names = self._reads[activity, product] = tuple(sorted(found))
        key = (activity, product, day, action, tuple(facts.get(name) for name in names))
        if key in self._deadlines:
            return self._deadlines[key]
        try:
            answer = api.deadline(
                self.book,
                activity,
                self._product(activity, product),
                day,
                action,
                self.calendar,
                facts,
            )
        except api.RulebookError:
            answer = None
        if len(self._deadlines) < _MOST_ANSWERS:
            self._deadlines[key] = answer
        return answer

    def decide(
        self,
        activity: str,
        product: str,
        day: date,
        action: str,
        at: datetime | None,
        facts: api.Facts,
    ) -> api.Decision | None:
        """What becomes of an action; None when the rulebook does not speak of the product."""
        if self.book is None or not self.knows(activity, product):
            return None
        return api.decide(
            self.book,
            activity,
            self._product(activity, product),
            day,
            action,
            at,
            facts,
            self.calendar,
        )

    def price(self, activity: str, product: str, day: date, facts: api.Facts) -> api.Price | None:
        """The price of a day, or None when no rule sets it."""
        if self.book is None or not self.knows(activity, product):
            return None
        pricer = self._pricers.get((activity, product))
        if pricer is None:
            pricer = api.Pricer(
                self.book, activity, self._product(activity, product) or "", self.calendar
            )
            self._pricers[activity, product] = pricer
        try:
            return pricer.price(day, facts)
        except api.RulebookError:
            return None


_kept: tuple[float, dict[date, Rates]] | None = None
_days: tuple[float, dict[date, dict[date, DayInfo]]] = (0.0, {})
_products: tuple[float, dict[int, dict[int, Any]]] = (0.0, {})


def day_infos(first: date, last: date) -> dict[date, DayInfo]:
    """What the town's calendar says of each day, month by month."""
    global _days
    now = time.monotonic()
    if now - _days[0] >= KEEP_SECONDS:
        _days = (now, {})
    if KEEP_SECONDS == 0:
        return day_calendar(first, last)
    found: dict[date, DayInfo] = {}
    month = first.replace(day=1)
    while month <= last:
        after = (month + timedelta(days=32)).replace(day=1)
        kept = _days[1].get(month)
        if kept is None:
            kept = _days[1][month] = day_calendar(month, after - timedelta(days=1))
        found |= kept
        month = after
    return found


def products_of_activity(activity_id: int) -> dict[int, Any]:
    """The products of an activity by id, in order."""
    global _products
    now = time.monotonic()
    if now - _products[0] >= KEEP_SECONDS:
        _products = (now, {})
    found = _products[1].get(activity_id)
    if found is None:
        found = _products[1][activity_id] = {p.pk: p for p in products_of(activity_id)}
    return found


def rates_on(day: date) -> Rates:
    """The rulebook in force on a day, with the calendar around it."""
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] >= KEEP_SECONDS:
        _kept = (now, {})
    by_month = _kept[1]
    month = day.replace(day=1)
    found = by_month.get(month)
    if found is None:
        found = by_month[month] = Rates(rulebook_on(day), calendar_around(day))
    return found


def forget_rates() -> None:
    """Read rules and calendar again at the next question."""
    global _kept, _days, _products
    _kept, _days, _products = None, (0.0, {}), (0.0, {})


def calendar_around(day: date) -> api.Calendar:
    """The town's calendar as the rulebook's value."""
    found = rule_calendar(day - BEFORE, day + AFTER)
    return api.Calendar(
        holidays=tuple(api.Holiday(h.name, h.starts_on, h.resumes_on) for h in found.holidays),
        public_holidays=found.public_holidays,
        closed_days=found.closed_days,
        no_school_days=found.no_school_days,
        school_weekdays=found.school_weekdays,
        zone=found.zone,
    )
