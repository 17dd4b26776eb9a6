"""Canteen places as the kitchen counts them."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.models import Booking, Slot
from preau.catalogue.enums import ActivityKind

# Where a meal is served: the school canteen, and the full days of centres.
SERVED = (ActivityKind.CANTEEN,)


def canteen_bookings(establishment_ids: Iterable[int], day: date) -> QuerySet[Booking]:
    """The meals booked at these sites on a day, with their children and slots."""
    return (
        Booking.objects.filter(
            slot__offering__establishment__in=list(establishment_ids),
            slot__offering__activity__kind__in=SERVED,
            slot__day=day,
            slot__status=SlotStatus.OPEN,
            status=BookingStatus.CONFIRMED,
        )
        .select_related("child", "slot__offering")
        .order_by("pk")
    )


def canteen_days(first: date, last: date) -> dict[int, list[date]]:
    """For each site that serves meals, its days of service between two days; one query."""
    found: dict[int, list[date]] = {}
    for site, day in (
        Slot.objects.filter(
            offering__activity__kind__in=SERVED, day__range=(first, last), status=SlotStatus.OPEN
        )
        .values_list("offering__establishment_id", "day")
        .distinct()
        .order_by("day")
    ):
        found.setdefault(site, []).append(day)
    return found
