"""What the places must know of a household: its children, their weeks, whom to write to.

Rows of the rooms below, read in two queries for a whole act, whatever the number of children.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from preau.bookings.rules import lives_here
from preau.families.queries import custodies_between, get_children, get_family, guardians_of


@dataclass(frozen=True, slots=True)
class Stay:
    """The child lives in the household over a period, all the weeks or every other one."""

    weeks: str
    starts_on: date
    ends_on: date | None


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

    def lives_here(self, day: date) -> bool:
        """Whether the household has the child on that day, and so books and pays."""
        return any(
            stay.starts_on <= day
            and (stay.ends_on is None or day <= stay.ends_on)
            and lives_here(stay.weeks, day)
            for stay in self.stays
        )

    def full_time(self, day: date) -> bool:
        return any(
            stay.weeks == "ALL"
            and stay.starts_on <= day
            and (stay.ends_on is None or day <= stay.ends_on)
            for stay in self.stays
        )


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


def get_household(family_id: int, first: date, last: date, family: Any = None) -> Household:
    """The household and the children who live in it at some time of the period.

    `family`: its row, when the caller has it already; one query less.
    """
    custodies = custodies_between(family_id, first, last).values_list(
        "child_id",
        "child__first_name",
        "child__last_name",
        "child__birth_on",
        "child__sex",
        "child__diet",
        "weeks",
        "starts_on",
        "ends_on",
    )
    return _household(family_id, custodies, family)


def _household(family_id: int, custodies: Iterable[tuple[Any, ...]], family: Any) -> Household:
    if family is None:
        family = get_family(family_id)
        assert family is not None
    stays: dict[int, list[Stay]] = {}
    people: dict[int, tuple[Any, ...]] = {}
    for row in custodies:
        people.setdefault(row[0], row)
        stays.setdefault(row[0], []).append(Stay(*row[6:]))
    kids = {
        pk: Kid(*row[:6], rank=rank, stays=tuple(stays[pk]))
        for rank, (pk, row) in enumerate(people.items(), 1)
    }
    return Household(family_id, family.is_resident, family.postcode, family.city, kids)


def addresses_of(family_id: int) -> list[str]:
    """The e-mail addresses of the household's adults, each once."""
    found = (
        guardians_of(family_id)
        .filter(has_authority=True)
        .exclude(email="")
        .select_related(None)
        .values_list("email", flat=True)
    )
    return list(dict.fromkeys(email.lower() for email in found))


def child_names(child_ids: Iterable[int]) -> dict[int, str]:
    """First names, by child."""
    return {pk: child.first_name for pk, child in get_children(child_ids).items()}
