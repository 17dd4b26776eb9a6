"""From rows to the rulebook's facts: one place for the planning, the sendings, the absences and
the billing run. Pure: values in, values out."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from preau.rulebook.api import Facts

_SOURCES = {"CAF": "caf", "MSA": "msa", "TOWN": "town", "DECLARED": "estimate"}
_NURSERY = frozenset({"TPS", "PS", "MS", "GS"})
_ELEMENTARY = frozenset({"CP", "CE1", "CE2", "CM1", "CM2", "ULIS"})


def age_on(birth_on: date, day: date) -> int:
    """Whole years."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def school_stage(level: str) -> str | None:
    """«nursery» or «elementary» of a school level."""
    if level in _NURSERY:
        return "nursery"
    return "elementary" if level in _ELEMENTARY else None


def service_facts(**known: Any) -> Facts:
    """`service_values`, checked and frozen."""
    return Facts(service_values(**known))


def service_values(
    *,
    day: date,
    is_resident: bool,
    city: str = "",
    quotient_cents: int | None = None,
    quotient_source: str = "",
    birth_on: date | None = None,
    rank: int | None = None,
    children: int | None = None,
    children_enrolled: int | None = None,
    school: str = "",
    level: str = "",
    site: str = "",
    diet: str = "",
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What rules may read of one child on one day. What is unknown is left out, never guessed.

    `quotient_cents` is the quotient in hundredths, `quotient_source` a `QuotientSource`, `level`
    a school level as ONDE writes it; `rank` counts from the eldest of the household.
    """
    values: dict[str, Any] = {"resident": is_resident}
    if city:
        values["residence"] = city
    if quotient_cents is not None:
        values["quotient"] = Decimal(quotient_cents) / 100
        if quotient_source in _SOURCES:
            values["quotient_source"] = _SOURCES[quotient_source]
    if birth_on is not None and birth_on <= day:
        values["age"] = Decimal(age_on(birth_on, day))
    if rank is not None:
        values["rank"] = rank
    if children is not None:
        values["children"] = children
    if children_enrolled is not None:
        values["children_enrolled"] = children_enrolled
    if school:
        values |= {"school": school, "schooled_here": True}
    if level:
        values["class_level"] = level
        stage = school_stage(level)
        if stage:
            values["level"] = stage
        if level == "ULIS":
            values["special_class"] = True
    if site:
        values["site"] = site
    if diet:
        values["diet"] = diet
    if more:
        values |= more
    return values
