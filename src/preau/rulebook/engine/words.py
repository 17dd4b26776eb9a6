"""Numbers and amounts in explanation sentences."""

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from preau.kernel import french
from preau.kernel.french import MINUS, NARROW
from preau.rulebook.facts import Fact
from preau.rulebook.when import french_instant

COLON = f"{NARROW}: "
TIMES = "\u00a0× "
FRACTIONS = {
    Fraction(1, 2): "moitié",
    Fraction(1, 3): "un tiers",
    Fraction(2, 3): "deux tiers",
    Fraction(1, 4): "un quart",
    Fraction(3, 4): "trois quarts",
    Fraction(2): "double",
    Fraction(3): "triple",
    Fraction(0): "gratuit",
}


def number(value: Any) -> str:
    """A number as French people write it: 1 234,5; no useless zeros."""
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator)
    if isinstance(value, int):
        value = Decimal(value)
    text = f"{abs(value):f}"
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0")
    whole = french.number(int(whole))
    sign = MINUS if value < 0 else ""
    return f"{sign}{whole},{rest}" if rest else f"{sign}{whole}"


def euros(cents: int) -> str:
    return french.euros(cents)


def signed(cents: int) -> str:
    """«+ 2,50 €», «− 0,30 €»."""
    return f"{'+' if cents >= 0 else MINUS}{NARROW}{french.euros(abs(cents))}"


def percent(value: Decimal | Fraction) -> str:
    return f"{number(value)}{NARROW}%"


def say(fact: Fact | None, value: Any) -> str:
    """A fact's value in a sentence."""
    if value is None:
        return "non fourni"
    if value is True:
        return "oui"
    if value is False:
        return "non"
    if isinstance(value, (int, Decimal, Fraction)):
        return number(value)
    if isinstance(value, datetime):
        return french_instant(value)
    if isinstance(value, date):
        return french.day(value)
    if isinstance(value, time):
        return french.clock_time(value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return str(value)
