"""When the demo's story takes place: everything is told from the day it is loaded on."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris, paris_day
from preau.kernel.enums import Channel

ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class Story:
    """What the chapters of the demo share. `now` is the instant of the loading.

    The school year is the one that holds that day; bookings run from `first` to `last`, and what
    is over by `now` was attended and invoiced.
    """

    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random("Préau"))
    # Ids by name, filled by the chapters.
    services: dict[str, int] = field(default_factory=dict)
    sites: dict[str, int] = field(default_factory=dict)
    activities: dict[str, int] = field(default_factory=dict)
    offerings: dict[tuple[str, int], int] = field(default_factory=dict)
    pieces: dict[str, int] = field(default_factory=dict)
    offices: dict[str, int] = field(default_factory=dict)
    agents: dict[str, Actor] = field(default_factory=dict)
    school_year_id: int = 0

    @property
    def today(self) -> date:
        return paris_day(self.now)

    @property
    def rentree(self) -> date:
        """The first of September of the running school year."""
        day = self.today
        return date(day.year if day.month >= 9 else day.year - 1, 9, 1)

    @property
    def first(self) -> date:
        """The first day of the story: two whole months before this one, within the school year."""
        start = self.today.replace(day=1)
        for _ in range(2):
            start = (start - ONE_DAY).replace(day=1)
        return max(start, self.rentree)

    @property
    def last(self) -> date:
        """The last day booked: the end of next month."""
        after = (self.today.replace(day=1) + timedelta(days=63)).replace(day=1)
        return min(after - ONE_DAY, date(self.rentree.year + 1, 7, 3))

    @property
    def months_over(self) -> list[date]:
        """The first days of the whole months of the story that are over."""
        found = []
        month = self.first.replace(day=1)
        while month < self.today.replace(day=1):
            found.append(month)
            month = (month + timedelta(days=32)).replace(day=1)
        return found

    @property
    def opening(self) -> datetime:
        """When the town opened: the week before the story begins."""
        return at_paris(self.first - timedelta(days=6), time(9))

    @property
    def settled(self) -> datetime:
        """When the register was read: acts on a file come after it."""
        return max(self.opening, at_paris(self.rentree + 2 * ONE_DAY, time(9)))

    @property
    def town_hall(self) -> Actor:
        return Actor.system("Mairie")

    def agent(self, name: str) -> Actor:
        """One of the demo's agents, as an author of acts."""
        return self.agents[name]

    def ago(self, days: float) -> datetime:
        """An instant before now; never before the opening."""
        return max(self.now - timedelta(days=days), self.settled)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share


def actor_of(user: object, label: str, *, is_agent: bool) -> Actor:
    """An author of acts, from an account."""
    return Actor(
        user_id=user.pk,  # type: ignore[attr-defined]
        label=label,
        channel=Channel.COUNTER if is_agent else Channel.PORTAL,
        is_agent=is_agent,
    )


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    """A wall-clock time in Paris, as an instant."""
    return at_paris(day, time(hour, minute)).astimezone(UTC)
