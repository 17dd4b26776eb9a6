"""Reading the opening windows: plain rows, one query whatever the number of days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from preau.kernel.kept import Kept
from preau.kernel.lane import Asked
from preau.openings.models import Window


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window as the rules read it (openings.rules.WindowLike)."""

    offering_id: int
    audience: str
    opens_at: datetime
    closes_at: datetime | None
    first_day: date
    last_day: date


def windows_between(offering_ids: Iterable[int], first: date, last: date) -> list[WindowRow]:
    """The windows of these offerings that touch a period, in one query."""
    ids = sorted(offering_ids)
    if not ids:
        return []
    return [WindowRow(*row) for row in _read_windows(ids, first, last)]


def asked_windows(offering_ids: Iterable[int], first: date, last: date) -> Asked:
    """What `windows_between` asks, for `lane.ahead`."""
    return _read_windows.asked(sorted(offering_ids), first, last)


def _windows(offering_ids: Any, first: date, last: date) -> Any:
    return (
        Window.objects.filter(
            offering_id__any_of=offering_ids, first_day__lte=last, last_day__gte=first
        )
        .order_by()
        .values_list("offering_id", "audience", "opens_at", "closes_at", "first_day", "last_day")
    )


_read_windows = Kept(_windows)


def coming_windows(now: datetime) -> QuerySet[Window]:
    """The windows that will open, the next first, each with its offering's activity and site."""
    return (
        Window.objects.filter(opens_at__gt=now)
        .select_related("offering__activity", "offering__establishment")
        .order_by("opens_at", "offering__activity__position", "pk")
    )


def windows_of(offering_id: int) -> QuerySet[Window]:
    """The windows of an offering, in the order in which they open."""
    return Window.objects.filter(offering=offering_id)
