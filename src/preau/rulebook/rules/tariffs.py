"""Rules that make a price: tariffs, adjustments, extras, surcharges, penalties, group rules."""

from dataclasses import dataclass
from decimal import Decimal

from preau.rulebook.rules.amounts import Amount
from preau.rulebook.rules.base import Rounding, Rule
from preau.rulebook.rules.conditions import Condition

STARTED = ("due", "free", "nearest", "exact")
OPERATIONS = ("add", "set", "multiply", "percent", "at_least", "at_most")
STAGES = ("unit", "service", "total")
SPANS = ("day", "week", "month", "period", "term", "year")
GROUPS = ("child", "family")


@dataclass(frozen=True, slots=True)
class Unit:
    """Billing by slices of time.

    ``minutes`` is the slice, ``of`` the fact that holds the duration, ``started`` what a slice
    begun costs (due, free, nearest, exact share), ``free`` the first minutes never counted,
    ``grace`` the minutes forgiven before a further
    slice counts, ``price_for`` the minutes that the written price is for (an hourly price billed
    by quarter), ``at_least``/``at_most`` the number of slices.
    """

    minutes: int
    of: str = "minutes"
    started: str = "due"
    grace: int = 0
    free: int = 0
    price_for: int | None = None
    at_least: int | None = None
    at_most: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff(Rule):
    """Sets the price; for a product and a day the first that applies wins.

    ``times`` are facts by which the price is multiplied (meals, hours…), ``divide`` what it is
    then divided by (12 monthly instalments). ``per`` only says what the price is for.
    ``surcharge``: this price is itself a surcharged one (another price when nothing was booked).
    """

    amount: Amount
    unit: Unit | None = None
    times: tuple[str, ...] = ()
    divide: Decimal | None = None
    per: str = "service"
    rounding: Rounding | None = None
    surcharge: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """add, set, multiply, percent (± %), at_least, at_most."""

    operation: str
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment(Rule):
    """Changes the price; all that apply, in order. In a ``group`` only the first that applies.

    ``on``: the unit price, the service (units counted), or the total with extras. ``of_base``:
    a percentage is taken of the tariff's price, not of the running amount.
    """

    effect: Effect
    on: str = "service"
    of_base: bool = False
    group: str = ""
    times: tuple[str, ...] = ()
    unit: Unit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge(Adjustment):
    """An adjustment that is a surcharge (unbooked, booked late…); may be left to an agent."""

    proposal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra(Rule):
    """One more line beside the tariff: meal, snack, transport, membership; all that apply."""

    amount: Amount
    unit: Unit | None = None
    times: tuple[str, ...] = ()
    divide: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty(Rule):
    """An amount due for what happened (late pick-up, late payment…); see ``group``."""

    amount: Amount
    unit: Unit | None = None
    times: tuple[str, ...] = ()
    proposal: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule(Rule):
    """Changes the sum of several uses: of a child or a family, by day, week, month or period.

    ``counting`` tests the group's own counts: ``uses``, ``days``, ``children``, ``total``,
    ``weeks``, ``activities``. All that apply, in order; ``group`` as for adjustments.
    """

    each: str = "child"
    span: str = "month"
    counting: Condition
    effect: Effect
    times: tuple[str, ...] = ()
    group: str = ""
