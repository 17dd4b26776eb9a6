"""Classes as the school register names them, spread over the town's schools."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from preau.catalogue.enums import EstablishmentKind
from preau.catalogue.models import Establishment, SchoolClass


@dataclass(frozen=True, slots=True)
class ListedClass:
    """A class of the register: its own identifier, its name and its pupils' levels."""

    external_id: str
    name: str
    levels: tuple[str, ...]


def spread_classes(*, listed: Sequence[ListedClass], school_year_id: int) -> dict[str, int]:
    """For each class its school's id: the one it has already, else a school of its levels.

    The register names no school. New classes go, level by level, to the schools that hold their
    levels, the one with the fewest classes first; agents move a class on the class's page.
    """
    known = dict(
        SchoolClass.objects.filter(school_year_id=school_year_id)
        .exclude(external_id="")
        .values_list("external_id", "establishment_id")
    )
    schools = list(
        Establishment.objects.filter(kind=EstablishmentKind.SCHOOL, is_active=True).order_by("pk")
    )
    names: dict[int, set[str]] = {school.pk: set() for school in schools}
    for school_id, name in SchoolClass.objects.filter(school_year_id=school_year_id).values_list(
        "establishment_id", "name"
    ):
        names.setdefault(school_id, set()).add(name)
    spread = {c.external_id: known[c.external_id] for c in listed if c.external_id in known}
    for item in sorted(listed, key=lambda c: (c.levels, c.external_id)):
        if item.external_id in spread:
            continue
        fitting = [s for s in schools if set(item.levels) <= set(s.levels)] or schools
        free = [s for s in fitting if item.name not in names[s.pk]] or fitting
        if not free:
            continue
        school = min(free, key=lambda s: (len(names[s.pk]), s.pk))
        names[school.pk].add(item.name)
        spread[item.external_id] = school.pk
    return spread


@transaction.atomic
def ensure_classes(
    *, listed: Sequence[ListedClass], spread: dict[str, int], school_year_id: int
) -> dict[str, int]:
    """Create the classes that are missing; ids by external id. Twice changes nothing."""
    existing = {
        row.external_id: row
        for row in SchoolClass.objects.filter(school_year_id=school_year_id).exclude(external_id="")
    }
    created = []
    for item in listed:
        if (row := existing.get(item.external_id)) is None:
            row = SchoolClass(
                establishment_id=spread[item.external_id],
                school_year_id=school_year_id,
                name=item.name,
                levels=list(item.levels),
                external_id=item.external_id,
            )
            created.append(row)
            existing[item.external_id] = row
        elif row.name != item.name or row.levels != list(item.levels):
            row.name, row.levels = item.name, list(item.levels)
            row.save(update_fields=["name", "levels"])
    SchoolClass.objects.bulk_create(created)
    return {external_id: row.pk for external_id, row in existing.items()}
