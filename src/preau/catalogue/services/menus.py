"""The canteen's menus."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from preau.catalogue.models import Menu
from preau.catalogue.services._writing import fetch, remove, write
from preau.kernel import french
from preau.kernel.actors import Actor

COURSES = ("starter", "main", "side", "dairy", "dessert", "note")


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
def delete_menu(*, pk: int, now: datetime, actor: Actor) -> None:
    row = fetch(Menu, pk)
    remove(row, what=f"Menu du {french.day(row.day, year=True)}", now=now, actor=actor)
