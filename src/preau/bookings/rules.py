"""What the places decide by themselves: pure functions. Prices and deadlines are the rulebook's."""

from datetime import date, datetime, time, timedelta

from preau.kernel.clock import at_paris

# How long an offered place is kept, and how long before the start it is no longer offered.
OFFER_KEPT = timedelta(hours=24)
OFFER_STOPS = timedelta(minutes=30)


def offer_limit(*, now: datetime, day: date, starts_at: time) -> datetime | None:
    """Until when a freed place is kept for the first of the queue; None when it is too late.

    A day, and never past half an hour before the start.
    """
    last = at_paris(day, starts_at) - OFFER_STOPS
    if last <= now:
        return None
    return min(now + OFFER_KEPT, last)


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
