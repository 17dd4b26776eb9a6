"""What the places decide by themselves: pure functions. Prices and deadlines are the rulebook's."""

from datetime import date, datetime, time, timedelta
from typing import Protocol

from preau.kernel.clock import at_paris

# How long an offered place is kept (unless the town says), and how long before the start it is no
# longer offered.
OFFER_KEPT = timedelta(hours=24)
OFFER_STOPS = timedelta(minutes=30)
# Children are counted in two groups, as supervision is.
GROUP_AGE = 6


class Counted(Protocol):
    """What the rules read of a counter of places (`models.Counter`)."""

    capacity: int
    kept: int
    taken: int
    young_taken: int
    young_capacity: int | None
    old_capacity: int | None
    adults: int | None
    young_per_adult: int | None
    old_per_adult: int | None


def adults_needed(counter: Counted, young: int, old: int) -> int | None:
    """Adults that these children ask for, each group by itself; None when no rule says it."""
    if not counter.young_per_adult or not counter.old_per_adult:
        return None
    return -(-young // counter.young_per_adult) + -(-old // counter.old_per_adult)


def room(counter: Counted, *, young: bool, extra: int = 0) -> int:
    """How many places a counter may still give to a group: the lowest of its limits.

    `extra`: places kept back that may be given too (an agent's act).
    """
    old_taken = counter.taken - counter.young_taken
    limits = [counter.capacity - counter.kept - counter.taken + extra]
    if young and counter.young_capacity is not None:
        limits.append(counter.young_capacity - counter.young_taken)
    if not young and counter.old_capacity is not None:
        limits.append(counter.old_capacity - old_taken)
    if counter.adults is not None and counter.young_per_adult and counter.old_per_adult:
        if young:
            others = -(-old_taken // counter.old_per_adult)
            limits.append((counter.adults - others) * counter.young_per_adult - counter.young_taken)
        else:
            others = -(-counter.young_taken // counter.young_per_adult)
            limits.append((counter.adults - others) * counter.old_per_adult - old_taken)
    return max(min(limits), 0)


def over(counter: Counted) -> bool:
    """Whether more is taken than the limits allow: they were lowered since."""
    old_taken = counter.taken - counter.young_taken
    needed = adults_needed(counter, counter.young_taken, old_taken)
    return (
        counter.taken > counter.capacity
        or (counter.young_capacity is not None and counter.young_taken > counter.young_capacity)
        or (counter.old_capacity is not None and old_taken > counter.old_capacity)
        or (needed is not None and counter.adults is not None and needed > counter.adults)
    )


def is_young(birth_on: date | None, day: date) -> bool:
    """Whether a child counts among those under 6 on a day; a child not born yet does."""
    if birth_on is None:
        return True
    return (
        day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))
    ) < GROUP_AGE


def offer_limit(
    *, now: datetime, day: date, starts_at: time, kept: timedelta = OFFER_KEPT
) -> datetime | None:
    """Until when a freed place is kept for the first of the queue; None when it is too late.

    The town's time, and never past half an hour before the start.
    """
    last = at_paris(day, starts_at) - OFFER_STOPS
    if last <= now:
        return None
    return min(now + kept, last)


def overlaps(one: tuple[time, time], other: tuple[time, time]) -> bool:
    """Whether two spans of a day have a moment in common."""
    return one[0] < other[1] and other[0] < one[1]


def lives_here(weeks: str, day: date) -> bool:
    """Whether a child in shared custody lives in the household in the week of `day` (ISO)."""
    if weeks == "ALL":
        return True
    return (day.isocalendar().week % 2 == 0) == (weeks == "EVEN")


def started(*, day: date, starts_at: time, now: datetime) -> bool:
    """Whether the slot has begun."""
    return at_paris(day, starts_at) <= now
