"""Pure rules of an opening day: who may book when, and how fast the gate lets people in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from preau.openings.enums import Audience

# The share of the servers' time that may be busy before people wait, and that the gate aims at.
FULL = 0.90
AIM = 0.80
# People let in per second: the first guess of a rush, and its bounds. The guess is low, since who
# is let in cannot be put out: the rate grows by a quarter a second while the servers have time.
FIRST_RATE, LEAST_RATE, MOST_RATE = 10.0, 2.0, 2_000.0
# Pages that one visit asks behind the door: the planning, its sending, the receipt.
PAGES_A_VISIT = 3
# Full or not, the servers finish so many visits a second; this share of them goes on coming in, so
# that those inside grow fewer without the servers ever waiting for someone.
HOLD = 0.7
# Who is called comes at the next poll, this many seconds later: the last ones are called ahead.
CALLED_AHEAD = 4.0
QUIET = timedelta(seconds=20)


class WindowLike(Protocol):
    """What the rules read of a window, a row or a value."""

    @property
    def audience(self) -> str: ...
    @property
    def opens_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime | None: ...
    @property
    def first_day(self) -> date: ...
    @property
    def last_day(self) -> date: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What makes a household belong to an audience."""

    is_resident: bool
    has_sibling_enrolled: bool
    was_enrolled_last_year: bool

    def belongs(self, audience: str) -> bool:
        return {
            Audience.ALL: True,
            Audience.RESIDENTS: self.is_resident,
            Audience.SIBLINGS: self.has_sibling_enrolled,
            Audience.LAST_YEAR: self.was_enrolled_last_year,
        }[Audience(audience)]


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a day may be booked now; when not, since or from which instant."""

    is_open: bool
    opens_at: datetime | None = None
    closed_at: datetime | None = None


def opening_of(
    windows: Iterable[WindowLike], *, day: date, standing: Standing, now: datetime
) -> Opening:
    """Whether this household may book this day now.

    A day that no window covers is always open: windows restrict, they are not needed. Of several
    windows of its audiences, the earliest opening counts.
    """
    covering = [w for w in windows if w.first_day <= day <= w.last_day]
    if not covering:
        return Opening(is_open=True)
    mine = [w for w in covering if standing.belongs(w.audience)]
    if any(w.opens_at <= now and (w.closes_at is None or now < w.closes_at) for w in mine):
        return Opening(is_open=True)
    coming = [w.opens_at for w in mine if w.opens_at > now]
    if coming:
        return Opening(is_open=False, opens_at=min(coming))
    closed = [w.closes_at for w in mine if w.closes_at]
    return Opening(is_open=False, closed_at=max(closed, default=None))


def next_rate(rate: float, busy: float, seconds: float, served: float = 0.0) -> float:
    """The next admission rate (people per second) from the share of time the servers were busy.

    Multiplicative steps towards AIM: a third slower at once when they are full, gently faster
    while they have time. Bounded, so that one odd measure neither floods nor starves; and never
    below a share of the visits `served` a second, which the servers are known to hold.
    """
    if busy >= FULL:
        factor = 0.67
    else:
        factor = 1 + max(-0.33, min(0.25, 0.6 * (AIM - busy) / AIM))
    factor **= min(max(seconds, 0.1), 3.0)
    return min(max(rate * factor, least_rate(served)), MOST_RATE)


def least_rate(served: float) -> float:
    """The slowest that people are let in while `served` visits are finished each second."""
    return max(LEAST_RATE, HOLD * served)


def estimate_minutes(ahead: int, rate: float) -> int:
    """Minutes to wait with `ahead` people before: rounded up, at least one, never a promise."""
    return max(1, -(-int(ahead / max(rate, LEAST_RATE)) // 60))
