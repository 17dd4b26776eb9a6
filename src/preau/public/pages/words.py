"""What the offer says of itself in sentences: for whom, when, at what hours. Pure functions."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from preau.catalogue.enums import ActivityKind, PeriodKind
from preau.catalogue.words import audience
from preau.kernel import french

__all__ = ["ICONS", "audience", "days_away", "hours_words", "when_words", "whole_hours"]

ICONS: dict[str, str] = {
    ActivityKind.CANTEEN: "utensils",
    ActivityKind.MORNING_CARE: "sunrise",
    ActivityKind.EVENING_CARE: "sunset",
    ActivityKind.WEDNESDAY: "palette",
    ActivityKind.HOLIDAY_CENTRE: "tent-tree",
    ActivityKind.SPORT: "dumbbell",
    ActivityKind.CRECHE: "baby",
}


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
