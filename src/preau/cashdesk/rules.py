"""Pure rules of the till. Amounts in cents."""

from collections.abc import Mapping
from datetime import date

from preau.cashdesk.errors import WrongCount

NOTES = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500)
COINS = (200, 100, 50, 20, 10, 5, 2, 1)
DENOMINATIONS = (*NOTES, *COINS)
"""Notes and coins in euros, in cents, the largest first."""
NEAR_CEILING = 80
"""Per cent of the ceiling from which a deposit is advised."""


def count_cash(counted: Mapping[int, int]) -> int:
    """The sum of a count by denomination (cents → how many). Raises WrongCount."""
    total = 0
    for value, number in counted.items():
        if value not in DENOMINATIONS or not 0 <= number <= 9_999:
            raise WrongCount
        total += value * number
    return total


def expected_cash(*, float_cents: int, held_cents: int) -> int:
    """What the drawer must hold: its float, and what was received and not deposited."""
    return float_cents + held_cents


def deposit_is_due(
    *, held_cents: int, since: date | None, last_deposit_on: date | None, day: date, days: int
) -> bool:
    """Whether what is held waits for longer than the act allows. `since`: the oldest receipt."""
    if held_cents <= 0:
        return False
    starts = [moment for moment in (since, last_deposit_on) if moment]
    return bool(starts) and (day - max(starts)).days >= days


def is_near(held_cents: int, ceiling_cents: int | None) -> bool:
    """Whether the till comes near its ceiling."""
    return bool(ceiling_cents) and held_cents * 100 >= (ceiling_cents or 0) * NEAR_CEILING
