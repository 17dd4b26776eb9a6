"""The week of a small child: hours of each weekday, Monday first, in minutes from midnight."""

from collections.abc import Iterable, Sequence
from datetime import time

from preau.childcare.errors import BadWeek
from preau.kernel import french

DAYS = 5
MAX_MINUTES = 12 * 60
Span = tuple[int, int]
Week = tuple[Span | None, ...]
FIRST_HOUR = 8 * 60


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


def week_short(minutes: Sequence[int]) -> str:
    """For a column: «lun.–ven., 45 h», «mar., jeu., 18 h»."""
    worked = [index for index, value in enumerate(minutes) if value]
    if not worked:
        return "aucun jour"
    names = [french.WEEKDAYS_SHORT[index] for index in worked]
    in_a_row = len(worked) > 2 and worked == list(range(worked[0], worked[-1] + 1))
    days = f"{names[0]}–{names[-1]}" if in_a_row else ", ".join(names)
    return f"{days}, {french.minutes(sum(minutes))}"


def read_week(spans: Iterable[Sequence[int] | None]) -> Week:
    """A week from what the database keeps: [[510, 1050], null, …]."""
    return tuple((int(span[0]), int(span[1])) if span else None for span in spans)


def checked_spans(spans: Iterable[Sequence[int] | None]) -> Week:
    """The same, checked: five days, in order, twelve hours at most. Raises BadWeek."""
    week = read_week(spans)
    if len(week) != DAYS or not any(week):
        raise BadWeek
    for span in week:
        if span and not (0 <= span[0] < span[1] <= 24 * 60 and span[1] - span[0] <= MAX_MINUTES):
            raise BadWeek
    return week


def from_lengths(minutes: Sequence[int], starts: int = FIRST_HOUR) -> Week:
    """A week of hours from lengths alone, each day beginning at the same minute."""
    return tuple((starts, starts + value) if value else None for value in checked_week(minutes))


def stored(week: Week) -> list[list[int] | None]:
    """As the database keeps it."""
    return [list(span) if span else None for span in week]


def lengths(week: Week) -> list[int]:
    """Minutes of each weekday."""
    return [span[1] - span[0] if span else 0 for span in week]


def weekly(week: Week) -> int:
    """Minutes of the whole week."""
    return sum(lengths(week))


def clock(minute: int) -> str:
    """«8 h 30»."""
    return french.clock_time(time(minute // 60 % 24, minute % 60))


def span_words(span: Span | None) -> str:
    """«de 8 h 30 à 17 h 30»."""
    return f"de {clock(span[0])} à {clock(span[1])}" if span else "pas d’accueil"
