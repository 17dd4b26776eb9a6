"""The choices of a planning before it is sent: kept, copied, reviewed, sent."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from preau.billing.prepaid import asked_prepaid
from preau.bookings.enums import Outcome
from preau.bookings.errors import NeedsRecap
from preau.bookings.household import asked_addresses
from preau.bookings.queries import asked_draft, get_draft, holds_of, pairs_booked
from preau.bookings.services import (
    Line,
    change_draft,
    hold_places,
    keep_held,
    preview_planning,
)
from preau.bookings.services.drafts import parse_pair
from preau.journeys.planning.advances import submit_with_advances
from preau.journeys.planning.board import schooling_of
from preau.journeys.planning.values import Board, BoardCell
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.lane import ahead
from preau.schools.queries import asked_schooling, schooling_on


@dataclass(frozen=True, slots=True)
class Choices:
    """What a page of the planning sends back: what it showed as held and as added, and what is
    checked now. Comparing with what was shown, a page left open never undoes what another adult
    booked meanwhile."""

    held: frozenset[str]
    added: frozenset[str]
    checked: frozenset[str]

    def changes(self) -> dict[str, bool | None]:
        """For `change_draft`: True wanted, False given up, None as it is booked."""
        found: dict[str, bool | None] = {}
        for pair in self.checked - self.held:
            found[pair] = True
        for pair in self.held - self.checked:
            found[pair] = False
        for pair in self.held & self.checked:
            found[pair] = None
        for pair in self.added - self.checked - self.held:
            found[pair] = None
        return {pair: want for pair, want in found.items() if parse_pair(pair)}


def copy_week(board: Board, monday: date, targets: Iterable[date]) -> dict[str, bool | None]:
    """The choices that make other weeks (by their Mondays) as the week of `monday` is wanted.

    Day by day, child by child, product by product; what may not change stays as it is.
    """
    source = next((week for week in board.weeks if week.monday == monday), None)
    if source is None:
        return {}
    wanted: dict[tuple[int, int, str], bool] = {}
    for day in source.days:
        for cell in _cells(day.cells):
            wanted[day.day.weekday(), cell.child_id, cell.product] = _counts(cell)
    wishes: dict[str, bool | None] = {}
    aimed = set(targets)
    for week in board.weeks:
        if week.monday not in aimed or week.monday == monday:
            continue
        for day in week.days:
            for cell in _cells(day.cells):
                want = wanted.get((day.day.weekday(), cell.child_id, cell.product))
                if want is not None and cell.can_change:
                    wishes[cell.pair] = _wish(cell, want)
    return wishes


def copy_to_sibling(
    board: Board, monday: date, giver_id: int, taker_id: int
) -> dict[str, bool | None]:
    """The choices that give one child, in one week, the days of another."""
    wishes: dict[str, bool | None] = {}
    for week in board.weeks:
        if week.monday != monday:
            continue
        for day in week.days:
            given = {cell.product: _counts(cell) for cell in day.cells.get(giver_id, ())}
            for cell in day.cells.get(taker_id, ()):
                if cell.product in given and cell.can_change:
                    wishes[cell.pair] = _wish(cell, given[cell.product])
    return wishes


def _cells(cells: dict[int, list[BoardCell]]) -> Iterable[BoardCell]:
    for found in cells.values():
        yield from found


def _counts(cell: BoardCell) -> bool:
    # A day away or offered was wanted: it is copied as such.
    return cell.wanted or cell.state in ("away", "offered", "absent")


def _wish(cell: BoardCell, want: bool) -> bool | None:
    return None if want == cell.held else want


@dataclass(frozen=True, slots=True)
class Review:
    """What would happen if the draft were sent now."""

    key: uuid.UUID | None
    lines: list[Line]
    # Until when the places that are held are held; None when none is.
    held_until: datetime | None = None
    # How many of those that are full an agent could give among the places that the town keeps.
    kept: int = 0

    @property
    def changes(self) -> int:
        return len(self.lines)

    def of(self, *outcomes: str) -> list[Line]:
        return [line for line in self.lines if line.outcome in outcomes]

    @property
    def sendable(self) -> list[Line]:
        return self.of(
            Outcome.CONFIRMED,
            Outcome.WAITING,
            Outcome.CANCELLED,
            Outcome.CHARGED,
            Outcome.LEFT_QUEUE,
        )

    @property
    def held(self) -> int:
        """How many places are held until then."""
        return sum(line.held for line in self.lines) if self.held_until else 0

    @property
    def not_held(self) -> int:
        """How many free places could be held and are not."""
        return sum(line.act == "add" and not line.held for line in self.of(Outcome.CONFIRMED))

    @property
    def cents(self) -> int | None:
        """What it adds to (or takes from) what the household will owe; None: no price known."""
        known = [line for line in self.sendable if line.cents is not None]
        if not known:
            return None
        total = 0
        for line in known:
            if line.outcome == Outcome.CONFIRMED:
                total += line.cents or 0
            elif line.outcome == Outcome.CANCELLED:
                total -= line.cents or 0
        return total


def _parts(family_id: int, changes: dict[str, bool]) -> tuple[list[tuple[int, int]], list[int]]:
    """(pairs to add, bookings to take back) of a draft's changes."""
    pairs = {pair: want for text, want in changes.items() if (pair := parse_pair(text))}
    add = [pair for pair, want in pairs.items() if want]
    given_up = [pair for pair, want in pairs.items() if not want]
    return add, pairs_booked(family_id, given_up)


def review_draft(
    *, family_id: int, user_id: int, now: datetime, actor: Actor, late_allowed: bool = False
) -> Review:
    """The draft, day by day, as it would be answered now. Writes nothing."""
    draft = get_draft(family_id, user_id)
    if draft is None or not draft.changes:
        return Review(None, [])
    add, remove = _parts(family_id, draft.changes)
    lines = preview_planning(
        family_id=family_id,
        add=add,
        remove=remove,
        now=now,
        actor=actor,
        late_allowed=late_allowed,
        schooling=_schooling(add, now),
    )
    kept = 0
    if actor.is_agent and any(line.outcome == Outcome.WAITING for line in lines):
        given = preview_planning(
            family_id=family_id,
            add=add,
            remove=remove,
            now=now,
            actor=actor,
            late_allowed=late_allowed,
            use_kept=True,
            schooling=_schooling(add, now),
        )
        kept = sum(line.outcome == Outcome.CONFIRMED for line in given) - sum(
            line.outcome == Outcome.CONFIRMED for line in lines
        )
    untils = [until for until in holds_of(family_id, user_id).values() if until > now]
    return Review(draft.key, lines, min(untils, default=None), kept)


def hold_draft(
    *, family_id: int, user_id: int, now: datetime, actor: Actor, late_allowed: bool = False
) -> None:
    """Hold the free places of the draft while its author checks and sends it."""
    draft = get_draft(family_id, user_id)
    add, _remove = _parts(family_id, draft.changes) if draft else ([], [])
    held = hold_places(
        family_id=family_id,
        add=add,
        now=now,
        actor=actor,
        late_allowed=late_allowed,
        schooling=_schooling(add, now),
    )
    if draft is not None:
        keep_held(
            family_id=family_id,
            user_id=user_id,
            pairs=[(line.slot, line.child) for line in held.lines],
            until=held.until,
            now=now,
        )


def send_draft(
    *,
    family_id: int,
    user_id: int,
    key: uuid.UUID,
    channel: str,
    when_full: str,
    all_or_nothing: bool,
    now: datetime,
    actor: Actor,
    late_allowed: bool = False,
    reason: str = "",
    use_kept: bool = False,
) -> Any:
    """Send the draft whose key the recap page holds. Once sent, the same key gives its receipt.

    Raises NothingToSend, NotAllFree.
    """
    draft = get_draft(family_id, user_id)
    add, remove = _parts(family_id, draft.changes) if draft and draft.key == key else ([], [])
    return submit_with_advances(
        family_id=family_id,
        add=add,
        remove=remove,
        key=key,
        channel=channel,
        now=now,
        actor=actor,
        when_full=when_full,
        all_or_nothing=all_or_nothing,
        late_allowed=late_allowed,
        reason=reason,
        use_kept=use_kept,
        schooling=_schooling(add, now),
    )


def send_choices(
    *,
    family_id: int,
    user_id: int,
    key: uuid.UUID,
    choices: Choices,
    channel: str,
    now: datetime,
    actor: Actor,
    family: Any = None,
) -> Any:
    """Send what a page shows chosen, in one step: what is free is booked, for the rest the
    children wait. `key` is the page's own: sending twice gives the same receipt.

    Raises NeedsRecap, nothing being written, when it would cost more than the days' price, or
    when choices were kept since from another page; NothingToSend.
    """
    wanted = {pair[1] for text in choices.checked if (pair := parse_pair(text))}
    with ahead(
        asked_draft(family_id, user_id),
        asked_prepaid(),
        asked_addresses(family_id),
        *([asked_schooling(wanted, paris_day(now))] if wanted else []),
    ):
        return _send_choices(
            family_id=family_id,
            user_id=user_id,
            key=key,
            choices=choices,
            channel=channel,
            now=now,
            actor=actor,
            family=family,
        )


def _send_choices(
    *,
    family_id: int,
    user_id: int,
    key: uuid.UUID,
    choices: Choices,
    channel: str,
    now: datetime,
    actor: Actor,
    family: Any,
) -> Any:
    draft = get_draft(family_id, user_id)
    if draft is not None and draft.changes and draft.key != key:
        raise NeedsRecap("D’autres choix attendent sur une autre page : vérifiez l’ensemble.")
    kept = dict(draft.changes) if draft else {}
    for pair, want in choices.changes().items():
        if want is None:
            kept.pop(pair, None)
        else:
            kept[pair] = want
    add, remove = _parts(family_id, kept)
    return submit_with_advances(
        family_id=family_id,
        add=add,
        remove=remove,
        key=key,
        channel=channel,
        now=now,
        actor=actor,
        no_surprise=True,
        schooling=_schooling(add, now),
        family=family,
        had_draft=draft is not None,
    )


def _schooling(add: list[tuple[int, int]], now: datetime) -> dict[int, dict[str, Any]]:
    children = {child for _, child in add}
    return schooling_of(schooling_on(children, paris_day(now))) if children else {}


def weeks_until(monday: date, last: date) -> list[date]:
    """The Mondays after a week, to a last day."""
    found, week = [], monday + timedelta(days=7)
    while week <= last:
        found.append(week)
        week += timedelta(days=7)
    return found


__all__ = [
    "Choices",
    "Review",
    "change_draft",
    "copy_to_sibling",
    "copy_week",
    "hold_draft",
    "review_draft",
    "send_choices",
    "send_draft",
    "weeks_until",
]
