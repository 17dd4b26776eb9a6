"""What the offer says of itself in sentences: for whom, when, at what hours. Pure functions."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from preau.catalogue.enums import ActivityKind, Level, PeriodKind
from preau.kernel import french

ICONS = {
    ActivityKind.CANTEEN: "utensils",
    ActivityKind.MORNING_CARE: "sunrise",
    ActivityKind.EVENING_CARE: "sunset",
    ActivityKind.WEDNESDAY: "palette",
    ActivityKind.HOLIDAY_CENTRE: "tent-tree",
    ActivityKind.SPORT: "dumbbell",
    ActivityKind.CRECHE: "baby",
}
SITE_ICONS = {
    "SCHOOL": "school", "LEISURE_CENTRE": "tent-tree", "CRECHE": "baby", "SPORTS": "dumbbell",
}
_LEVEL_NAMES = {
    "TPS": "toute petite section", "PS": "petite section", "MS": "moyenne section",
    "GS": "grande section",
}


def level_name(level: str) -> str:
    return _LEVEL_NAMES.get(level, level)


def levels_words(levels: Iterable[str]) -> str:
    """«de la petite section au CM2», «en CP», ""."""
    known = [level for level in Level.values if level in set(levels) and level != Level.ULIS]
    if not known:
        return ""
    first, last = known[0], known[-1]
    if first == last:
        return f"en {level_name(first)}"
    start = f"de la {level_name(first)}" if first in _LEVEL_NAMES else f"du {first}"
    end = f"à la {level_name(last)}" if last in _LEVEL_NAMES else f"au {last}"
    return f"{start} {end}"


def ages_words(low: int | None, high: int | None) -> str:
    """«de 4 à 11 ans», «à partir de 3 ans», «jusqu’à 3 ans», ""."""
    if low is None and high is None:
        return ""
    if high is None:
        return f"à partir de {low}{french.NBSP}ans"
    if not low:
        return f"jusqu’à {high}{french.NBSP}ans"
    return f"de {low} à {high}{french.NBSP}ans"


def audience(activity: Any) -> str:
    """For whom: by level, else by age, else for all; with a capital."""
    words = levels_words(activity.levels) or ages_words(activity.min_age, activity.max_age)
    return (words or "pour tous les enfants")[:1].upper() + (words or "pour tous les enfants")[1:]


def hours_words(starts_at: time, ends_at: time) -> str:
    """«de 11 h 40 à 13 h 40»."""
    return f"de {french.clock_time(starts_at)} à {french.clock_time(ends_at)}"


def whole_hours(products: Iterable[Any]) -> str:
    """From the first opening to the last closing of all the products, or ""."""
    times = [(p.starts_at, p.ends_at) for p in products]
    if not times:
        return ""
    return hours_words(min(t[0] for t in times), max(t[1] for t in times))


def weekdays_words(days: Iterable[int]) -> str:
    """«le lundi, mardi et jeudi», «du lundi au vendredi»."""
    names = sorted(set(days))
    if names == [0, 1, 3, 4]:
        return "lundi, mardi, jeudi et vendredi"
    if len(names) > 2 and names == list(range(names[0], names[-1] + 1)):
        return f"du {french.WEEKDAYS[names[0]]} au {french.WEEKDAYS[names[-1]]}"
    return french.and_join(french.WEEKDAYS[day] for day in names)


def when_words(by_kind: Mapping[str, list[int]]) -> list[str]:
    """One sentence by kind of period: «Les jours d’école : lundi, mardi, jeudi et vendredi»."""
    said = []
    for kind, lead in (
        (PeriodKind.SCHOOL_DAYS, "En période scolaire"),
        (PeriodKind.WEDNESDAYS, "En période scolaire"),
        (PeriodKind.SMALL_HOLIDAYS, "Pendant les petites vacances"),
        (PeriodKind.SUMMER, "Pendant l’été"),
    ):
        days = by_kind.get(kind)
        if not days:
            continue
        if kind == PeriodKind.WEDNESDAYS and days == [2]:
            said.append("Le mercredi, en période scolaire")
        else:
            said.append(f"{lead}{french.NBSP}: {weekdays_words(days)}")
    return said


def days_away(days: int) -> str:
    """«aujourd’hui», «demain», «dans 8 jours»."""
    return {0: "aujourd’hui", 1: "demain"}.get(days, f"dans {days}{french.NBSP}jours")
