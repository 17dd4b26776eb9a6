"""Who may book when, and how the gate paces a rush."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preau.openings.rules import (
    AIM,
    LEAST_RATE,
    MOST_RATE,
    Standing,
    estimate_minutes,
    next_rate,
    opening_of,
)

NINE = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
DAY = date(2027, 2, 22)


@dataclass
class Window:
    audience: str = "ALL"
    opens_at: datetime = NINE
    closes_at: datetime | None = None
    first_day: date = date(2027, 2, 20)
    last_day: date = date(2027, 3, 7)


def standing(**true: bool) -> Standing:
    return Standing(
        **{
            "is_resident": False,
            "has_sibling_enrolled": False,
            "was_enrolled_last_year": False,
            **true,
        }
    )


def test_no_window_restricts_nothing() -> None:
    assert opening_of([], day=DAY, standing=standing(), now=NINE).is_open
    other = Window(first_day=date(2027, 7, 1), last_day=date(2027, 7, 31))
    assert opening_of([other], day=DAY, standing=standing(), now=NINE).is_open


@pytest.mark.parametrize(("shift", "is_open"), [(-1, False), (0, True), (1, True)])
def test_it_opens_at_its_instant(shift: int, is_open: bool) -> None:
    found = opening_of(
        [Window()], day=DAY, standing=standing(), now=NINE + timedelta(seconds=shift)
    )
    assert found.is_open is is_open
    assert found.opens_at == (None if is_open else NINE)


def test_residents_come_a_week_earlier() -> None:
    early = Window("RESIDENTS", opens_at=NINE - timedelta(days=7))
    now = NINE - timedelta(days=3)
    windows = [Window(), early]
    assert opening_of(windows, day=DAY, standing=standing(is_resident=True), now=now).is_open
    outside = opening_of(windows, day=DAY, standing=standing(), now=now)
    assert (outside.is_open, outside.opens_at) == (False, NINE)


def test_it_closes_and_says_when() -> None:
    window = Window(closes_at=NINE + timedelta(days=10))
    found = opening_of([window], day=DAY, standing=standing(), now=NINE + timedelta(days=10))
    assert (found.is_open, found.closed_at) == (False, window.closes_at)


def test_an_audience_that_is_never_ours_stays_shut() -> None:
    found = opening_of(
        [Window("LAST_YEAR")], day=DAY, standing=standing(), now=NINE + timedelta(days=1)
    )
    assert not found.is_open


@given(st.floats(0.1, 5_000), st.floats(0, 1), st.floats(0, 60))
def test_the_rate_stays_in_its_bounds_and_goes_the_right_way(rate, busy, seconds) -> None:
    found = next_rate(rate, busy, seconds)
    assert LEAST_RATE <= found <= MOST_RATE
    if LEAST_RATE < rate < MOST_RATE:
        assert (found >= rate) if busy <= AIM else (found <= rate)


def test_an_estimate_is_never_nothing() -> None:
    assert estimate_minutes(0, 50) == 1
    assert estimate_minutes(6_000, 50) == 2
    assert estimate_minutes(6_001, 50) >= 2
    assert estimate_minutes(100, 0) == 1
