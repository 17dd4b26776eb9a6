"""What follows from a family's data alone: pure functions."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from preau.families.enums import CustodyWeeks
from preau.families.values import AddressData
from preau.kernel import french
from preau.kernel.text import search_key


class TownPlaces(Protocol):
    """The part of the town that says which addresses are its own."""

    postcodes: list[str]
    city_names: list[str]


class CustodyLike(Protocol):
    weeks: str
    days: str


def is_resident(address: AddressData, town: TownPlaces) -> bool:
    """Whether the address is in the town: its postcode, and its city's name when it is known.

    A postcode may cover several communes; hence both. A town that listed no postcode is known
    by its names alone.
    """
    if address.country.strip().upper() not in ("", "FRANCE"):
        return False
    cities = {search_key(name) for name in town.city_names}
    in_postcodes = not town.postcodes or address.postcode.strip() in town.postcodes
    in_cities = not cities or search_key(address.city) in cities
    return in_postcodes and in_cities and bool(town.postcodes or cities)


def custody_warning(custodies: Sequence[CustodyLike]) -> str:
    """What is unclear about where a child lives, in a French sentence; "" when all is clear.

    `custodies`: those of one child in force on one day, one per household.
    """
    weeks = [custody.weeks for custody in custodies]
    if CustodyWeeks.DAYS in weeks:
        patterns = [_pattern(custody) for custody in custodies]
        if len(patterns) == 2 and all(a != b for a, b in zip(*patterns, strict=True)):
            return ""
        return "Les jours des deux foyers ne se complètent pas : précisez la garde."
    if len(weeks) < 2:
        return ""
    if sorted(weeks) == sorted([CustodyWeeks.EVEN, CustodyWeeks.ODD]):
        return ""
    if all(week == CustodyWeeks.ALL for week in weeks):
        return "Les deux foyers ont cet enfant toutes les semaines : précisez la garde."
    return "Les semaines des deux foyers ne se complètent pas : précisez la garde."


def _pattern(custody: CustodyLike) -> str:
    if custody.weeks == CustodyWeeks.DAYS:
        return custody.days
    return {"ALL": "1" * 14, "EVEN": "1" * 7 + "0" * 7, "ODD": "0" * 7 + "1" * 7}[custody.weeks]


def days_words(first: date, last: date) -> str:
    """«vendredi 18 décembre», or «12 – 13 décembre»."""
    return french.day(first) if first == last else french.span(first, last)


def household_name(last_names: Iterable[str]) -> str:
    """«Rousseau – Belkacem»: each name once, in the order given."""
    seen: dict[str, str] = {}
    for name in last_names:
        seen.setdefault(search_key(name), name)
    return " – ".join(seen.values())[:160]


def colour_index(order: int) -> int:
    """The colour (0 to 3) of the child of this rank in its family, counted from 0."""
    return order % 4
