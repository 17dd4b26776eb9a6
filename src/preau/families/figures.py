"""Families counted."""

from dataclasses import dataclass

from django.db.models import Count, Q

from preau.families.enums import FamilyStatus
from preau.families.models import Family, Guardian


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
