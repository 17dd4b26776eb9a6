"""The facts of one question: what the caller gave, what is understood, what can be computed."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from preau.rulebook.errors import FactError, Undecided
from preau.rulebook.facts import Facts, check_value
from preau.rulebook.rules.base import Rule
from preau.rulebook.rules.book import Activity, Product, Rulebook
from preau.rulebook.rules.conditions import ALWAYS, holds
from preau.rulebook.when import EMPTY_CALENDAR, WEEKDAY_CODES, Calendar

_MISSING = object()


class Context:
    """One question put to a rulebook. ``get`` is the only way rules read facts."""

    __slots__ = (
        "action",
        "activity",
        "at",
        "book",
        "calendar",
        "computing",
        "day",
        "depth",
        "facts",
        "known",
        "product",
    )

    def __init__(
        self,
        book: Rulebook,
        activity: str,
        product: str | None,
        day: date | None,
        facts: Facts,
        calendar: Calendar | None = None,
        action: str | None = None,
        at: datetime | None = None,
        depth: int = 0,
    ) -> None:
        self.book = book
        self.depth = depth
        found = book.activity(activity)
        if found is None:
            raise FactError("activity", "une activité du règlement", activity, unknown=False)
        self.activity: Activity = found
        product = product or None
        if product is None and len(found.products) == 1:
            product = found.products[0].code
        chosen = found.product(product) if product is not None else Product(code="")
        if chosen is None:
            raise FactError("product", f"un produit de « {activity} »", product)
        self.product: Product = chosen
        self.day = day
        self.calendar = calendar or EMPTY_CALENDAR
        self.action = action
        self.at = at
        self.facts = facts
        self.known: dict[str, Any] = {}
        self.computing: set[str] = set()

    def get(self, name: str) -> Any:
        """The value of a fact: given, else understood, else computed, else None (unknown)."""
        value = self.known.get(name, _MISSING)
        if value is not _MISSING:
            return value
        value = self.facts.get(name)
        if name == "quotient":
            value = self._quotient(value)
        if value is None:
            compute = DERIVED.get(name)
            if compute is not None and name not in self.computing:
                self.computing.add(name)
                value = compute(self)
                self.computing.discard(name)
        if value is None:
            value = self.book.defaults.get(name)
        self.known[name] = value
        return value

    def _quotient(self, value: Any) -> Any:
        if value is None and self.book.quotient.formula is not None:
            value = self._computed_quotient()
        received, previous = (
            self.facts.get("quotient_received_on"),
            self.facts.get("quotient_previous"),
        )
        if received is None or self.day is None or "quotient_previous" not in self.facts:
            return value
        since = quotient_applies_from(self.book, received)
        return previous if self.day < since else value

    def _computed_quotient(self) -> Decimal | None:
        from preau.rulebook.engine.quotients import computed_quotient

        try:
            found = computed_quotient(self.book, self.facts).value
        except Undecided:
            return None
        return Decimal(found.numerator) / Decimal(found.denominator)

    def applies(self, rule: Rule) -> bool:
        """Whether the rule's dates, days and condition hold (activity and product are checked)."""
        if not rule.in_force(self.day):
            return False
        scope = rule.scope
        if scope.weekdays and self.get("weekday") not in scope.weekdays:
            return False
        if scope.periods and self.get("period") not in scope.periods:
            return False
        if scope.holidays and self.get("holiday") not in scope.holidays:
            return False
        return rule.when is ALWAYS or holds(rule.when, self.get)

    def rules(self, section: str) -> tuple[Any, ...]:
        """The enabled rules of a section whose scope holds this activity and product, in order."""
        key = (section, self.activity.code, self.product.code)
        found = self.book.cache.get(key)
        if found is None:
            found = tuple(
                rule
                for rule in getattr(self.book, section)
                if rule.enabled and rule.scope.covers(self.activity.code, self.product.code)
            )
            self.book.cache[key] = found
        return found

    def with_facts(self, **more: Any) -> "Context":
        """The same question with some facts replaced (already of the right type)."""
        for name, value in more.items():
            fact = self.book.fact(name)
            if fact is not None:
                check_value(fact, value)
        return Context(
            self.book,
            self.activity.code,
            self.product.code or None,
            self.day,
            self.facts._merged(more),
            self.calendar,
            self.action,
            self.at,
        )


def quotient_applies_from(book: Rulebook, received: date) -> date:
    """From which day a quotient received on a day counts, by the town's choice."""
    match book.quotient.change:
        case "next_month":
            return (received.replace(day=28) + timedelta(days=4)).replace(day=1)
        case "month":
            return received.replace(day=1)
        case "next_year":
            year = received.year + (1 if received.month >= 9 else 0)
            return date(year, 9, 1)
        case "retroactive":
            months = book.quotient.backdate_months or 0
            index = received.year * 12 + received.month - 1 - months
            return date(index // 12, index % 12 + 1, 1)
        case _:
            return received


def _day_fact(of: Callable[[date, Calendar], Any]) -> Callable[[Context], Any]:
    return lambda context: None if context.day is None else of(context.day, context.calendar)


def _holiday_name(day: date, calendar: Calendar) -> str | None:
    holiday = calendar.holiday(day)
    return holiday.name if holiday else None


DERIVED: dict[str, Callable[[Context], Any]] = {
    "day": _day_fact(lambda day, _: day),
    "weekday": _day_fact(lambda day, _: WEEKDAY_CODES[day.weekday()]),
    "day_of_month": _day_fact(lambda day, _: day.day),
    "month": _day_fact(lambda day, _: day.month),
    "period": _day_fact(lambda day, calendar: calendar.period(day)),
    "holiday": _day_fact(_holiday_name),
    "week_public_holidays": _day_fact(lambda day, calendar: calendar.week_public_holidays(day)),
    "action": lambda context: context.action,
    "activity": lambda context: context.activity.code,
    "product": lambda context: context.product.code,
}
