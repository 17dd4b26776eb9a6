"""Rules about time and access: deadlines, access, absences."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from preau.rulebook.rules.amounts import Amount
from preau.rulebook.rules.base import Rule

COUNTS = ("calendar", "clear", "school", "working", "service")
ANCHORS = ("service", "week", "month", "period", "year")
SHIFTS = ("none", "earlier", "later")
CLOSED = ("sat", "sun", "public_holidays", "closed_days", "holidays", "not_school", "wed")
OUTCOMES = (
    "accepted",
    "refused",
    "charged",
    "not_charged",
    "waiting_list",
    "pending",
    "proposal",
    "blocked",
    "expired",
)


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """N days before the anchor, counted in calendar, clear, school, working or service days."""

    days: int
    count: str = "calendar"


@dataclass(frozen=True, slots=True)
class WeekdayBefore:
    """A weekday; ``weeks`` 1 is the week before the service's, None the last one before it."""

    weekday: str
    weeks: int | None = 1


@dataclass(frozen=True, slots=True)
class WeekdayMap:
    """For each weekday of service, the weekday (and minutes) of the limit, the last one before
    it unless a number of weeks is said."""

    entries: tuple[tuple[str, WeekdayBefore, int | None], ...]


@dataclass(frozen=True, slots=True)
class HoursBefore:
    """N hours before the service starts, hours of excluded days not counted."""

    hours: int
    excluding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonthDay:
    """Day N of the month, so many months before the service's month."""

    day: int
    months: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """A dated window, for services from/until or for named holidays."""

    opens_at: datetime | None
    closes_at: datetime | None
    services_from: date | None = None
    services_until: date | None = None
    holidays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Windows:
    windows: tuple[Window, ...]


Step = DaysBefore | WeekdayBefore | WeekdayMap | HoursBefore | MonthDay | Windows


@dataclass(frozen=True, slots=True)
class Limit:
    """A last moment: from an anchor, one step back, at an hour.

    ``minutes`` is the hour (1440: end of the day); ``included`` says whether that very minute is
    in time (an end of day always is until its last instant). ``shift`` moves a limit that falls on
    a ``closed`` day; ``shifted_minutes`` is then the hour.
    """

    step: Step
    minutes: int = 1440
    included: bool = True
    anchor: str = "service"
    shift: str = "none"
    closed: tuple[str, ...] = ()
    shifted_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline(Rule):
    """Until when an action may be done; the first that applies to the action wins.

    ``opens`` is the earliest moment; ``late`` and ``in_time`` are outcomes. ``limit`` None: the
    action is possible at any time (``late: refused`` with no limit never refuses).
    """

    actions: tuple[str, ...]
    limit: Limit | None = None
    opens: Limit | None = None
    in_time: str = "accepted"
    late: str = "refused"
    never: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(Rule):
    """Who may do an action, or what becomes of it; the first that applies wins."""

    actions: tuple[str, ...] = ()
    outcome: str = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(Rule):
    """What an absence or a cancellation costs; the first that applies wins.

    ``charge`` is the percentage of the price that stays due; ``amount`` a fixed amount instead;
    ``surcharge`` is added; ``credit``: what was already paid goes to the family account;
    ``proposal``: an agent decides.
    """

    actions: tuple[str, ...] = ("absence", "cancel")
    charge: Decimal = Decimal(100)
    amount: Amount | None = None
    surcharge: Amount | None = None
    credit: bool = False
    proposal: bool = False
