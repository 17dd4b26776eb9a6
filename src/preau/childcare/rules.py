"""Pure rules of the weekly contract: minutes for each weekday, Monday first."""

from collections.abc import Sequence

from preau.childcare.errors import BadWeek
from preau.kernel import french

DAYS = 5
MAX_MINUTES = 12 * 60


def checked_week(minutes: Sequence[int]) -> list[int]:
    """Five whole numbers of minutes, Monday to Friday. Raises BadWeek."""
    week = [int(value or 0) for value in minutes]
    if len(week) != DAYS or not any(week) or min(week) < 0 or max(week) > MAX_MINUTES:
        raise BadWeek
    return week


def week_words(minutes: Sequence[int]) -> str:
    """«lundi, mardi et jeudi, 27 h par semaine»."""
    days = [french.WEEKDAYS[index] for index, value in enumerate(minutes) if value]
    if not days:
        return "aucun jour"
    return f"{french.and_join(days)}, {french.minutes(sum(minutes))} par semaine"
