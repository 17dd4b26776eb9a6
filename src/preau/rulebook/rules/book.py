"""The rulebook itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from preau.rulebook.facts import BY_NAME, Fact
from preau.rulebook.rules.base import USUAL, Rounding, Rule
from preau.rulebook.rules.moments import Absence, Access, Deadline
from preau.rulebook.rules.tariffs import (
    Adjustment,
    Extra,
    GroupRule,
    Penalty,
    Surcharge,
    Tariff,
)

ACTIVITY_KINDS = (
    "meal",
    "lunch_supervision",
    "before_after_school",
    "wednesday",
    "holidays",
    "sports",
    "workshop",
    "nursery",
    "study",
    "registration",
    "other",
)
QUOTIENT_CHANGES = ("received", "next_month", "month", "next_year", "retroactive")


@dataclass(frozen=True, slots=True)
class Product:
    """A product of an activity. ``opens``/``closes`` are minutes since midnight, for durations
    and late pick-up."""

    code: str
    label: str = ""
    opens: int | None = None
    closes: int | None = None

    @property
    def name(self) -> str:
        return self.label or self.code


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as rules see it. ``starts`` is the hour from which hours before are counted;
    ``cost_cents`` the cost per user after subsidies, for the legal check of meals. Of ``kind``
    registration: a fee due once ``each`` family or child, when enrolled in one of ``due_for``
    (any activity, if empty)."""

    code: str
    label: str = ""
    kind: str = "other"
    days: tuple[str, ...] = ()
    starts: int | None = None
    cost: Decimal | None = None
    products: tuple[Product, ...] = ()
    priced: bool = True
    each: str = "family"
    due_for: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.label or self.code

    def product(self, code: str) -> Product | None:
        for product in self.products:
            if product.code == code:
                return product
        return None


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the quotient's formula: fact × multiply ÷ divide."""

    fact: str
    multiply: Decimal = Decimal(1)
    divide: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class QuotientFormula:
    """The town's own quotient: the sum of terms divided by parts (a fact or a grid of it)."""

    terms: tuple[Term, ...]
    divided_by: tuple[str, ...] = ()
    rounding: str = "half_up"
    step: Decimal = Decimal("0.01")
    label: str = ""


@dataclass(frozen=True, slots=True)
class QuotientRules:
    """How a quotient is known: formula, from when a new one applies, how far it is back-dated."""

    formula: QuotientFormula | None = None
    change: str = "received"
    reference: str = ""
    backdate_months: int | None = None


@dataclass(frozen=True)
class Rulebook:
    """A town's rules, complete and in order. Plain values: equal when they say the same."""

    name: str
    council_decision: str = ""
    executory_on: date | None = None
    applies_from: date | None = None
    applies_until: date | None = None
    version: str = ""
    notes: tuple[str, ...] = ()
    rounding: Rounding = USUAL
    assume: tuple[tuple[str, Any], ...] = ()
    facts: tuple[Fact, ...] = ()
    quotient: QuotientRules = QuotientRules()
    activities: tuple[Activity, ...] = ()
    tariffs: tuple[Tariff, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    extras: tuple[Extra, ...] = ()
    surcharges: tuple[Surcharge, ...] = ()
    groups: tuple[GroupRule, ...] = ()
    access: tuple[Access, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    absences: tuple[Absence, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    lines: tuple[tuple[str, int], ...] = field(default=(), compare=False, repr=False)

    @cached_property
    def own_facts(self) -> dict[str, Fact]:
        return {fact.name: fact for fact in self.facts}

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What is understood when the caller says nothing: declared defaults, then ``assume``."""
        known = {f.name: f.default for f in BY_NAME.values() if f.default is not None}
        known |= {f.name: f.default for f in self.facts if f.default is not None}
        return known | dict(self.assume)

    def fact(self, name: str) -> Fact | None:
        return BY_NAME.get(name) or self.own_facts.get(name)

    def activity(self, code: str) -> Activity | None:
        for activity in self.activities:
            if activity.code == code:
                return activity
        return None

    def sections(self) -> Iterator[tuple[str, tuple[Rule, ...]]]:
        """Every section of rules by its name."""
        for name in SECTIONS:
            yield name, getattr(self, name)

    def rules(self) -> Iterator[tuple[str, Rule]]:
        for name, rules in self.sections():
            for rule in rules:
                yield name, rule

    @cached_property
    def readings(self) -> tuple[tuple["Rulebook", Rule, str], ...]:
        """One rulebook for each other reading of an unclear rule: (rulebook, rule, label)."""
        found = []
        for section, rules in self.sections():
            for index, rule in enumerate(rules):
                if rule.unclear is None:
                    continue
                for reading in rule.unclear.readings:
                    changed = (*rules[:index], reading.rule, *rules[index + 1 :])
                    fields: dict[str, Any] = {section: changed}
                    found.append((replace(self, **fields), rule, reading.label))
        return tuple(found)

    @cached_property
    def cache(self) -> dict[Any, Any]:
        """What engines compile from these rules, kept beside them."""
        return {}


SECTIONS = (
    "tariffs",
    "adjustments",
    "extras",
    "surcharges",
    "groups",
    "access",
    "deadlines",
    "absences",
    "penalties",
)
