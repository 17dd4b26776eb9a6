"""The rulebook in force and the town's calendar, kept some seconds by each process, with the
answers already given: the same day, action and facts are asked thousands of times."""

import time
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from preau.catalogue.queries import (
    DayInfo,
    RuleCalendar,
    Standing,
    day_calendar,
    read_standing,
    rule_calendar,
)
from preau.catalogue.queries.calendar import ProductRow
from preau.rulebook import api
from preau.rulebook.engine.reads import facts_of_rule
from preau.rulebook.queries import Span, published_books
from preau.rulebook.queries import rulebook_on as rulebook_on

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


class _Kept:
    """What a process keeps of rules and calendar: two queries each `KEEP_SECONDS`."""

    def __init__(self) -> None:
        self.read_at = time.monotonic()
        self._standing: Standing | None = None
        self._books: list[Span] | None = None
        self._months: dict[date, dict[date, DayInfo]] = {}
        self._calendars: dict[int, api.Calendar] = {}
        self._rates: dict[tuple[str | None, int], Rates] = {}
        self._by_day: dict[date, Rates] = {}

    @property
    def standing(self) -> Standing:
        if self._standing is None:
            self._standing = read_standing()
        return self._standing

    def month(self, month: date) -> dict[date, DayInfo]:
        found = self._months.get(month)
        if found is None:
            last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            found = self._months[month] = day_calendar(month, last, standing=self.standing)
        return found

    def rates(self, day: date) -> Rates:
        found = self._by_day.get(day)
        if found is None:
            found = self._by_day[day] = self._rates_on(day)
        return found

    def _rates_on(self, day: date) -> Rates:
        if self._books is None:
            self._books = published_books()
        book = next(
            (
                span.book
                for span in self._books
                if span.starts_on <= day and (span.ends_on is None or day <= span.ends_on)
            ),
            None,
        )
        # One calendar for a school year, wide enough for all its days.
        year = day.year if day.month >= 9 else day.year - 1
        key = (book.version if book else None, year)
        found = self._rates.get(key)
        if found is None:
            found = self._rates[key] = Rates(book, self._calendar(year))
        return found

    def _calendar(self, year: int) -> api.Calendar:
        found = self._calendars.get(year)
        if found is None:
            first, last = date(year, 9, 1) - BEFORE, date(year + 1, 8, 31) + AFTER
            found = _as_rules_read(rule_calendar(first, last, self.standing))
            self._calendars[year] = found
        return found


_kept: _Kept | None = None


def _now_kept() -> _Kept:
    global _kept
    kept = _kept
    if kept is None or time.monotonic() - kept.read_at >= KEEP_SECONDS:
        kept = _kept = _Kept()
    return kept


def day_infos(first: date, last: date) -> dict[date, DayInfo]:
    """What the town's calendar says of each day, by whole months."""
    kept = _now_kept()
    found: dict[date, DayInfo] = {}
    month = first.replace(day=1)
    while month <= last:
        found |= kept.month(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found


def products_of_activity(activity_id: int) -> dict[int, ProductRow]:
    """The products of an activity by id, in order."""
    return _now_kept().standing.products.get(activity_id, {})


def rates_on(day: date) -> Rates:
    """The rulebook in force on a day, with the calendar around it."""
    return _now_kept().rates(day)


def forget_rates() -> None:
    """Read rules and calendar again at the next question."""
    global _kept
    _kept = None


def calendar_around(day: date) -> api.Calendar:
    """The town's calendar as the rulebook's value."""
    return _as_rules_read(rule_calendar(day - BEFORE, day + AFTER))


def _as_rules_read(found: RuleCalendar) -> api.Calendar:
    return api.Calendar(
        holidays=tuple(api.Holiday(h.name, h.starts_on, h.resumes_on) for h in found.holidays),
        public_holidays=found.public_holidays,
        closed_days=found.closed_days,
        no_school_days=found.no_school_days,
        school_weekdays=found.school_weekdays,
        zone=found.zone,
    )
