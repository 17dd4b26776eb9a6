"""What tablets say, with or without network: the acts, and the sheet that they make together.

The rule is that of docs/decisions/0022, for a site's sessions and for a crèche's door alike: an act
has a key of its own and is kept once; the earliest arrival wins, and the earliest departure that
is not before it. The fold is over a set: any order of arrival gives the same sheet.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

# A tablet that slept longer than this no longer speaks for its day.
OLDEST = timedelta(days=3)


class TickAct(models.TextChoices):
    """What a tablet says of one child."""

    PRESENT = "PRESENT", "présent"
    ABSENT = "ABSENT", "absent"
    LEFT = "LEFT", "parti"
    UNDO = "UNDO", "annulé"


class TickOutcome(models.TextChoices):
    """What became of it. Whatever the outcome, the tick is kept."""

    APPLIED = "APPLIED", "enregistré"
    KEPT = "KEPT", "sans effet"
    REFUSED = "REFUSED", "refusé"


@dataclass(frozen=True, slots=True)
class TickData:
    """One act of a tablet: a child by id, or by a code. `undoes`: the key taken back.

    `slot_id` is the sheet that it speaks of: a session of a site, or a crèche for its door.
    """

    key: UUID
    slot_id: int
    act: str
    at: datetime
    child_id: int | None = None
    code: str = ""
    undoes: UUID | None = None
    collected_by: str = ""
    # The code was seen by the camera, not typed.
    is_seen: bool = False


@dataclass(frozen=True, slots=True)
class TickAnswer:
    """What became of one act of a tablet; once told, the tablet forgets it."""

    key: UUID
    outcome: str
    sentence: str = ""
    child_id: int | None = None
    name: str = ""


def read_tick(line: Any) -> TickData:
    """A line that a tablet sent. Raises ValueError, KeyError, TypeError when it cannot be read."""
    found = TickData(
        key=UUID(str(line["key"])),
        slot_id=int(line["slot"]),
        act=str(line["act"])[:7],
        at=datetime.fromisoformat(line["at"]),
        child_id=int(line["child"]) if line.get("child") else None,
        code=str(line.get("code") or "")[:80],
        undoes=UUID(str(line["undoes"])) if line.get("undoes") else None,
        collected_by=str(line.get("by") or "")[:120],
        is_seen=bool(line.get("seen")),
    )
    if found.at.tzinfo is None:
        raise ValueError("an instant without its offset")
    return found


def set_right(
    ticks: Iterable[TickData], *, sent_at: datetime, now: datetime
) -> Iterator[tuple[TickData, datetime]]:
    """Each act with its true instant, oldest first.

    `sent_at` is the tablet's clock when it sends: a clock that is wrong moves each instant by as
    much.
    """
    skew = now - sent_at
    for tick in sorted(ticks, key=lambda t: (t.at, str(t.key))):
        yield tick, min(tick.at + skew, now)


def fold_hours(
    arrivals: Iterable[datetime], leavings: Iterable[tuple[datetime, str]]
) -> tuple[datetime | None, datetime | None, str]:
    """The earliest arrival, the earliest departure not before it, and to whom the child went."""
    arrived = min(arrivals, default=None)
    after = [one for one in leavings if arrived is None or one[0] >= arrived]
    left, by = min(after, key=lambda one: one[0], default=(None, ""))
    return arrived, left, by
