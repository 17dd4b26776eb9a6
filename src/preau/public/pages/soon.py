"""The dates not to miss: registrations that open or close, holidays that come."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from preau.catalogue import queries as catalogue
from preau.kernel import french
from preau.kernel.clock import paris, paris_day
from preau.public.pages.words import days_away

HORIZON = timedelta(days=60)
HOLIDAY_HORIZON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Soon:
    """One line: the day shown large, what happens, a sentence, a state and its words."""

    day: date
    title: str
    text: str
    kind: str
    state: str
    icon: str
    slug: str = ""

    @property
    def number(self) -> int:
        return self.day.day

    @property
    def month(self) -> str:
        return french.month(self.day, year=False)


def coming(now: datetime) -> list[Soon]:
    """What families should know of the next two months, the nearest first; two queries."""
    today = paris_day(now)
    lines: dict[tuple[str, str, datetime], list[str]] = {}
    named: dict[str, str] = {}
    for offering in catalogue.registration_openings(now, now + HORIZON):
        activity = offering.activity
        named[activity.slug] = activity.name
        opens, closes = offering.registration_opens_at, offering.registration_closes_at
        if opens and now < opens <= now + HORIZON:
            lines.setdefault(("open", activity.slug, opens), []).append(offering.establishment.name)
        elif closes and now < closes <= now + HORIZON:
            lines.setdefault(("close", activity.slug, closes), []).append(
                offering.establishment.name
            )
    found = [
        _registration(what, slug, named[slug], at, sorted(set(sites)), now)
        for (what, slug, at), sites in lines.items()
    ]
    found += _holidays(today)
    return sorted(found, key=lambda line: line.day)


def _registration(
    what: str, slug: str, name: str, at: datetime, sites: list[str], now: datetime
) -> Soon:
    where = f" {french.and_join(sites)}." if len(sites) <= 3 else f" {len(sites)} sites."
    nbsp = french.NBSP
    if what == "open":
        day = paris_day(at)
        return Soon(
            day,
            f"{name}{nbsp}: ouverture des inscriptions",
            f"{french.instant(at)[:1].upper()}{french.instant(at)[1:]}.{where}",
            "town",
            f"Ouvre {days_away((day - paris_day(now)).days)}",
            "calendar-days",
            slug,
        )
    # Midnight belongs to the day that ends.
    last = paris(at) - timedelta(seconds=1)
    left = (last.date() - paris_day(now)).days
    return Soon(
        last.date(),
        f"{name}{nbsp}: dernier jour pour s’inscrire",
        f"Jusqu’à {french.deadline(at)}.{where}",
        "wait",
        "Dernier jour" if not left else f"Encore {french.count(left, 'jour')}",
        "clock",
        slug,
    )


def _holidays(today: date) -> list[Soon]:
    last = today + timedelta(days=HOLIDAY_HORIZON_DAYS)
    return [
        Soon(
            holiday.starts_on,
            holiday.name,
            f"Pas d’école {french.period(holiday.starts_on, holiday.ends_on)}.",
            "town",
            days_away((holiday.starts_on - today).days).capitalize(),
            "calendar-days",
        )
        for holiday in catalogue.list_holidays().filter(starts_on__range=(today, last))
    ]
