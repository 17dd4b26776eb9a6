"""Last moments as plain mappings."""

from datetime import timedelta
from typing import Any

from preau.rulebook.rules.moments import (
    DaysBefore,
    HoursBefore,
    Limit,
    MonthDay,
    WeekdayBefore,
    WeekdayMap,
    Windows,
)
from preau.rulebook.text.write_values import Flow, FlowList, instant_text, one_or_list
from preau.rulebook.when import PARIS, show_minutes


def write_limit(limit: Limit, usual: int = 1440) -> dict[str, Any]:
    """A last moment as a mapping."""
    data: dict[str, Any] = Flow()
    step = limit.step
    match step:
        case DaysBefore():
            data["days_before"] = step.days
            if step.count != "calendar":
                data["count"] = step.count
        case WeekdayBefore():
            data["weekday"] = step.weekday
            if step.weeks != 1:
                data["weeks"] = "last" if step.weeks is None else step.weeks
        case WeekdayMap():
            data = {"map": {}}
            for code, target, minutes in step.entries:
                item = Flow(weekday=target.weekday)
                if target.weeks is not None:
                    item["weeks"] = target.weeks
                if minutes is not None:
                    item["time"] = show_minutes(minutes)
                data["map"][code] = item
        case HoursBefore():
            data["hours_before"] = step.hours
            if step.excluding:
                data["excluding"] = FlowList(step.excluding)
        case MonthDay():
            data["month_day"] = step.day
            if step.months != 1:
                data["months"] = step.months
        case Windows():
            data = {"windows": [_window(window) for window in step.windows]}
    if limit.minutes != usual:
        data["time"] = show_minutes(limit.minutes)
    if not limit.included:
        data["included"] = False
    if limit.anchor != "service":
        data["anchor"] = limit.anchor
    if limit.shift != "none":
        data["shift"] = Flow(move=limit.shift, closed=FlowList(limit.closed))
        if limit.shifted_minutes is not None:
            data["shift"]["time"] = show_minutes(limit.shifted_minutes)
    return data


def _window(window: Any) -> dict[str, Any]:
    data = Flow()
    if window.opens_at is not None:
        data["opens"] = instant_text(window.opens_at)
    if window.closes_at is not None:
        closes = window.closes_at.astimezone(PARIS)
        if (closes.hour, closes.minute) == (0, 0):
            data["closes"] = (closes - timedelta(days=1)).date()
        else:
            data["closes"] = instant_text(closes)
    if window.services_from is not None:
        data["from"] = window.services_from
    if window.services_until is not None:
        data["until"] = window.services_until
    if window.holidays:
        data["holiday"] = one_or_list(window.holidays)
    return data
