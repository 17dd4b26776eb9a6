"""Reading pupils' schools and classes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet

from preau.catalogue.enums import Level
from preau.kernel.kept import Kept
from preau.kernel.lane import Asked
from preau.kernel.text import search_key
from preau.schools.models import HouseholdRecord, PupilImport, PupilRecord, Schooling

ONDE = "onde"
ROLLOVER = "rollover"


def schooling_on(child_ids: Iterable[int], day: date) -> dict[int, Schooling]:
    """For each child who is at school on `day`: its schooling, with school and class."""
    return {row.child_id: row for row in _read_schoolings(sorted(child_ids), day)}


def asked_schooling(child_ids: Iterable[int], day: date) -> Asked:
    """What `schooling_on` asks, for `lane.ahead`."""
    return _read_schoolings.asked(sorted(child_ids), day)


def _schoolings(child_ids: Any, day: date) -> QuerySet[Schooling]:
    return Schooling.objects.filter(
        child_id__any_of=child_ids, starts_on__lte=day, ends_on__gte=day
    ).select_related("establishment", "school_class")


_read_schoolings = Kept(_schoolings)


def class_on(child: Any, class_id: int, day: date) -> QuerySet[Schooling]:
    """Whether a child (an id or an `OuterRef`) is in this class on the day: for `Exists`."""
    return Schooling.objects.filter(
        child_id=child, school_class_id=class_id, starts_on__lte=day, ends_on__gte=day
    )


def schoolings_at(establishment_ids: Iterable[int], day: date) -> QuerySet[Schooling]:
    """The pupils of these schools on the day."""
    return Schooling.objects.filter(
        establishment_id__in=list(establishment_ids), starts_on__lte=day, ends_on__gte=day
    )


def schoolings_of(child_ids: Iterable[int]) -> QuerySet[Schooling]:
    """All the schoolings of these children, latest first."""
    return (
        Schooling.objects.filter(child_id__in=list(child_ids))
        .select_related("establishment", "school_class", "school_year")
        .order_by("-starts_on")
    )


def pupils_of_year(school_year_id: int, day: date) -> QuerySet[Schooling]:
    """The pupils at school on `day`, with child, school and class; to be filtered and paged."""
    return (
        Schooling.objects.filter(
            school_year_id=school_year_id, starts_on__lte=day, ends_on__gte=day
        )
        .select_related("child", "establishment", "school_class")
        .order_by("child__last_name", "child__first_name", "pk")
    )


def running_schoolings(school_year_id: int) -> QuerySet[Schooling]:
    """The last schooling of each pupil in this school year."""
    return (
        Schooling.objects.filter(school_year_id=school_year_id)
        .order_by("child_id", "-starts_on")
        .distinct("child_id")
    )


def pupils_between(school_year_id: int, day: date) -> list[tuple[int, int, str, int]]:
    """(child, school, level, schooling) of each pupil at school on the day; one query."""
    return list(
        Schooling.objects.filter(
            school_year_id=school_year_id, starts_on__lte=day, ends_on__gte=day
        )
        .order_by("child_id")
        .values_list("child_id", "establishment_id", "level", "pk")
    )


def get_schoolings(ids: Iterable[int]) -> QuerySet[Schooling]:
    """These schoolings, with child, school and class, by the children's names."""
    return (
        Schooling.objects.filter(pk__in=list(ids))
        .select_related("child", "establishment", "school_class")
        .order_by("child__search_key", "pk")
    )


def register_addresses() -> dict[int, str]:
    """The address key last read in the register, by family id."""
    return dict(HouseholdRecord.objects.values_list("family_id", "address_key"))


def register_children() -> dict[str, int]:
    """Ids of the children known from the register, by INE."""
    return dict(PupilRecord.objects.values_list("ine", "child_id"))


def list_imports() -> QuerySet[PupilImport]:
    """Imports of the register, latest first."""
    return PupilImport.objects.select_related("pupils_file", "adults_file")


def get_import(import_id: int) -> PupilImport | None:
    """One import, with its files."""
    return list_imports().filter(pk=import_id).first()


def filter_pupils(
    pupils: QuerySet[Schooling],
    *,
    text: str = "",
    school_id: int | None = None,
    class_id: int | None = None,
    level: str = "",
) -> QuerySet[Schooling]:
    """Narrow a list of pupils; each word of `text` must stand in the child's names."""
    for word in search_key(text).split():
        pupils = pupils.filter(child__search_key__contains=word)
    if school_id is not None:
        pupils = pupils.filter(establishment_id=school_id)
    if class_id is not None:
        pupils = pupils.filter(school_class_id=class_id)
    if level:
        pupils = pupils.filter(level=level)
    return pupils


@dataclass(frozen=True, slots=True)
class SchoolNumbers:
    """How many pupils and classes a school has today, in all and by level."""

    school_id: int
    name: str
    pupils: int
    classes: int
    by_level: list[tuple[str, int]]


def numbers_by_school(school_year_id: int, day: date) -> list[SchoolNumbers]:
    """Each school that has pupils, with its numbers; two queries."""
    running = Schooling.objects.filter(
        school_year_id=school_year_id, starts_on__lte=day, ends_on__gte=day
    ).order_by()
    levels: dict[int, list[tuple[str, int]]] = {}
    order = list(Level.values)
    for school_id, level, count in running.values_list("establishment_id", "level").annotate(
        n=Count("pk")
    ):
        levels.setdefault(school_id, []).append((level, count))
    rows = (
        running.values_list("establishment_id", "establishment__name")
        .annotate(pupils=Count("pk"), classes=Count("school_class", distinct=True))
        .order_by("establishment__name")
    )
    return [
        SchoolNumbers(
            school_id,
            name,
            pupils,
            classes,
            sorted(levels[school_id], key=lambda pair: order.index(pair[0])),
        )
        for school_id, name, pupils, classes in rows
    ]
