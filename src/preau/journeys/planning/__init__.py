"""The planning of a household: a month of days for each child, and the choices not sent yet."""

from preau.journeys.planning.board import get_board, page_span, schooling_of
from preau.journeys.planning.choices import (
    Choices,
    Review,
    copy_to_sibling,
    copy_week,
    hold_draft,
    review_draft,
    send_choices,
    send_draft,
    weeks_until,
)
from preau.journeys.planning.counter import (
    Act,
    CounterDay,
    CounterList,
    as_ids,
    counter_days,
    counter_schooling,
    look_at,
)
from preau.journeys.planning.pattern import Composed, Pattern, compose, pattern_rows
from preau.journeys.planning.values import Board, BoardCell, BoardDay, BoardKid, BoardWeek, Tab

__all__ = [
    "Act",
    "Board",
    "BoardCell",
    "BoardDay",
    "BoardKid",
    "BoardWeek",
    "Choices",
    "Composed",
    "CounterDay",
    "CounterList",
    "Pattern",
    "Review",
    "Tab",
    "as_ids",
    "compose",
    "copy_to_sibling",
    "copy_week",
    "counter_days",
    "counter_schooling",
    "get_board",
    "hold_draft",
    "look_at",
    "page_span",
    "pattern_rows",
    "review_draft",
    "schooling_of",
    "send_choices",
    "send_draft",
    "weeks_until",
]
