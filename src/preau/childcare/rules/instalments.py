"""The monthly instalment: the hours of the whole contract, spread evenly over its months."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from preau.childcare.rules.week import Week, lengths, weekly
from preau.kernel import french
from preau.kernel.money import euros


@dataclass(frozen=True, slots=True)
class Instalment:
    """How the instalment comes about: minutes of the calendar, weeks off, months, price."""

    opened_days: int
    opened_minutes: int
    off_minutes: int
    minutes: int
    months: int
    hourly_cents: int
    cents: int

    def sentences(self, weeks_off: Decimal) -> tuple[str, ...]:
        """The arithmetic, as the family reads it."""
        hours = french.minutes
        told = [
            f"Heures prévues au calendrier, fermetures et jours fériés déduits : "
            f"{french.count(self.opened_days, 'jour')}, {hours(self.opened_minutes)}."
        ]
        if self.off_minutes:
            words = f"{weeks_off.normalize():f}".replace(".", ",")
            told.append(
                f"Moins {words} semaine{'s' if weeks_off >= 2 else ''} d’absence prévue"
                f"{'s' if weeks_off >= 2 else ''} : {hours(self.off_minutes)}. "
                f"Reste {hours(self.minutes)}."
            )
        told.append(
            f"{hours(self.minutes)} × {euros(self.hourly_cents)} de l’heure ÷ "
            f"{french.count(self.months, 'mois', 'mois')} = {euros(self.cents)} par mois."
        )
        return tuple(told)


def half_up(top: int, bottom: int) -> int:
    """A quotient rounded to the nearest whole, halves away from zero; exact, no float."""
    sign = -1 if top < 0 else 1
    return sign * ((2 * abs(top) + bottom) // (2 * bottom))


def price_of(minutes: int, hourly_cents: int) -> int:
    """Minutes at an hourly price, to the nearest cent."""
    return half_up(minutes * hourly_cents, 60)


def months_between(first: date, last: date) -> int:
    """The calendar months that a period touches: one instalment each."""
    return (last.year - first.year) * 12 + last.month - first.month + 1


def planned_days(
    week: Week, first: date, last: date, closed: Collection[date]
) -> Iterator[tuple[date, int]]:
    """(day, minutes) of the days of the week that are open, both ends included."""
    by_day = lengths(week)
    day = first
    while day <= last:
        if day.weekday() < len(by_day) and by_day[day.weekday()] and day not in closed:
            yield day, by_day[day.weekday()]
        day += timedelta(days=1)


def instalment(
    *,
    week: Week,
    first: date,
    last: date,
    closed: Collection[date],
    weeks_off: Decimal,
    hourly_cents: int,
) -> Instalment:
    """The instalment of these terms over [first, last]."""
    days = list(planned_days(week, first, last, closed))
    opened = sum(minutes for _day, minutes in days)
    off = min(opened, int(weeks_off * weekly(week)))
    months = months_between(first, last)
    minutes = opened - off
    return Instalment(
        opened_days=len(days),
        opened_minutes=opened,
        off_minutes=off,
        minutes=minutes,
        months=months,
        hourly_cents=hourly_cents,
        cents=half_up(minutes * hourly_cents, 60 * months),
    )
