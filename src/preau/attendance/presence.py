"""Days really spent, for certificates."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Min

from preau.attendance.models import Attendance, Presence


@dataclass(frozen=True, slots=True)
class DaysPresent:
    """How many days a child came to an activity, between which first and last day."""

    activity: str
    establishment: str
    days: int
    first_on: date
    last_on: date


def days_present(*, child_id: int, family_id: int, first: date, last: date) -> list[DaysPresent]:
    """By activity and site, the days on which the child was recorded present for this family."""
    rows = (
        Attendance.objects.filter(
            child_id=child_id,
            family_id=family_id,
            presence=Presence.PRESENT,
            slot__day__range=(first, last),
        )
        .values_list("slot__offering__activity__name", "slot__offering__establishment__name")
        .annotate(
            days=Count("slot__day", distinct=True),
            first_on=Min("slot__day"),
            last_on=Max("slot__day"),
        )
        .order_by("slot__offering__activity__name", "slot__offering__establishment__name")
    )
    return [DaysPresent(*row) for row in rows]
