"""The quotient: in force on a day, and all that were recorded."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from preau.families.models import Quotient
from preau.families.queries._common import in_force
from preau.kernel.kept import Kept


def quotient_on(family_id: int, day: date) -> Quotient | None:
    """The quotient in force: the last recorded among those whose period holds the day."""
    return (
        Quotient.objects.filter(in_force(day), family_id=family_id)
        .order_by("-recorded_at", "-pk")
        .first()
    )


def quotients_on(family_ids: Iterable[int], day: date) -> dict[int, Quotient]:
    """The quotient in force of each family that has one, one query."""
    rows = (
        Quotient.objects.filter(in_force(day), family_id__in=list(family_ids))
        .order_by("family_id", "-recorded_at", "-pk")
        .distinct("family_id")
    )
    return {row.family_id: row for row in rows}


def list_quotients(family_id: int) -> QuerySet[Quotient]:
    """All that were recorded, latest first."""
    return Quotient.objects.filter(family_id=family_id).order_by("-recorded_at", "-pk")


read_quotients = Kept(list_quotients)
"""As `list_quotients`, at the price of its plain SQL."""
