"""From a day's clock to its hours: contracted, real, above the contract.

CNAF, circular 2014-009: each half-hour begun outside the contract is due, and counts both in the
real and in the invoiced hours.
"""

from dataclasses import dataclass

from preau.childcare.rules.week import Span

HALF_HOUR = 30


@dataclass(frozen=True, slots=True)
class DayHours:
    """Minutes. `planned` is owed by the contract, `over` is above it, `real` was spent there."""

    planned: int
    real: int
    over: int


def begun(minutes: int, tolerance: int = 0) -> int:
    """Half-hours begun, in minutes; nothing up to the tolerance: 1 → 30, 30 → 30, 31 → 60."""
    if minutes <= tolerance or minutes <= 0:
        return 0
    return -(-minutes // HALF_HOUR) * HALF_HOUR


def day_hours(planned: Span | None, came: Span | None, *, tolerance: int = 0) -> DayHours:
    """What one day counts. `came` is arrival and departure, in minutes from midnight."""
    length = planned[1] - planned[0] if planned else 0
    if came is None:
        return DayHours(length, 0, 0)
    arrived, left = came
    if planned is None:
        spent = begun(left - arrived)
        return DayHours(0, spent, spent)
    early = begun(min(left, planned[0]) - arrived, tolerance)
    late = begun(left - max(arrived, planned[1]), tolerance)
    inside = min(left, planned[1]) - max(arrived, planned[0])
    return DayHours(length, min(length, begun(inside)) + early + late, early + late)
