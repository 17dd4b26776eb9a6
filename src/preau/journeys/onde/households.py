"""From ONDE's adults and children to households. Pure: no database.

Two adults make one household when they live at the same address and share a child. Parents at
two addresses make two households that share the child. Neighbours of one building who share no
child stay apart.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from preau.kernel.text import search_key
from preau.schools.register import (
    ADULTS,
    PUPILS,
    AdultRow,
    ChildLink,
    PostalAddress,
    Problem,
    PupilRow,
    Register,
)


@dataclass(slots=True)
class Household:
    """Adults of one address and the children (by INE) of any of them."""

    address: PostalAddress
    adults: list[AdultRow] = field(default_factory=list)
    children: list[PupilRow] = field(default_factory=list)


def address_key(address: PostalAddress) -> str:
    return search_key(address.line, address.postcode, address.city)


def person_key(last_name: str, first_name: str) -> str:
    return f"{search_key(last_name)}|{search_key(first_name)}"


def group_households(files: Register) -> tuple[list[Household], list[Problem]]:
    """All the households of the files, in the order of their first adult, and what did not fit."""
    problems: list[Problem] = []
    adults = _merge_repeated(files.adults)
    children_of = _match_children(files.pupils, adults, problems)
    roots = _Union(len(adults))
    at: dict[tuple[str, str], int] = {}
    for index, adult in enumerate(adults):
        for pupil in children_of[index]:
            home = (address_key(adult.address), pupil.ine)
            if home in at:
                roots.join(at[home], index)
            else:
                at[home] = index
    households: dict[int, Household] = {}
    for index, adult in enumerate(adults):
        if not children_of[index]:
            continue
        household = households.setdefault(roots.find(index), Household(adult.address))
        household.adults.append(adult)
        known = {child.ine for child in household.children}
        household.children.extend(c for c in children_of[index] if c.ine not in known)
    housed = {child.ine for household in households.values() for child in household.children}
    problems += [
        Problem(PUPILS, pupil.line, "aucun responsable ne cite cet enfant : à rattacher à la main")
        for pupil in files.pupils
        if pupil.ine not in housed
    ]
    return list(households.values()), problems


def _merge_repeated(adults: list[AdultRow]) -> list[AdultRow]:
    """An adult of more children than one line holds has several lines: make them one."""
    merged: dict[tuple[str, str], AdultRow] = {}
    for adult in adults:
        key = (person_key(adult.last_name, adult.first_name), address_key(adult.address))
        if (known := merged.get(key)) is None:
            merged[key] = adult
        else:
            extra = tuple(c for c in adult.children if c not in known.children)
            merged[key] = AdultRow(
                **{name: getattr(known, name) for name in AdultRow.__slots__ if name != "children"},
                children=known.children + extra,
            )
    return list(merged.values())


def _match_children(
    pupils: list[PupilRow], adults: list[AdultRow], problems: list[Problem]
) -> list[list[PupilRow]]:
    by_name: dict[tuple[str, str], list[PupilRow]] = defaultdict(list)
    for pupil in pupils:
        key = (person_key(pupil.last_name, pupil.first_name), search_key(pupil.class_name))
        by_name[key].append(pupil)
    matched: list[list[PupilRow]] = []
    for adult in adults:
        found = []
        for link in adult.children:
            key = (person_key(link.last_name, link.first_name), search_key(link.class_name))
            match = _one(by_name.get(key, []), adult)
            if match is None:
                problems.append(_unmatched(adult, link, len(by_name.get(key, []))))
            else:
                found.append(match)
        matched.append(found)
    return matched


def _one(candidates: list[PupilRow], adult: AdultRow) -> PupilRow | None:
    if len(candidates) > 1:  # namesakes: the address tells which
        home = address_key(adult.address)
        candidates = [c for c in candidates if home in {address_key(a) for a in c.addresses}]
    return candidates[0] if len(candidates) == 1 else None


def _unmatched(adult: AdultRow, link: ChildLink, count: int) -> Problem:
    who = f"{link.first_name} {link.last_name} ({link.class_name})"
    reason = (
        f"{count} élèves s’appellent {who} : l’adresse ne dit pas lequel"
        if count
        else f"{who} n’est pas dans le fichier des élèves"
    )
    return Problem(ADULTS, adult.line, reason, is_refused=False)


class _Union:
    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def find(self, item: int) -> int:
        while self.parent[item] != item:
            self.parent[item] = self.parent[self.parent[item]]
            item = self.parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self.parent[high] = low
