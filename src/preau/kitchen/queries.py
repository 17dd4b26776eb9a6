"""Reading meals: as they stand, as they were fixed, and menus against what a child may eat."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from preau.attendance.onsite import away_on
from preau.bookings.meals import canteen_bookings, canteen_days
from preau.bookings.rules import is_young
from preau.catalogue.enums import Allergen
from preau.catalogue.queries import menus
from preau.catalogue.services.menus import DISHES
from preau.childsheet.queries import health_without_reader, pais_running
from preau.families.enums import Diet
from preau.kitchen.enums import Plate
from preau.kitchen.models import KitchenSetting, MealCount
from preau.kitchen.rules import Meals, cut_off


def meals_on(establishment_ids: Iterable[int], day: date) -> dict[int, Meals]:
    """The meals of these sites as they stand: who is booked and not reported away in time.

    Four queries, whatever the number. Allergens are counted, nobody is named.
    """
    rows = list(canteen_bookings(establishment_ids, day))
    away = away_on([row.child_id for row in rows], day)
    rows = [row for row in rows if row.child_id not in away]
    ids = [row.child_id for row in rows]
    plans = set(pais_running().filter(child_id__in=ids).values_list("child_id", flat=True))
    health = health_without_reader(ids)
    found: dict[int, Meals] = {pk: Meals() for pk in establishment_ids}
    for row in rows:
        child: Any = row.child
        known = health.get(child.pk)
        plate = Plate.PAI if child.pk in plans or child.has_pai else Plate(child.diet)
        found[row.slot.offering.establishment_id].add(
            is_young=is_young(child.birth_on, day),
            plate=plate,
            allergens=known.allergens if known else (),
        )
    return found


def setting_of(establishment_id: int) -> KitchenSetting | None:
    """The site's own setting, else the town's."""
    found = {
        row.establishment_id: row
        for row in KitchenSetting.objects.filter(establishment__in=[establishment_id])
    }
    return found.get(establishment_id) or town_setting()


def town_setting() -> KitchenSetting | None:
    return KitchenSetting.objects.filter(establishment__isnull=True).first()


def list_settings() -> QuerySet[KitchenSetting]:
    return KitchenSetting.objects.select_related("establishment").order_by(
        "establishment__name", "pk"
    )


@dataclass(frozen=True, slots=True)
class Due:
    """A site and a day whose meals the kitchen must know, and since when they are fixed."""

    establishment_id: int
    day: date
    cut_off_at: datetime
    setting: KitchenSetting


def due_counts(now: datetime, today: date, *, horizon: int = 10) -> list[Due]:
    """Each (site, day) from today on whose cut-off has passed; three queries."""
    served = canteen_days(today - timedelta(days=14), today + timedelta(days=horizon))
    settings = {row.establishment_id: row for row in KitchenSetting.objects.all()}
    found = []
    for site, days in served.items():
        setting = settings.get(site) or settings.get(None)
        if setting is None or not setting.is_active:
            continue
        for day in days:
            if day < today:
                continue
            limit = cut_off(day, days_before=setting.days_before, hour=setting.hour_at, served=days)
            if limit <= now:
                found.append(Due(site, day, limit, setting))
    return found


def counts_of(establishment_ids: Iterable[int], day: date) -> dict[int, list[MealCount]]:
    """What was sent for the day, site by site, in order."""
    found: dict[int, list[MealCount]] = {}
    for row in MealCount.objects.filter(
        establishment__in=list(establishment_ids), day=day
    ).order_by("rank"):
        found.setdefault(row.establishment_id, []).append(row)
    return found


def list_counts() -> QuerySet[MealCount]:
    return MealCount.objects.select_related("establishment").order_by("-fixed_at", "-pk")


# --- Menus and what each child may eat ---------------------------------------------------------

_FORBIDS = {Diet.NO_PORK: {"PORK"}, Diet.NO_MEAT: {"PORK", "MEAT"}}
_MEATS = {"PORK": "porc", "MEAT": "viande"}


@dataclass(slots=True)
class DishLine:
    """A dish of the day, what it holds, and for which of the family's children that matters."""

    course: str
    name: str
    contains: list[str]
    warnings: list[tuple[Any, list[str]]] = field(default_factory=list)


@dataclass(slots=True)
class MenuDay:
    day: date
    dishes: list[DishLine]
    note: str = ""

    @property
    def has_warning(self) -> bool:
        return any(dish.warnings for dish in self.dishes)


def word_of(code: str) -> str:
    """«arachide», «porc»."""
    return _MEATS.get(code) or str(Allergen(code).label)


def menu_days(
    first: date, last: date, children: Iterable[Any] = (), *, with_health: bool = False
) -> list[MenuDay]:
    """The menus between two days, each dish matched to these children; two queries.

    `with_health`: only for a home that reads about its own children.
    """
    kids = list(children)
    health = health_without_reader([kid.pk for kid in kids]) if with_health and kids else {}
    avoid = {}
    for kid in kids:
        known = health.get(kid.pk)
        avoid[kid.pk] = set(known.allergens if known else ()) | _FORBIDS.get(kid.diet, set())
    days = []
    for menu in menus(first, last):
        dishes = []
        for course, label in DISHES.items():
            name = getattr(menu, course)
            if not name:
                continue
            codes = list(menu.allergens.get(course, []))
            line = DishLine(label, name, [word_of(code) for code in codes])
            for kid in kids:
                hits = [word_of(code) for code in codes if code in avoid[kid.pk]]
                if hits:
                    line.warnings.append((kid, hits))
            dishes.append(line)
        days.append(MenuDay(menu.day, dishes, menu.note))
    return days
