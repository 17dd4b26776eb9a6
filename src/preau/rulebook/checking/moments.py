"""Deadlines: limits that cannot be met, fall on closed days, or lack an hour."""

from collections.abc import Iterator
from datetime import date, timedelta

from preau.kernel import french
from preau.rulebook.checking.coverage import products_of
from preau.rulebook.checking.findings import Finding, error, warning
from preau.rulebook.engine import derived as _derived  # noqa: F401
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.limits import instant_of, is_service_day
from preau.rulebook.facts import Facts
from preau.rulebook.rules.book import Activity, Rulebook
from preau.rulebook.rules.moments import Deadline, HoursBefore, WeekdayBefore, WeekdayMap, Windows
from preau.rulebook.when import Calendar, french_instant, paris_day


def check_deadlines(book: Rulebook, calendar: Calendar) -> Iterator[Finding]:
    """Each deadline over a school year of service days."""
    for rule in book.deadlines:
        if not rule.enabled:
            continue
        if rule.limit is not None and isinstance(rule.limit.step, Windows):
            yield from _windows(rule, rule.limit.step)
            continue
        activities = [
            a
            for a in book.activities
            if not rule.scope.activities or a.code in rule.scope.activities
        ]
        if rule.limit is not None and isinstance(rule.limit.step, HoursBefore):
            for activity in activities:
                if activity.starts is None and not any(p.opens for p in activity.products):
                    yield warning(
                        "no_start",
                        f"« {rule.name} » compte des heures avant "
                        f"« {activity.name} », dont l’heure de début n’est pas écrite : "
                        "0 h est supposée",
                        rule.id,
                        activity.code,
                    )
        for activity in activities:
            yield from _year(book, rule, activity, calendar)


def _windows(rule: Deadline, step: Windows) -> Iterator[Finding]:
    for window in step.windows:
        if window.opens_at and window.closes_at and window.opens_at >= window.closes_at:
            yield error(
                "deadline",
                f"« {rule.name} » : une fenêtre se ferme avant de s’ouvrir "
                f"({french_instant(window.opens_at)})",
                rule.id,
                window.opens_at,
            )
        if (
            window.services_from
            and window.closes_at
            and window.services_until
            and (paris_day(window.closes_at) > window.services_until)
        ):
            yield error(
                "deadline",
                f"« {rule.name} » : une fenêtre se ferme après les jours qu’elle concerne",
                rule.id,
                window.closes_at,
            )
        if (
            window.services_from
            and window.services_until
            and (window.services_from > window.services_until)
        ):
            yield error(
                "deadline",
                f"« {rule.name} » : une fenêtre finit avant de commencer",
                rule.id,
                window.services_from,
            )


def _year(
    book: Rulebook, rule: Deadline, activity: Activity, calendar: Calendar
) -> Iterator[Finding]:
    start = book.applies_from or date(2026, 9, 1)
    seen: set[str] = set()
    code = products_of(activity)[0]
    for offset in range(365):
        day = start + timedelta(days=offset)
        context = Context(book, activity.code, code or None, day, Facts(), calendar)
        if not is_service_day(day, context):
            continue
        if not rule.in_force(day) or not _scoped(rule, context):
            continue
        closing = instant_of(rule.limit, context) if rule.limit is not None else None
        if closing is None:
            continue
        closes, included = closing
        opening = instant_of(rule.opens, context) if rule.opens is not None else None
        if opening is not None and opening[0] >= closes and "opens" not in seen:
            seen.add("opens")
            yield error(
                "deadline",
                f"« {rule.name} » : pour {french.day(day)}, l’ouverture "
                f"({french_instant(opening[0])}) vient après la limite "
                f"({french_instant(closes)})",
                rule.id,
                day,
                closes,
            )
        last = closes - timedelta(minutes=0 if included else 1)
        limit_day = paris_day(last)
        if limit_day > day and "after" not in seen:
            seen.add("after")
            yield error(
                "deadline",
                f"« {rule.name} » : pour {french.day(day)}, la limite "
                f"({french_instant(closes)}) tombe après le service",
                rule.id,
                day,
                closes,
            )
        if (
            limit_day in calendar.public_holidays
            and _at_the_office(rule)
            and ("holiday" not in seen)
        ):
            seen.add("holiday")
            yield warning(
                "deadline_closed",
                f"« {rule.name} » : pour "
                f"{french.day(day, year=True)}, la limite tombe "
                f"{french_instant(closes)}, un jour férié ; dites « shift » pour "
                "l’avancer ou la reculer",
                rule.id,
                day,
                limit_day,
            )


def _scoped(rule: Deadline, context: Context) -> bool:
    scope = rule.scope
    return (
        (not scope.weekdays or context.get("weekday") in scope.weekdays)
        and (not scope.periods or context.get("period") in scope.periods)
        and (not scope.holidays or context.get("holiday") in scope.holidays)
    )


def _at_the_office(rule: Deadline) -> bool:
    """A fixed weekday can meet a public holiday; a shift that names them already answers."""
    limit = rule.limit
    if limit is None or "public_holidays" in limit.closed:
        return False
    return isinstance(limit.step, (WeekdayBefore, WeekdayMap)) or limit.minutes < 1440
