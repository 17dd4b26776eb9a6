"""Exact arithmetic and the one place where cents are rounded."""

from decimal import Decimal
from fractions import Fraction

from preau.rulebook.rules.base import Rounding


def round_to(value: Fraction, mode: str, step: Fraction = Fraction(1)) -> Fraction:
    """Round to a multiple of the step: half_up, half_down, half_even, down, up (from zero)."""
    steps = value / step
    sign = -1 if steps < 0 else 1
    steps = abs(steps)
    whole, rest = divmod(steps.numerator, steps.denominator)
    twice = 2 * rest - steps.denominator
    up = (
        (mode == "up" and rest > 0)
        or (mode == "half_up" and twice >= 0)
        or (mode == "half_down" and twice > 0)
        or (mode == "half_even" and (twice > 0 or (twice == 0 and whole % 2 == 1)))
    )
    return sign * (whole + (1 if up else 0)) * step


def round_cents(cents: Fraction, rounding: Rounding) -> Fraction:
    """Round an exact number of cents as the town says; stays a whole number of cents."""
    return round_to(cents, rounding.mode, Fraction(rounding.step))


def exact(value: Decimal | int) -> Fraction:
    return Fraction(value)
