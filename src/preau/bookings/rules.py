"""What the places decide by themselves: pure functions. Prices and deadlines are the rulebook's."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Protocol

from preau.kernel import french
from preau.kernel.clock import at_paris

# How long an offered place is kept (unless the town says), and how long before the start it is no
# longer offered.
OFFER_KEPT = timedelta(hours=24)
OFFER_STOPS = timedelta(minutes=30)
# Children are counted in two groups, as supervision is: the law's age, unless the town's slots say
# another.
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
    return max(
        _left(counter, counter.young_taken, counter.taken - counter.young_taken, young, extra), 0
    )


def _left(counter: Counted, young_taken: int, old_taken: int, young: bool, extra: int = 0) -> int:
    """As `room`, with these places taken; under 0 by as many as are past the limit."""
    limits = [counter.capacity - counter.kept - young_taken - old_taken + extra]
    if young and counter.young_capacity is not None:
        limits.append(counter.young_capacity - young_taken)
    if not young and counter.old_capacity is not None:
        limits.append(counter.old_capacity - old_taken)
    if counter.adults is not None and counter.young_per_adult and counter.old_per_adult:
        if young:
            others = -(-old_taken // counter.old_per_adult)
            limits.append((counter.adults - others) * counter.young_per_adult - young_taken)
        else:
            others = -(-young_taken // counter.young_per_adult)
            limits.append((counter.adults - others) * counter.old_per_adult - old_taken)
    return min(limits)


def waits_in_group(counters: Iterable[Counted], *, young: bool) -> bool:
    """Whether a child who waits does so behind its own group only: the places that it waits for
    are those of the group, nobody of the other group may take them first.

    `counters`: the slot's and those that it shares. So it is where, once enough children of the
    group have left for one to enter, the other group still has no room; or where it has room now.
    """
    blocked, full, other_free = False, False, True
    for counter in counters:
        young_taken, old_taken = counter.young_taken, counter.taken - counter.young_taken
        left = _left(counter, young_taken, old_taken, young)
        other_free = other_free and _left(counter, young_taken, old_taken, not young) > 0
        if left > 0:
            continue
        full = True
        leaving = 1 - left
        if leaving > (young_taken if young else old_taken):
            continue  # the whole group would not be enough: other limits rule
        if young:
            young_taken -= leaving
        else:
            old_taken -= leaving
        blocked = blocked or _left(counter, young_taken, old_taken, not young) <= 0
    return blocked or (full and other_free)


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


def is_young(birth_on: date | None, day: date, cut: int = GROUP_AGE) -> bool:
    """Whether a child counts among those under `cut` (the slot's) on a day; a child not born yet
    does."""
    if birth_on is None:
        return True
    return (
        day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))
    ) < cut


def group_name(cut: int, *, young: bool) -> str:
    """«moins de 6 ans», «6 ans et plus»."""
    return f"moins de {cut} ans" if young else f"{cut} ans et plus"


def group_of(signed: int | None) -> str:
    """The group that a rank is counted in, from the age that queries give: under it when positive,
    from it on when negative; empty when the rank is the slot's."""
    return group_name(abs(signed), young=signed > 0) if signed else ""


def queue_words(rank: int | None, group: str = "", where: str = "en liste d’attente") -> str:
    """«3e en liste d’attente», «2e des moins de 6 ans en liste d’attente»."""
    if not rank:
        return "en liste d’attente"
    among = f" des {group}" if group else ""
    return f"{french.ordinal(rank)}{among} {where}"


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


def begun_since(*, day: date, starts_at: time, at: datetime, now: datetime) -> bool:
    """Whether the slot has begun since it was cancelled `at`: families did not come. One that had
    begun before is as it was."""
    return started(day=day, starts_at=starts_at, now=now) and not started(
        day=day, starts_at=starts_at, now=at
    )
