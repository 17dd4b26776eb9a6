"""Children: of a household on a day, by name, with their colours."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from preau.families.models import Child, Custody, Family
from preau.families.queries._common import id_of, in_force
from preau.families.rules import colour_index
from preau.kernel.kept import Kept
from preau.kernel.text import search_key


def children_queryset(family: Family | int, day: date) -> QuerySet[Child]:
    """The children who live in the household on the day: to scope what hangs on a child."""
    custodies = Custody.objects.filter(in_force(day), family_id=id_of(family))
    return Child.objects.filter(pk__in=custodies.values("child_id")).filter(
        Q(left_on__isnull=True) | Q(left_on__gt=day)
    )


def children_of(family: Family | int, day: date) -> list[Child]:
    """The children of the household on the day, eldest first; one query.

    Each has `.colour` (1 to 4, its rank in the family), `.weeks` and `.stay` (its custody here).
    """
    children = []
    for order, stay in enumerate(_read_custodies(id_of(family), day)):
        child = stay.child
        child.colour = colour_index(order) + 1  # type: ignore[attr-defined]
        child.weeks = stay.weeks  # type: ignore[attr-defined]
        child.stay = stay  # type: ignore[attr-defined]
        children.append(child)
    return children


def _custodies(family_id: int, day: date) -> QuerySet[Custody]:
    return (
        Custody.objects.filter(in_force(day), family_id=family_id)
        .filter(Q(child__left_on__isnull=True) | Q(child__left_on__gt=day))
        .select_related("child")
        .order_by("child__birth_on", "child_id")
    )


_read_custodies = Kept(_custodies)


def people_of_household(
    family: Family | int, day: date
) -> tuple[list[Child], list[Child], dict[int, list[Custody]]]:
    """(`children_of`, `former_children_of`, `custodies_on` of the first): one query for the three,
    for agents' eyes."""
    family_id = id_of(family)
    mine = Custody.objects.filter(family_id=family_id)
    rows = (
        Custody.objects.filter(child_id__in=mine.values("child_id"))
        .select_related("child", "family")
        .order_by("child__birth_on", "child_id", "pk")
    )
    children: dict[int, Child] = {}
    former: dict[int, Child] = {}
    homes: dict[int, list[Custody]] = {}
    for row in rows:
        running = row.starts_on <= day and (row.ends_on is None or row.ends_on >= day)
        if running:
            homes.setdefault(row.child_id, []).append(row)
        if row.family_id != family_id:
            continue
        child = row.child
        if running and (child.left_on is None or child.left_on > day):
            child.colour = colour_index(len(children)) + 1  # type: ignore[attr-defined]
            child.weeks = row.weeks  # type: ignore[attr-defined]
            child.stay = row  # type: ignore[attr-defined]
            children[child.pk] = child
        else:
            former[child.pk] = child
    return (
        list(children.values()),
        [child for pk, child in former.items() if pk not in children],
        {pk: found for pk, found in homes.items() if pk in children},
    )


def colours_of(child_ids: Iterable[int], day: date) -> dict[int, int]:
    """Each child's colour (1 to 4), the same as on its family's pages: its rank by birth in its
    (first) home on the day; one query."""
    wanted = set(child_ids)
    homes = Custody.objects.filter(in_force(day), child_id__in=wanted)
    ranks: dict[int, int] = {}
    colours: dict[int, int] = {}
    for family_id, child_id in (
        Custody.objects.filter(in_force(day), family_id__in=homes.values("family_id"))
        .filter(Q(child__left_on__isnull=True) | Q(child__left_on__gt=day))
        .order_by("family_id", "child__birth_on", "child_id")
        .values_list("family_id", "child_id")
    ):
        order = ranks[family_id] = ranks.get(family_id, -1) + 1
        if child_id in wanted:
            colours.setdefault(child_id, colour_index(order) + 1)
    return colours


def former_children_of(family: Family | int, day: date) -> list[Child]:
    """Children who lived here before the day, or left the town; one query."""
    here = Custody.objects.filter(family_id=id_of(family))
    now_here = children_queryset(family, day)
    return list(
        Child.objects.filter(pk__in=here.values("child_id")).exclude(pk__in=now_here.values("pk"))
    )


def get_child(child_id: int, *, family_id: int, day: date) -> Child | None:
    """One child, within a family's scope on the day."""
    return children_queryset(family_id, day).filter(pk=child_id).first()


def get_children(ids: Iterable[int]) -> dict[int, Child]:
    """Children by id, one query: for lists whose rows were scoped already."""
    return Child.objects.in_bulk(list(set(ids)))


def find_children(*, birth_on: date, key: str = "") -> QuerySet[Child]:
    """Children born on a day, narrowed to one search key (`kernel.text.search_key`)."""
    found = Child.objects.filter(birth_on=birth_on)
    return found.filter(search_key=key) if key else found


def search_children(text: str, limit: int = 20) -> list[Child]:
    """Children whose name holds each word typed, for a site's sheet; none for an empty text."""
    words = search_key(text).split()
    if not words:
        return []
    found = Child.objects.filter(left_on__isnull=True)
    for word in words[:6]:
        found = found.filter(search_key__contains=word)
    return list(found.order_by("search_key", "pk")[:limit])
