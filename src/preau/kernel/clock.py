"""Instants are UTC in the database; rules and screens reason in Europe/Paris."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def utc_now() -> datetime:
    """The current instant, aware, in UTC. Called at the edges only (views, jobs, commands)."""
    return datetime.now(UTC)


def paris(instant: datetime) -> datetime:
    """The same instant on a clock in Paris."""
    return instant.astimezone(PARIS)


def paris_day(instant: datetime) -> date:
    """The calendar day in Paris at this instant."""
    return instant.astimezone(PARIS).date()


def at_paris(day: date, hour: time = time.min) -> datetime:
    """The instant, in UTC, of a wall-clock time in Paris."""
    return datetime.combine(day, hour, tzinfo=PARIS).astimezone(UTC)
