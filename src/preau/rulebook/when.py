"""Days, hours and the school calendar as plain values. No clock: every moment is given."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from preau.kernel import french

PARIS = ZoneInfo("Europe/Paris")
WEEKDAY_CODES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Holiday:
    """School holidays: from the first day off to the day before classes resume."""

    name: str
    starts_on: date
    resumes_on: date

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day < self.resumes_on


@dataclass(frozen=True)
class Calendar:
    """What the engine must know of days; built by the catalogue from the town's calendar.

    ``closed_days`` are the days on which the town hall's office is closed beyond Saturdays,
    Sundays and public holidays. ``school_weekdays`` are the weekdays with class (0 = Monday).
    Summer is the holiday named ``summer`` or ``ete``.
    """

    holidays: tuple[Holiday, ...] = ()
    public_holidays: frozenset[date] = frozenset()
    closed_days: frozenset[date] = frozenset()
    school_weekdays: frozenset[int] = field(default=frozenset({0, 1, 3, 4}))
    zone: str = ""
    extra_school_days: frozenset[date] = frozenset()
    no_school_days: frozenset[date] = frozenset()

    def holiday(self, day: date) -> Holiday | None:
        """The school holidays that hold this day, or None."""
        for holiday in self.holidays:
            if day in holiday:
                return holiday
        return None

    def is_school_day(self, day: date) -> bool:
        if day in self.extra_school_days:
            return True
        return (
            day.weekday() in self.school_weekdays
            and day not in self.public_holidays
            and day not in self.no_school_days
            and self.holiday(day) is None
        )

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday, public holidays and the office's closing days left out."""
        return day.weekday() < 5 and day not in self.public_holidays and day not in self.closed_days

    def period(self, day: date) -> str:
        """school, wednesday, small_holidays, summer, weekend or public_holiday."""
        if day in self.public_holidays:
            return "public_holiday"
        holiday = self.holiday(day)
        if day.weekday() >= 5:
            return "weekend"
        if holiday is not None:
            return "summer" if holiday.name in ("summer", "ete", "été") else "small_holidays"
        if day in self.extra_school_days:
            return "school"
        return "wednesday" if day.weekday() == 2 else "school"

    def week_public_holidays(self, day: date) -> frozenset[str]:
        """The weekdays (mon … sun) of the day's week that are public holidays."""
        monday = day - timedelta(days=day.weekday())
        week = (monday + timedelta(days=i) for i in range(7))
        return frozenset(WEEKDAY_CODES[d.weekday()] for d in week if d in self.public_holidays)


EMPTY_CALENDAR = Calendar()


def parse_date(text: str) -> date:
    """AAAA-MM-JJ."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text)


def parse_time(text: str) -> time:
    """HH:MM (00:00 to 23:59)."""
    if not re.fullmatch(r"\d{1,2}:\d{2}", text):
        raise ValueError(text)
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))


def parse_minutes(text: str) -> int:
    """HH:MM as minutes since midnight; 24:00 is the end of the day."""
    if not re.fullmatch(r"\d{1,2}:\d{2}", text):
        raise ValueError(text)
    hours, minutes = (int(part) for part in text.split(":"))
    total = hours * 60 + minutes
    if minutes > 59 or total > 1440:
        raise ValueError(text)
    return total


def show_minutes(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def paris_instant(text: str) -> datetime:
    """AAAA-MM-JJTHH:MM (or a bare day: its beginning) in Europe/Paris, unless a zone is given."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=PARIS)


def at_minutes(day: date, minutes: int) -> datetime:
    """The instant at so many minutes after the day's midnight on Paris clocks."""
    extra, rest = divmod(minutes, 1440)
    return datetime.combine(day + timedelta(days=extra), time(rest // 60, rest % 60), PARIS)


def paris_day(moment: datetime) -> date:
    return moment.astimezone(PARIS).date()


def french_time(minutes: int) -> str:
    """«9 h», «9 h 30», «minuit» for minutes since midnight."""
    return "minuit" if minutes >= 1440 else french.clock_time(time(minutes // 60, minutes % 60))


def french_instant(moment: datetime) -> str:
    """«lundi 2 novembre à 9 h»; midnight is said as the end of the day before."""
    local = moment.astimezone(PARIS)
    if local.hour == 0 and local.minute == 0:
        return f"{french.day(local.date() - timedelta(days=1))} à minuit"
    return f"{french.day(local.date())} à {french.clock_time(local)}"
