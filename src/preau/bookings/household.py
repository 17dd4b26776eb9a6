"""What the places must know of a household: its children, their weeks, whom to write to.

Rows of the rooms below, read in two queries for a whole act (two more when a child's homes swap
days or share the holidays), whatever the number of children.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef

from preau.families.custody import Break, Stay, Swap, read_swaps, school_breaks, swaps_of
from preau.families.queries import custodies_between, get_children, get_family, read_emails
from preau.kernel.kept import Kept
from preau.kernel.lane import Asked


@dataclass(frozen=True, slots=True)
class Kid:
    """A child of the household, in the order of the file (`rank` from 1 gives its colour)."""

    pk: int
    first_name: str
    last_name: str
    birth_on: date | None
    sex: str
    diet: str
    rank: int
    stays: tuple[Stay, ...] = ()
    family_id: int = 0
    swaps: tuple[Swap, ...] = ()
    breaks: tuple[Break, ...] = ()

    def lives_here(self, day: date) -> bool:
        """Whether the household has the child on that day, and so books and pays."""
        here = [stay for stay in self.stays if stay.holds(day)]
        if not here:
            return False
        for swap in self.swaps:
            if swap.starts_on <= day <= swap.ends_on:
                return swap.family_id == self.family_id
        return any(stay.has(day, self.breaks) for stay in here)

    def full_time(self, day: date) -> bool:
        return any(stay.weeks == "ALL" and stay.holds(day) for stay in self.stays)


@dataclass(frozen=True, slots=True)
class Household:
    """A family as the places see it. `kids` is in the order of birth."""

    family_id: int
    is_resident: bool
    postcode: str
    city: str
    kids: dict[int, Kid] = field(default_factory=dict)

    def kid(self, child_id: int) -> Kid | None:
        return self.kids.get(child_id)


def _stays(family_id: int, first: date, last: date) -> Any:
    return (
        custodies_between(family_id, first, last)
        .annotate(has_swaps=Exists(swaps_of(OuterRef("child_id"), first, last)))
        .values_list(
            "child_id",
            "child__first_name",
            "child__last_name",
            "child__birth_on",
            "child__sex",
            "child__diet",
            "has_swaps",
            "weeks",
            "starts_on",
            "ends_on",
            "days",
            "holidays",
        )
    )


_read_stays = Kept(_stays)


def get_household(family_id: int, first: date, last: date, family: Any = None) -> Household:
    """The household and the children who live in it at some time of the period.

    `family`: its row, when the caller has it already; one query less.
    """
    if family is None:
        family = get_family(family_id)
        assert family is not None
    stays: dict[int, list[Stay]] = {}
    people: dict[int, tuple[Any, ...]] = {}
    for row in _read_stays(family_id, first, last):
        people.setdefault(row[0], row)
        stays.setdefault(row[0], []).append(Stay(*row[7:], family_id=family_id))
    # Most households swap no days and follow no holiday rule: nothing more is read for them.
    swapped = [pk for pk, row in people.items() if row[6]]
    swaps = read_swaps(swapped, first, last) if swapped else {}
    breaks: tuple[Break, ...] = ()
    if any(stay.needs_breaks for found in stays.values() for stay in found):
        breaks = tuple(school_breaks(first, last))
    kids = {
        pk: Kid(
            *row[:6],
            rank=rank,
            stays=tuple(stays[pk]),
            family_id=family_id,
            swaps=tuple(swaps.get(pk, ())),
            breaks=breaks,
        )
        for rank, (pk, row) in enumerate(people.items(), 1)
    }
    return Household(family_id, family.is_resident, family.postcode, family.city, kids)


def asked_household(family_id: int, first: date, last: date) -> Asked:
    """What `get_household` asks of a household whose row is known, for `lane.ahead`."""
    return _read_stays.asked(family_id, first, last)


def asked_addresses(family_id: int) -> Asked:
    """What `addresses_of` asks, for `lane.ahead`."""
    return read_emails.asked(family_id)


def addresses_of(family_id: int) -> list[str]:
    """The e-mail addresses of the household's adults, each once."""
    return list(dict.fromkeys(email.lower() for (email,) in read_emails(family_id)))


def child_names(child_ids: Iterable[int]) -> dict[int, str]:
    """First names, by child."""
    return {pk: child.first_name for pk, child in get_children(child_ids).items()}
