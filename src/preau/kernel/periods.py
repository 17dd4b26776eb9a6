"""Periods of whole days, both ends included; an open end means «until further notice»."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

FAR_FUTURE = date(9999, 12, 31)
# What a town has to do with: each of these days has its neighbours, and the months around it.
FIRST_YEAR, LAST_YEAR = 1900, 2199


def read_day(text: str) -> date:
    """The day of «2026-10-06», as addresses tell it. Raises ValueError for any other text, and
    for a day that no town has to do with."""
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"no day of a town: {text}")
    return day


@dataclass(frozen=True, slots=True)
class Period:
    """From `starts_on` to `ends_on`, both included. `ends_on` None: no end is known."""

    starts_on: date
    ends_on: date | None = None

    def __post_init__(self) -> None:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise ValueError(f"a period ends before it starts: {self.starts_on} > {self.ends_on}")

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day <= (self.ends_on or FAR_FUTURE)

    def overlaps(self, other: "Period") -> bool:
        return self.starts_on <= (other.ends_on or FAR_FUTURE) and other.starts_on <= (
            self.ends_on or FAR_FUTURE
        )

    def days(self) -> Iterator[date]:
        """Each day of a bounded period. Raises ValueError on an open one."""
        if self.ends_on is None:
            raise ValueError("an open period has no list of days")
        day = self.starts_on
        while day <= self.ends_on:
            yield day
            day += timedelta(days=1)


def month_period(day: date) -> Period:
    """The calendar month that holds `day`."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(first, following - timedelta(days=1))


def week_start(day: date) -> date:
    """The Monday of the week that holds `day`."""
    return day - timedelta(days=day.weekday())
