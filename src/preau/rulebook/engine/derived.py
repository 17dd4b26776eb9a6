"""Facts that the engine computes when the caller does not give them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from preau.rulebook.engine.context import DERIVED, Context
from preau.rulebook.engine.limits import counted_day, limit_of
from preau.rulebook.when import at_minutes, paris_day


def _minutes_of(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _span(context: Context) -> Any:
    arrived, left = context.get("time_in"), context.get("time_out")
    if arrived is None and left is None:
        return None
    start = _minutes_of(arrived) if arrived is not None else context.product.opens
    end = _minutes_of(left) if left is not None else context.product.closes
    if start is None or end is None:
        return None
    return Decimal(max(0, end - start))


def _late(context: Context) -> Any:
    left, closes = context.get("time_out"), context.product.closes
    if left is None or closes is None:
        return None
    return Decimal(max(0, _minutes_of(left) - closes))


def _hours(start: datetime | None, end: datetime | None) -> Decimal | None:
    if start is None or end is None:
        return None
    seconds = int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())
    return Decimal(seconds) / Decimal(3600)


def _first_day(context: Context) -> date | None:
    return context.get("absence_from") or context.day


def _certificate_hours(context: Context) -> Any:
    first = _first_day(context)
    return _hours(at_minutes(first, 0), context.get("certificate_at")) if first else None


def _days_between(start: date | None, moment: datetime | None) -> int | None:
    return None if start is None or moment is None else (paris_day(moment) - start).days


def _certificate_after_notice(context: Context) -> Any:
    noticed = context.get("notice_at")
    return _days_between(paris_day(noticed) if noticed else None, context.get("certificate_at"))


def _certificate_same_week(context: Context) -> Any:
    first, given = _first_day(context), context.get("certificate_at")
    if first is None or given is None:
        return None
    return paris_day(given) < first - timedelta(days=first.weekday()) + timedelta(days=7)


def _counted(context: Context, first: date, last: date, count: str) -> int:
    """The days of a kind after the first, up to the last included."""
    days = (first + timedelta(days=i) for i in range(1, (last - first).days + 1))
    return sum(counted_day(day, count, context) for day in days)


def _certificate_counted(context: Context, count: str) -> Any:
    first, given = _first_day(context), context.get("certificate_at")
    return (
        None
        if first is None or given is None
        else _counted(context, first, paris_day(given), count)
    )


def _absence_counted(context: Context, count: str) -> Any:
    first = _first_day(context)
    if context.day is None or first is None:
        return None
    return _counted(context, first - timedelta(days=1), context.day, count)


def _certificate(context: Context) -> Any:
    document = context.get("document")
    return context.get("certificate_at") is not None or document not in (None, "none")


def _notice_at(context: Context) -> Any:
    return context.at if context.action in ("absence", "cancel") else None


def _moment_told(context: Context) -> datetime | None:
    """When the family acted: told an absence, cancelled, asked or booked."""
    return context.get("notice_at") or context.at or context.get("booked_at")


def _notice_hours(context: Context) -> Any:
    told = _moment_told(context)
    if context.day is None or told is None:
        return None
    starts = context.activity.starts or context.product.opens or 0
    return _hours(told, at_minutes(context.day, starts))


def _notice_days(context: Context) -> Any:
    told = _moment_told(context)
    if context.day is None or told is None:
        return None
    return (context.day - paris_day(told)).days


def _notice_counted(context: Context, count: str) -> Any:
    """The days of a kind from the day of the act, included, to the service's, excluded: as many
    as ``days_before`` of the same kind goes back."""
    told = _moment_told(context)
    if context.day is None or told is None:
        return None
    return _counted(
        context, paris_day(told) - timedelta(days=1), context.day - timedelta(days=1), count
    )


def _in_time(context: Context, action: str, moment: datetime | None) -> bool | None:
    if moment is None:
        return None
    limit = limit_of(context, action)
    return True if limit is None else limit.met(moment)


def _notice_in_time(context: Context) -> Any:
    noticed = context.get("notice_at")
    if noticed is None:
        return False
    own = context.action == "absence" and limit_of(context, "absence") is not None
    return _in_time(context, "absence" if own else "cancel", noticed)


def _booking(context: Context) -> Any:
    moment = context.get("booked_at")
    action = "book"
    if moment is None and context.action in ("book", "prebook", "order", "enrol", "change"):
        moment, action = context.at, context.action
    met = _in_time(context, action, moment)
    return None if met is None else ("in_time" if met else "late")


def _paid_in_time(context: Context) -> Any:
    return _in_time(context, context.action or "book", context.get("paid_at"))


def _paid_minutes(context: Context) -> Any:
    hours = _hours(context.at or context.get("booked_at"), context.get("paid_at"))
    return None if hours is None else hours * 60


def _calendar_rank(context: Context) -> Any:
    first = _first_day(context)
    return None if context.day is None or first is None else (context.day - first).days + 1


def _calendar_days(context: Context) -> Any:
    first, last = context.get("absence_from"), context.get("absence_until")
    return None if first is None or last is None else (last - first).days + 1


DERIVED.update(
    {
        "minutes": _span,
        "late_minutes": _late,
        "certificate": _certificate,
        "certificate_hours": _certificate_hours,
        "certificate_days": lambda c: _days_between(_first_day(c), c.get("certificate_at")),
        "certificate_days_after_end": lambda c: _days_between(
            c.get("absence_until") or c.day, c.get("certificate_at")
        ),
        "certificate_days_after_notice": _certificate_after_notice,
        "certificate_hours_after_notice": lambda c: _hours(
            c.get("notice_at"), c.get("certificate_at")
        ),
        "certificate_working_days": lambda c: _certificate_counted(c, "working"),
        "certificate_school_days": lambda c: _certificate_counted(c, "school"),
        "absence_school_rank": lambda c: _absence_counted(c, "school"),
        "absence_working_rank": lambda c: _absence_counted(c, "working"),
        "certificate_same_week": _certificate_same_week,
        "notified": lambda c: c.get("notice_at") is not None,
        "notice_at": _notice_at,
        "notice_hours": _notice_hours,
        "notice_days": _notice_days,
        "notice_working_days": lambda c: _notice_counted(c, "working"),
        "notice_school_days": lambda c: _notice_counted(c, "school"),
        "notice_in_time": _notice_in_time,
        "booking": _booking,
        "paid_in_time": _paid_in_time,
        "paid_minutes": _paid_minutes,
        "absence_rank": lambda c: 1 if c.action == "absence" else None,
        "absence_days": lambda c: 1 if c.action == "absence" else None,
        "absence_calendar_rank": _calendar_rank,
        "absence_calendar_days": _calendar_days,
    }
)
