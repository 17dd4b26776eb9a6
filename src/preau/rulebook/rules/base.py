"""What all rules share: an identity, a scope, dates, a condition, and what the text leaves open."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from preau.rulebook.rules.conditions import ALWAYS, Condition

ROUNDINGS = ("half_up", "half_down", "half_even", "down", "up")


@dataclass(frozen=True, slots=True)
class Rounding:
    """How to round an amount of cents: the mode, and the step in cents (5: to five cents).

    The total is always rounded; ``unit`` says whether the price of one unit is rounded first.
    """

    mode: str = "half_up"
    step: Decimal = Decimal(1)
    unit: bool = True


USUAL = Rounding()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule applies; an empty tuple means everywhere."""

    activities: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()

    def covers(self, activity: str, product: str) -> bool:
        """Whether the scope holds the activity and the product (days are looked at later)."""
        return (not self.activities or activity in self.activities) and (
            not self.products or product in self.products
        )


EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class Reading:
    """Another reading of the same rule, when the source text has several."""

    rule: "Rule"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """What the text leaves open: the question, and the other possible readings."""

    question: str
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Base of every rule. The first rule or all rules apply: each section says which."""

    id: str
    label: str = ""
    scope: Scope = EVERYWHERE
    when: Condition = ALWAYS
    starts_on: date | None = None
    ends_on: date | None = None
    enabled: bool = True
    note: str = ""
    unclear: Unclear | None = field(default=None)

    @property
    def name(self) -> str:
        return self.label or self.id

    def in_force(self, day: date | None) -> bool:
        """Whether the rule's own dates hold the day (both included)."""
        if day is None:
            return True
        return (self.starts_on is None or day >= self.starts_on) and (
            self.ends_on is None or day <= self.ends_on
        )
