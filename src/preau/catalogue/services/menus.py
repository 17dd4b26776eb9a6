"""The canteen's menus."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import transaction

from preau.catalogue.enums import Allergen
from preau.catalogue.errors import CatalogueRefusal
from preau.catalogue.models import Menu
from preau.catalogue.services._writing import fetch, remove, write
from preau.kernel import french
from preau.kernel.actors import Actor

COURSES = ("starter", "main", "side", "dairy", "dessert", "note")
DISHES = {
    "starter": "Entrée",
    "main": "Plat",
    "side": "Accompagnement",
    "dairy": "Laitage",
    "dessert": "Dessert",
}
# What a dish may hold: the fourteen allergens, then what some diets leave out.
CONTENTS = {**{a.value: str(a.label) for a in Allergen}, "PORK": "porc", "MEAT": "viande"}


def _save(row: Menu, day: date, courses: Mapping[str, str], now: datetime, actor: Actor) -> Menu:
    values = {"day": day, **{name: courses.get(name, "").strip() for name in COURSES}}
    return write(row, values, what=f"Menu du {french.day(day, year=True)}", now=now, actor=actor)


@transaction.atomic
def save_menu(*, day: date, now: datetime, actor: Actor, **courses: str) -> Menu:
    """The menu of a day, in place of the one written before. `courses` are those of COURSES."""
    row = Menu.objects.select_for_update().filter(day=day).first() or Menu()
    return _save(row, day, courses, now, actor)


@transaction.atomic
def save_week_menus(
    *, days: Mapping[date, Mapping[str, str]], now: datetime, actor: Actor
) -> list[Menu]:
    """Write several days at once; a day left wholly empty loses its menu."""
    written = {m.day: m for m in Menu.objects.select_for_update().filter(day__in=list(days))}
    kept = []
    for day, courses in sorted(days.items()):
        if any(text.strip() for text in courses.values()):
            kept.append(_save(written.get(day) or Menu(), day, courses, now, actor))
        elif day in written:
            remove(written[day], what=f"Menu du {french.day(day, year=True)}", now=now, actor=actor)
    return kept


@transaction.atomic
def save_allergens(
    *, day: date, allergens: Mapping[str, Iterable[str]], now: datetime, actor: Actor
) -> Menu:
    """What each course of the day's menu holds; codes and courses that nobody knows are left out.

    Raises CatalogueRefusal when the day has no menu.
    """
    row = Menu.objects.select_for_update().filter(day=day).first()
    if row is None:
        raise CatalogueRefusal("Ce jour n’a pas de menu : écrivez-le d’abord.")
    kept = {}
    for course in DISHES:
        asked = set(allergens.get(course, ()))
        codes = [code for code in CONTENTS if code in asked]
        if codes and getattr(row, course):
            kept[course] = codes
    return write(
        row,
        {"allergens": kept},
        what=f"Allergènes du {french.day(day, year=True)}",
        now=now,
        actor=actor,
    )


@transaction.atomic
def delete_menu(*, pk: int, now: datetime, actor: Actor) -> None:
    """Take a day’s menu away."""
    row = fetch(Menu, pk)
    remove(row, what=f"Menu du {french.day(row.day, year=True)}", now=now, actor=actor)
