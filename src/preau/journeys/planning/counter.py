"""A child's days at the counter: a list to book, cancel or move from, whatever the deadline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from preau.bookings.enums import Outcome
from preau.bookings.queries import pairs_booked, slots_between
from preau.bookings.rules import is_young, started
from preau.bookings.services import Line, preview_planning
from preau.enrolments.queries import read_active_enrolments
from preau.journeys.planning.board import get_board, schooling_of
from preau.journeys.planning.choices import Review
from preau.journeys.planning.values import Board, BoardCell
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.periods import week_start
from preau.kernel.text import is_number
from preau.schools.queries import schooling_on

# What the calendar shows of a day that the child has, or waits for.
HAS = ("booked", "waiting", "offered", "past", "away")


@dataclass(frozen=True, slots=True)
class CounterDay:
    """One session of the child's: `left` places for its group, `cell` as the calendar shows it."""

    day: date
    cell: BoardCell
    starts_at: time
    ends_at: time
    left: int
    is_begun: bool
    can_book: bool
    can_leave: bool


@dataclass(frozen=True, slots=True)
class CounterList:
    """The days of a child in an activity between two days. `ends_on`: the last of its enrolment."""

    board: Board
    days: list[CounterDay]
    ends_on: date | None


def counter_days(
    *,
    family: Any,
    child_id: int,
    birth_on: date | None,
    activity: str,
    first: date,
    last: date,
    weekday: int | None,
    user_id: int,
    now: datetime,
) -> CounterList:
    """The sessions that the child may have, as an agent sees them: past their deadline or not."""
    board = get_board(
        family=family,
        user_id=user_id,
        month=first.replace(day=1),
        activity=activity,
        now=now,
        span=(week_start(first), week_start(last) + timedelta(days=6)),
    )
    if board.tab is None:
        return CounterList(board, [], None)
    rights = [
        e
        for e in read_active_enrolments(family.pk, min(first, paris_day(now)))
        if e.child_id == child_id and e.offering.activity.slug == board.tab.slug
    ]
    slots = {s.pk: s for s in slots_between({e.offering_id for e in rights}, first, last)}
    found = []
    for week in board.weeks:
        for entry in week.days:
            if weekday is not None and entry.day.weekday() != weekday:
                continue
            for cell in entry.cells.get(child_id, ()):
                slot = slots.get(cell.slot_id)
                if slot is None or not first <= slot.day <= last:
                    continue
                begun = started(day=slot.day, starts_at=slot.starts_at, now=now)
                has = cell.state in HAS
                found.append(
                    CounterDay(
                        day=slot.day,
                        cell=cell,
                        starts_at=slot.starts_at,
                        ends_at=slot.ends_at,
                        left=slot.left(young=is_young(birth_on, slot.day, slot.age_cut)),
                        is_begun=begun,
                        can_book=slot.is_open
                        and not begun
                        and not has
                        and cell.state in ("free", "full", "kept", "past-free"),
                        can_leave=has and not begun,
                    )
                )
    return CounterList(board, found, max((e.ends_on for e in rights), default=None))


@dataclass(frozen=True, slots=True)
class Act:
    """What an agent asks for one child: sessions to book, sessions to leave."""

    child_id: int
    book: tuple[int, ...] = ()
    leave: tuple[int, ...] = ()

    def parts(self, family_id: int) -> dict[str, Any]:
        """What a sending takes: pairs to add, bookings to take back."""
        return {
            "add": [(slot, self.child_id) for slot in self.book],
            "remove": pairs_booked(family_id, [(slot, self.child_id) for slot in self.leave]),
        }


@dataclass(frozen=True, slots=True)
class Looked:
    """What an act would do: as the rules say; what an agent who passes them, with a reason, would
    change; how many full days could have a place that the town keeps."""

    review: Review
    beyond: list[Line]
    kept: int


def look_at(*, family_id: int, act: Act, now: datetime, actor: Actor) -> Looked:
    """Each day's outcome and price if the act were sent now. Writes nothing."""
    asked = act.parts(family_id) | {
        "family_id": family_id,
        "now": now,
        "actor": actor,
        "schooling": counter_schooling(act, now),
    }
    lines = preview_planning(**asked)
    said = {(line.act, line.slot): line.outcome for line in lines}
    beyond: list[Line] = []
    if any(o in (Outcome.TOO_LATE, Outcome.NOT_OPEN, Outcome.CHARGED) for o in said.values()):
        beyond = [
            line
            for line in preview_planning(late_allowed=True, **asked)
            if line.outcome != said[line.act, line.slot]
        ]
    kept = 0
    if Outcome.WAITING in said.values():
        given = preview_planning(use_kept=True, **asked)
        kept = sum(line.outcome == Outcome.CONFIRMED for line in given) - sum(
            outcome == Outcome.CONFIRMED for outcome in said.values()
        )
    return Looked(Review(None, lines), beyond, kept)


def counter_schooling(act: Act, now: datetime) -> Mapping[int, dict[str, Any]]:
    """School and level of the child, as prices read them."""
    return schooling_of(schooling_on([act.child_id], paris_day(now)))


def as_ids(texts: Iterable[str]) -> tuple[int, ...]:
    """The sessions that a form names, each once, in order."""
    found = (int(t) for t in texts if is_number(t))
    return tuple(dict.fromkeys(found))
