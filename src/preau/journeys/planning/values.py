"""What a page of the planning is made of: plain values, ready to be drawn."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Tab:
    """An activity that some child of the household is enrolled in."""

    slug: str
    name: str
    kind: str
    by_day: bool


@dataclass(frozen=True, slots=True)
class BoardKid:
    """A child on the board: `colour` 1 to 4; the price of each product when one is known."""

    pk: int
    first_name: str
    sex: str
    colour: int


@dataclass(slots=True)
class BoardCell:
    """What one child has on one slot. `state` is one of the calendar's words (ui.cells).

    `held` says whether the child holds (or waits for) the place; `chosen` is the choice kept in
    the draft when it differs; `can_change` whether it may still be changed here.
    """

    slot_id: int
    child_id: int
    state: str
    held: bool = False
    can_change: bool = False
    chosen: bool | None = None
    word: str = ""
    note: str = ""
    # Said of the choice once it is made, where `note` tells what is without it.
    chosen_note: str = ""
    product: str = ""
    cents: int = 0
    booking_id: int | None = None

    @property
    def pair(self) -> str:
        return f"{self.slot_id}-{self.child_id}"

    @property
    def wanted(self) -> bool:
        """What the family wants, its choices included."""
        return self.held if self.chosen is None else self.chosen


@dataclass(slots=True)
class BoardDay:
    """A day: `label` says until when, or why nothing takes place."""

    day: date
    label: str = ""
    is_off: bool = False
    is_today: bool = False
    cells: dict[int, list[BoardCell]] = field(default_factory=dict)


@dataclass(slots=True)
class BoardWeek:
    monday: date
    days: list[BoardDay]
    is_past: bool = False
    is_current: bool = False

    def cells(self) -> Iterable[BoardCell]:
        for day in self.days:
            for cells in day.cells.values():
                yield from cells


@dataclass(slots=True)
class Board:
    """A page of the planning."""

    month: date
    first: date
    last: date
    tabs: list[Tab]
    tab: Tab | None
    kids: list[BoardKid]
    weeks: list[BoardWeek]
    prices: dict[int, dict[str, tuple[int | None, tuple[str, ...]]]]
    unit: tuple[str, str]
    draft: dict[str, bool]
    can_undo: bool
    offers: int
    year_ends_on: date | None
    # The key that a sending from this page will bear.
    key: uuid.UUID
    # The columns of the month (0 is Monday).
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    # When days of this page that are shut will open, the earliest; and what is said of them all.
    opens_at: datetime | None = None
    opening_words: tuple[str, ...] = ()
    # Places held for this planning while it is checked, until when; or those whose time is over.
    held: int = 0
    held_until: datetime | None = None
    lapsed: int = 0
    lapsed_at: datetime | None = None

    def cells(self) -> Iterable[BoardCell]:
        for week in self.weeks:
            yield from week.cells()
