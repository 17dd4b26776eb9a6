"""Half-hours and places: how many children are expected at each moment of a day."""

from collections.abc import Iterable

from preau.childcare.rules.week import Span

STEP = 30


def half_hours(opens: int, closes: int) -> list[int]:
    """The half-hours of an opening, by their first minute."""
    return list(range(opens - opens % STEP, closes, STEP))


def heads(spans: Iterable[Span], opens: int, closes: int) -> list[int]:
    """Children there at some time of each half-hour."""
    found = [0] * len(half_hours(opens, closes))
    start = opens - opens % STEP
    for first, last in spans:
        low = max(0, (first - start) // STEP)
        high = min(len(found), -(-(last - start) // STEP))
        for index in range(low, high):
            found[index] += 1
    return found
