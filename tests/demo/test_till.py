"""The demo's counter receives in its hours."""

import datetime as dt

import pytest

from preau.demo.town.till import counter_hour, in_coins
from preau.kernel.clock import at_paris, paris


def at(*parts: int) -> dt.datetime:
    return at_paris(dt.date(*parts[:3]), dt.time(*parts[3:]))


@pytest.mark.parametrize(
    ("asked", "latest"),
    [
        (at(2026, 11, 20, 23, 40), at(2026, 11, 24, 12)),
        (at(2026, 11, 21, 3), at(2026, 11, 24, 12)),
        (at(2026, 11, 22, 12), at(2026, 11, 22, 18)),
        (at(2026, 11, 23, 3), at(2026, 11, 23, 4)),
        (at(2026, 11, 23, 16), at(2026, 11, 23, 10)),
    ],
)
def test_a_counter_receives_when_it_is_open(asked: dt.datetime, latest: dt.datetime) -> None:
    found = paris(counter_hour(asked, latest))
    assert found.weekday() < 5 and 9 <= found.hour < 17 and found <= latest


def test_a_count_makes_its_amount() -> None:
    assert sum(value * number for value, number in in_coins(12_345).items()) == 12_345
