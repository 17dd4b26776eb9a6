"""Establishments and their classes."""

from datetime import datetime
from typing import Any

from django.db import transaction

from preau.catalogue.enums import EstablishmentKind, Level
from preau.catalogue.errors import CatalogueRefusal
from preau.catalogue.models import Establishment, SchoolClass
from preau.catalogue.services._writing import fetch, free_slug, remove, write
from preau.kernel.actors import Actor
from preau.town.queries import french_spaces


def check_levels(levels: list[str]) -> list[str]:
    """Known levels, once, in the order of the school life. Raises CatalogueRefusal."""
    unknown = [level for level in levels if level not in Level.values]
    if unknown:
        raise CatalogueRefusal(fields={"levels": [f"Niveau inconnu : {', '.join(unknown)}."]})
    return [level for level in Level.values if level in levels]


@transaction.atomic
def save_establishment(
    *,
    name: str,
    kind: str,
    now: datetime,
    actor: Actor,
    establishment_id: int | None = None,
    **values: Any,
) -> Establishment:
    """A site of the town. `values`: uai, address, phone, opening_hours, description, levels,
    is_active; `slug` only to choose it."""
    row = fetch(Establishment, establishment_id)
    if "levels" in values:
        values["levels"] = check_levels(values["levels"])
    if "uai" in values:
        values["uai"] = values["uai"].strip().upper()
    if "opening_hours" in values:
        values["opening_hours"] = french_spaces(values["opening_hours"])
    slug = (
        values.pop("slug", "") or row.slug or free_slug(Establishment, name, pk=row.pk, length=100)
    )
    return write(
        row,
        {"name": name.strip(), "kind": kind, "slug": slug, **values},
        what=f"Établissement « {name} »",
        now=now,
        actor=actor,
    )


@transaction.atomic
def delete_establishment(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take away an establishment that nothing uses. Raises CatalogueRefusal otherwise."""
    row = fetch(Establishment, pk)
    remove(row, what=f"Établissement « {row.name} »", now=now, actor=actor)


@transaction.atomic
def save_class(
    *,
    establishment_id: int,
    school_year_id: int,
    name: str,
    now: datetime,
    actor: Actor,
    levels: list[str] | None = None,
    external_id: str | None = None,
    school_class_id: int | None = None,
) -> SchoolClass:
    """A class of a school in a school year; `external_id` is ONDE's own."""
    row = fetch(SchoolClass, school_class_id)
    school = Establishment.objects.filter(pk=establishment_id).first()
    if school is None or school.kind != EstablishmentKind.SCHOOL:
        raise CatalogueRefusal(fields={"establishment_id": ["Choisissez une école."]})
    values: dict[str, Any] = {
        "establishment_id": establishment_id,
        "school_year_id": school_year_id,
        "name": name.strip(),
        "levels": check_levels(levels or []),
    }
    if external_id is not None:
        values["external_id"] = external_id
    return write(row, values, what=f"Classe « {name} », {school.name}", now=now, actor=actor)


@transaction.atomic
def delete_class(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take away a class that nothing uses. Raises CatalogueRefusal otherwise."""
    row = fetch(SchoolClass, pk)
    remove(row, what=f"Classe « {row.name} »", now=now, actor=actor)
