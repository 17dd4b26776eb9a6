"""What pricing and addressing need of the families billed, read in a few statements for all."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import Q

from preau.families.queries import payers_of


@dataclass(frozen=True, slots=True)
class Quotient:
    value_cents: int
    source: str
    starts_on: date
    ends_on: date | None


@dataclass(slots=True)
class Kid:
    first_name: str
    last_name: str
    birth_on: date | None
    diet: str


@dataclass(slots=True)
class House:
    """One family, over one month. `ranks` counts its children from the eldest."""

    name: str
    code: str
    is_resident: bool
    city: str
    address: str
    quotients: list[Quotient] = field(default_factory=list)
    ranks: dict[int, int] = field(default_factory=dict)
    enrolled: int = 0

    def quotient_on(self, day: date) -> Quotient | None:
        """The last recorded among those whose period holds the day."""
        for quotient in self.quotients:
            if quotient.starts_on <= day and (quotient.ends_on is None or day <= quotient.ends_on):
                return quotient
        return None


@dataclass(frozen=True, slots=True)
class Schooling:
    school: str
    level: str
    starts_on: date
    ends_on: date


@dataclass(slots=True)
class People:
    """Everything about the families and children of a run."""

    houses: dict[int, House]
    kids: dict[int, Kid]
    schoolings: dict[int, list[Schooling]]
    debtors: dict[int, dict[str, Any]]

    def schooling_on(self, child_id: int, day: date) -> Schooling | None:
        for schooling in self.schoolings.get(child_id, ()):
            if schooling.starts_on <= day <= schooling.ends_on:
                return schooling
        return None


def read_people(
    family_ids: Iterable[int],
    child_ids: Iterable[int],
    *,
    first: date,
    last: date,
    known_at: datetime | None = None,
) -> People:
    """Seven statements, whatever the number of families. `known_at`: with the quotients that were
    recorded at that instant."""
    families = list(set(family_ids))
    children = list(set(child_ids))
    recorded = Q(recorded_at__lte=known_at) if known_at else Q()
    overlaps = Q(ends_on__isnull=True) | Q(ends_on__gte=first)
    houses = {
        pk: House(
            name,
            code,
            is_resident,
            city,
            ", ".join(part for part in (line1, line2, f"{postcode} {city}".strip()) if part),
        )
        for pk, name, code, is_resident, city, line1, line2, postcode in apps.get_model(
            "families", "Family"
        )
        .objects.filter(pk__in=families)
        .values_list(
            "pk",
            "name",
            "code",
            "is_resident",
            "city",
            "address_line1",
            "address_line2",
            "postcode",
        )
    }
    for row in (
        apps.get_model("families", "Quotient")
        .objects.filter(overlaps, recorded, family_id__in=families, starts_on__lte=last)
        .order_by("-recorded_at", "-pk")
        .values_list("family_id", "value_cents", "source", "starts_on", "ends_on")
    ):
        houses[row[0]].quotients.append(Quotient(*row[1:]))
    for family_id, child_id in (
        apps.get_model("families", "Custody")
        .objects.filter(overlaps, family_id__in=families, starts_on__lte=last)
        .order_by("child__birth_on", "child_id", "starts_on")
        .values_list("family_id", "child_id")
    ):
        ranks = houses[family_id].ranks
        ranks.setdefault(child_id, len(ranks) + 1)
    enrolled: dict[int, set[int]] = defaultdict(set)
    for family_id, child_id in (
        apps.get_model("enrolments", "Enrolment")
        .objects.filter(
            family_id__in=families, status="ACTIVE", starts_on__lte=last, ends_on__gte=first
        )
        .values_list("family_id", "child_id")
    ):
        enrolled[family_id].add(child_id)
    for family_id, found in enrolled.items():
        houses[family_id].enrolled = len(found)
    kids = {
        pk: Kid(*row)
        for pk, *row in apps.get_model("families", "Child")
        .objects.filter(pk__in=children)
        .values_list("pk", "first_name", "last_name", "birth_on", "diet")
    }
    schoolings: dict[int, list[Schooling]] = defaultdict(list)
    for child_id, *row in (
        apps.get_model("schools", "Schooling")
        .objects.filter(child_id__in=children, starts_on__lte=last, ends_on__gte=first)
        .order_by("starts_on")
        .values_list("child_id", "establishment__name", "level", "starts_on", "ends_on")
    ):
        schoolings[child_id].append(Schooling(*row))
    return People(
        houses=houses,
        kids=kids,
        schoolings=dict(schoolings),
        debtors=_debtors(houses),
    )


def _debtors(houses: dict[int, House]) -> dict[int, dict[str, Any]]:
    """The named adult who owes, frozen as it is now: civility, names, birth, address."""
    return {
        family_id: {
            "guardian_id": adult.pk,
            "civility": adult.civility,
            "civility_label": adult.get_civility_display() if adult.civility else "",
            "first_name": adult.first_name,
            "last_name": adult.last_name,
            "usage_name": adult.usage_name,
            "name": str(adult),
            "birth_on": adult.birth_on.isoformat() if adult.birth_on else "",
            "address": houses[family_id].address,
            "family_code": houses[family_id].code,
        }
        for family_id, adult in payers_of(houses).items()
    }
