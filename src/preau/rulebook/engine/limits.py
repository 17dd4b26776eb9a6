"""When is it too late? Limits computed from a service day and a calendar."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from preau.rulebook.engine.context import Context
from preau.rulebook.rules.moments import (
    DaysBefore,
    Deadline,
    HoursBefore,
    Limit,
    MonthDay,
    WeekdayBefore,
    WeekdayMap,
    Window,
    Windows,
)
from preau.rulebook.when import (
    WEEKDAY_CODES,
    Calendar,
    at_minutes,
    french_instant,
)

ONE_DAY = timedelta(days=1)
FAR = 800


@dataclass(frozen=True, slots=True)
class Moment:
    """A limit come to a date. ``closes_at`` None: no end; ``open`` False: never possible."""

    rule: Deadline
    opens_at: datetime | None
    closes_at: datetime | None
    included: bool = True
    open: bool = True

    def met(self, moment: datetime) -> bool:
        """Whether an action at that instant is in time (too early is not looked at)."""
        if not self.open:
            return False
        if self.closes_at is None:
            return True
        return moment <= self.closes_at if self.included else moment < self.closes_at

    def early(self, moment: datetime) -> bool:
        return self.opens_at is not None and moment < self.opens_at


def limit_of(context: Context, action: str) -> Moment | None:
    """The moment of the first deadline that applies to the action, or None when none does."""
    for rule in context.rules("deadlines"):
        if action not in rule.actions or not context.applies(rule):
            continue
        moment = _moment(context, rule)
        if moment is not None:
            return moment
    return None


def _moment(context: Context, rule: Deadline) -> Moment | None:
    if rule.never:
        return Moment(rule, None, None, open=False)
    if rule.limit is not None and isinstance(rule.limit.step, Windows):
        window = _window(rule.limit.step, context)
        if window is None:
            return Moment(rule, None, None, open=False)
        closing = window.closes_at
        midnight = closing is not None and (closing.hour, closing.minute) == (0, 0)
        return Moment(rule, window.opens_at, closing, rule.limit.included and not midnight)
    closes = included = None
    if rule.limit is not None:
        found = instant_of(rule.limit, context)
        if found is None:
            return None
        closes, included = found
    opens = instant_of(rule.opens, context) if rule.opens is not None else None
    return Moment(rule, opens[0] if opens else None, closes, True if included is None else included)


def _window(step: Windows, context: Context) -> Window | None:
    for window in step.windows:
        if context.day is not None:
            if window.services_from is not None and context.day < window.services_from:
                continue
            if window.services_until is not None and context.day > window.services_until:
                continue
        elif window.services_from is not None or window.services_until is not None:
            continue
        if window.holidays and context.get("holiday") not in window.holidays:
            continue
        return window
    return None


def instant_of(limit: Limit, context: Context) -> tuple[datetime, bool] | None:
    """The instant of a limit and whether it is itself in time; None when it says nothing."""
    if context.day is None:
        return None
    anchor = _anchor(limit.anchor, context.day, context.calendar)
    minutes = limit.minutes
    step = limit.step
    match step:
        case HoursBefore():
            start = (
                0
                if limit.anchor != "service"
                else (
                    context.activity.starts
                    if context.activity.starts is not None
                    else (context.product.opens or 0)
                )
            )
            return hours_before(anchor, start, step, context.calendar), limit.included
        case DaysBefore():
            day = days_before(anchor, step, context)
        case WeekdayBefore():
            day = weekday_before(anchor, step)
        case WeekdayMap():
            code = WEEKDAY_CODES[context.day.weekday()]
            entry = next((e for e in step.entries if e[0] == code), None)
            if entry is None:
                return None
            day = weekday_before(anchor, entry[1])
            minutes = entry[2] if entry[2] is not None else minutes
        case MonthDay():
            day = month_day(anchor, step)
        case Windows():
            window = _window(step, context)
            return (window.closes_at, limit.included) if window and window.closes_at else None
    if limit.shift != "none":
        moved = shifted(day, limit, context)
        if moved != day:
            day = moved
            minutes = limit.shifted_minutes if limit.shifted_minutes is not None else minutes
    if minutes >= 1440:
        return at_minutes(day, minutes), False
    return at_minutes(day, minutes), limit.included


def _anchor(anchor: str, day: date, calendar: Calendar) -> date:
    match anchor:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "period":
            return period_start(day, calendar)
        case "year":
            return date(day.year if day.month >= 9 else day.year - 1, 9, 1)
        case _:
            return day


def period_start(day: date, calendar: Calendar) -> date:
    """The first day of the holidays, or of the weeks of class since the last holidays."""
    holiday = calendar.holiday(day)
    if holiday is not None:
        return holiday.starts_on
    september = date(day.year if day.month >= 9 else day.year - 1, 9, 1)
    return max([h.resumes_on for h in calendar.holidays if h.resumes_on <= day] + [september])


def days_before(anchor: date, step: DaysBefore, context: Context) -> date:
    """N days back, counted as the rule says."""
    if step.count == "calendar":
        return anchor - timedelta(days=step.days)
    if step.count == "clear":
        return anchor - timedelta(days=step.days + 1)
    day, left = anchor, step.days
    for _ in range(FAR):
        if left == 0:
            break
        day -= ONE_DAY
        if counted_day(day, step.count, context):
            left -= 1
    return day


def counted_day(day: date, count: str, context: Context) -> bool:
    calendar = context.calendar
    if count == "school":
        return calendar.is_school_day(day)
    if count == "working":
        return calendar.is_working_day(day)
    return is_service_day(day, context)


def is_service_day(day: date, context: Context) -> bool:
    """Whether the activity takes place that day, as far as its days and the calendar say."""
    calendar, activity = context.calendar, context.activity
    if day in calendar.public_holidays or day in calendar.no_school_days:
        return False
    if activity.days and WEEKDAY_CODES[day.weekday()] not in activity.days:
        return False
    if activity.kind == "holidays":
        return day.weekday() < 5 and calendar.holiday(day) is not None
    if calendar.holiday(day) is not None:
        return False
    return bool(activity.days) or calendar.is_school_day(day)


def weekday_before(anchor: date, step: WeekdayBefore) -> date:
    """The weekday so many weeks before, or the last one strictly before the anchor."""
    number = WEEKDAY_CODES.index(step.weekday)
    if step.weeks is None:
        back = (anchor.weekday() - number) % 7 or 7
        return anchor - timedelta(days=back)
    monday = anchor - timedelta(days=anchor.weekday())
    return monday - timedelta(days=7 * step.weeks) + timedelta(days=number)


def month_day(anchor: date, step: MonthDay) -> date:
    index = anchor.year * 12 + anchor.month - 1 - step.months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(step.day, monthrange(year, month)[1]))


def is_closed(day: date, closed: tuple[str, ...], calendar: Calendar) -> bool:
    """Whether the day is one of the kinds of closed days listed."""
    return (
        WEEKDAY_CODES[day.weekday()] in closed
        or ("public_holidays" in closed and day in calendar.public_holidays)
        or ("closed_days" in closed and day in calendar.closed_days)
        or ("holidays" in closed and calendar.holiday(day) is not None)
        or ("not_school" in closed and not calendar.is_school_day(day))
    )


def shifted(day: date, limit: Limit, context: Context) -> date:
    step = -ONE_DAY if limit.shift == "earlier" else ONE_DAY
    for _ in range(FAR):
        if not is_closed(day, limit.closed, context.calendar):
            break
        day += step
    return day


def hours_before(day: date, start: int, step: HoursBefore, calendar: Calendar) -> datetime:
    """N hours before, on Paris clocks, hours of excluded days not counted."""
    left, current, minute = step.hours * 60, day, start
    for _ in range(FAR):
        if minute > 0 and not (current != day and is_closed(current, step.excluding, calendar)):
            if left <= minute:
                return at_minutes(current, minute - left)
            left -= minute
        elif left == 0:
            return at_minutes(current, minute)
        current -= ONE_DAY
        minute = 1440
    return at_minutes(current, 0)


VERBS = {
    "book": "réservable",
    "prebook": "pré-réservable",
    "cancel": "annulable",
    "change": "modifiable",
    "order": "à commander",
    "enrol": "inscription",
    "absence": "absence à signaler",
    "pay": "à payer",
}


def sentence_of(moment: Moment, action: str) -> str:
    """«modifiable jusqu'à lundi 2 novembre à 9 h»."""
    verb = VERBS.get(action, "possible")
    if not moment.open:
        return f"{verb} : pas possible pour ce jour"
    parts = []
    if moment.opens_at is not None:
        parts.append(f"à partir de {french_instant(moment.opens_at)}")
    if moment.closes_at is not None:
        parts.append(f"jusqu’à {french_instant(moment.closes_at)}")
    return f"{verb} {' et '.join(parts)}" if parts else f"{verb} à tout moment"
