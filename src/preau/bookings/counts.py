"""The places of slots as the town hall counts them: a day of a site, a period of an offering."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from preau.bookings.enums import BookingStatus
from preau.bookings.models import Booking, Hold, Pool, PoolSlot, Slot


def places_of(
    *,
    establishment_id: int,
    first: date,
    last: date,
    offering_id: int | None = None,
    weekday: int | None = None,
) -> QuerySet[Slot]:
    """The slots of a site over a period with their places: `.waiting`, `.held` (by plannings under
    way) and `.offered` say what is not simply taken. In the order of the day."""
    found = Slot.objects.filter(
        offering__establishment=establishment_id, day__range=(first, last)
    ).select_related("offering__activity", "product")
    if offering_id is not None:
        found = found.filter(offering=offering_id)
    if weekday is not None:
        found = found.filter(day__iso_week_day=weekday + 1)
    return found.annotate(
        waiting=_many(Booking.objects.filter(status=BookingStatus.WAITING)),
        offered=_many(Booking.objects.filter(status=BookingStatus.OFFERED)),
        held=_many(Hold.objects.all()),
    ).order_by("day", "starts_at", "offering__activity__position", "product__position", "pk")


def _many(rows: QuerySet[Booking] | QuerySet[Hold]) -> Coalesce:
    counted = (
        rows.filter(slot=OuterRef("pk"))
        .order_by()
        .values("slot")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def pools_of(slot_ids: Iterable[int]) -> dict[int, list[Pool]]:
    """The moments whose places each slot shares, in order; one query."""
    found: dict[int, list[Pool]] = {}
    members = PoolSlot.objects.filter(slot__in=list(slot_ids)).select_related("pool")
    for member in members.order_by("pool__starts_at"):
        found.setdefault(member.slot_id, []).append(member.pool)
    return found


def offerings_with_slots(establishment_id: int, first: date, last: date) -> list[tuple[int, str]]:
    """The offerings of a site with slots in a period (id, activity and label)."""
    rows = (
        Slot.objects.filter(offering__establishment=establishment_id, day__range=(first, last))
        .order_by("offering__activity__position", "offering__label")
        .values_list("offering_id", "offering__activity__name", "offering__label")
        .annotate(position=F("offering__activity__position"))
        .distinct()
    )
    return [(pk, f"{name}, {label}" if label else name) for pk, name, label, _ in rows]
