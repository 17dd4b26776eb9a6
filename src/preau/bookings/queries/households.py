"""What a household holds, waits for or gave back: scoped by its id."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q, QuerySet

from preau.bookings.enums import HOLDING, BookingStatus
from preau.bookings.models import Booking
from preau.kernel.kept import Kept


def offers_of(family_id: int, now: datetime) -> QuerySet[Booking]:
    """The places kept for the household until it answers, the first to end above."""
    return (
        Booking.objects.for_family(family_id)
        .filter(status=BookingStatus.OFFERED, offer_expires_at__gt=now)
        .select_related("slot__offering__activity", "slot__product", "child")
        .order_by("offer_expires_at", "pk")
    )


read_offers = Kept(offers_of)
"""As `offers_of`, at the price of its plain SQL."""


def live_bookings(
    family_id: int, child_ids: Iterable[int], first: date, last: date
) -> QuerySet[Booking]:
    """The places held by these children over a period, with their slots and names."""
    return (
        Booking.objects.for_family(family_id)
        .filter(child__in=list(child_ids), slot__day__range=(first, last), status__in=HOLDING)
        .select_related(
            "slot__offering__activity", "slot__offering__establishment", "slot__product", "child"
        )
        .order_by("slot__day", "child_id", "slot__starts_at")
    )


def booked_days(family_id: int) -> QuerySet[Booking]:
    """Every place that a household held, waits for or gave back, the next day first."""
    return (
        Booking.objects.for_family(family_id)
        .select_related(
            "slot__offering__activity", "slot__offering__establishment", "slot__product", "child"
        )
        .order_by("slot__day", "slot__starts_at", "child_id", "pk")
    )


def charged_bookings(family_id: int, first: date, last: date) -> QuerySet[Booking]:
    """What a household held over a period, and what it gave up too late, with names."""
    return (
        Booking.objects.for_family(family_id)
        .filter(
            Q(status=BookingStatus.CONFIRMED) | Q(status=BookingStatus.CANCELLED, is_charged=True),
            slot__day__range=(first, last),
        )
        .select_related("slot__offering__activity", "slot__product", "child")
        .order_by("slot__day", "child_id", "slot__starts_at")
    )


def get_bookings(booking_ids: Iterable[int]) -> list[Booking]:
    """Bookings by id, in order: for services that scoped them already."""
    return list(Booking.objects.filter(pk__in=list(booking_ids)).order_by("pk"))
