"""For whom an activity is, in words. Pure functions."""

from collections.abc import Iterable
from typing import Any

from preau.catalogue.enums import Level
from preau.kernel import french

_LEVEL_NAMES = {
    "TPS": "toute petite section",
    "PS": "petite section",
    "MS": "moyenne section",
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
