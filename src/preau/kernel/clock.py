"""Instants are UTC in the database; rules and screens reason in Europe/Paris."""

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# Tests of the whole stack live through a month: a file holds the seconds between their time and
# ours. Read in test mode alone; production refuses to start with it (preau.config.checks).
_TEST_CLOCK = (
    os.environ.get("PREAU_TEST_CLOCK", "") if os.environ.get("PREAU_MODE") == "test" else ""
)


def utc_now() -> datetime:
    """The current instant, aware, in UTC. Called at the edges only (views, jobs, commands)."""
    return datetime.now(UTC) + _moved() if _TEST_CLOCK else datetime.now(UTC)


def _moved() -> timedelta:
    try:
        return timedelta(seconds=float(Path(_TEST_CLOCK).read_text()))
    except (FileNotFoundError, ValueError):
        return timedelta()


def paris(instant: datetime) -> datetime:
    """The same instant on a clock in Paris."""
    return instant.astimezone(PARIS)


def paris_day(instant: datetime) -> date:
    """The calendar day in Paris at this instant."""
    return instant.astimezone(PARIS).date()


def at_paris(day: date, hour: time = time.min) -> datetime:
    """The instant, in UTC, of a wall-clock time in Paris."""
    return datetime.combine(day, hour, tzinfo=PARIS).astimezone(UTC)
