"""Families counted."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q

from preau.families.enums import FamilyStatus
from preau.families.models import Custody, Family, Guardian


@dataclass(frozen=True, slots=True)
class FamilyFigures:
    """Open files, and how many adults have an account on line that they have used."""

    families: int
    adults: int
    adults_online: int


def family_figures() -> FamilyFigures:
    """Open files, their adults, and those who chose a password of their own."""
    adults = Guardian.objects.filter(
        family__status=FamilyStatus.ACTIVE, left_on__isnull=True
    ).aggregate(
        total=Count("pk"),
        online=Count(
            "pk",
            filter=Q(user__isnull=False, user__must_change_password=False)
            & Q(user__last_login__isnull=False),
        ),
    )
    return FamilyFigures(
        families=Family.objects.filter(status=FamilyStatus.ACTIVE).count(),
        adults=adults["total"],
        adults_online=adults["online"],
    )


def children_by_birth_and_address(first_year: int) -> Iterator[tuple[int, str]]:
    """(civil year of birth, street line) of the town's children born since `first_year`, each
    once, at its first home that is in the town; one query."""
    rows = (
        Custody.objects.filter(
            ends_on=None,
            child__left_on=None,
            child__merged_into=None,
            child__birth_on__year__gte=first_year,
            family__is_resident=True,
            family__status=FamilyStatus.ACTIVE,
        )
        .order_by("child_id", "pk")
        .distinct("child_id")
        .values_list("child__birth_on__year", "family__address_line1")
    )
    yield from rows.iterator(chunk_size=5000)


def home_addresses(child_ids: list[int]) -> dict[int, str]:
    """The street line of each child's first home, one query."""
    return dict(
        Custody.objects.filter(child_id__in=child_ids, ends_on=None)
        .order_by("child_id", "pk")
        .distinct("child_id")
        .values_list("child_id", "family__address_line1")
    )
