"""The town hall's side: the slots of a site, who comes, who waits; scoped by the caller."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from preau.bookings.enums import HOLDING, LIVE, BookingStatus, SlotStatus
from preau.bookings.models import Booking, Slot


def expected_at(slot_id: int) -> QuerySet[Booking]:
    """The places confirmed at a slot, with their children, by name."""
    return (
        Booking.objects.filter(slot=slot_id, status=BookingStatus.CONFIRMED)
        .select_related("child")
        .order_by("child__search_key", "child_id")
    )


def taken_back_at(slot_id: int) -> QuerySet[Booking]:
    """The places taken back at a slot, with their children, by name; perhaps several of a child."""
    return (
        Booking.objects.filter(slot=slot_id, status=BookingStatus.CANCELLED)
        .select_related("child")
        .order_by("child__search_key", "child_id")
    )


def booking_at(booking_id: int, establishment_ids: Iterable[int] | None) -> Booking | None:
    """One booking of these sites (None: all), with its slot's activity and its family."""
    found = Booking.objects.filter(pk=booking_id).select_related(
        "slot__offering__activity", "family"
    )
    if establishment_ids is not None:
        found = found.filter(slot__offering__establishment__in=list(establishment_ids))
    return found.first()


def holders_of(slot_id: int) -> dict[int, int]:
    """The children expected at a slot, each with the household that booked."""
    return dict(
        Booking.objects.filter(slot=slot_id, status=BookingStatus.CONFIRMED).values_list(
            "child_id", "family_id"
        )
    )


def slots_of(establishment_id: int, day: date) -> QuerySet[Slot]:
    """The slots of a site on a day, each with `.waiting` (how many wait for a place)."""
    return (
        Slot.objects.filter(offering__establishment=establishment_id, day=day)
        .select_related("offering__activity", "product")
        .annotate(waiting=_waiting_count())
        .order_by("starts_at", "offering__activity__position", "product__position", "pk")
    )


def _waiting_count() -> Coalesce:
    waiting = (
        Booking.objects.filter(slot=OuterRef("pk"), status=BookingStatus.WAITING)
        .order_by()
        .values("slot")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(waiting, output_field=IntegerField()), Value(0))


def site_days(
    establishment_ids: Iterable[int] | None, day: date
) -> dict[int, tuple[int, int, int]]:
    """For each site with slots on a day: (slots, places taken, places); one query."""
    rows = Slot.objects.filter(day=day, status=SlotStatus.OPEN)
    if establishment_ids is not None:
        rows = rows.filter(offering__establishment__in=list(establishment_ids))
    found: dict[int, tuple[int, int, int]] = {}
    for site, taken, capacity in rows.values_list(
        "offering__establishment_id", "taken", "capacity"
    ):
        n, t, c = found.get(site, (0, 0, 0))
        found[site] = (n + 1, t + taken, c + capacity)
    return found


def get_slot(slot_id: int) -> Slot | None:
    """One slot with its activity, product and site; scope it by its site before showing it."""
    return (
        Slot.objects.select_related("offering__activity", "offering__establishment", "product")
        .filter(pk=slot_id)
        .first()
    )


def queue_of(slot_id: int) -> QuerySet[Booking]:
    """Those who wait for a place of a slot, in their order; places offered first."""
    return (
        Booking.objects.filter(
            slot=slot_id, status__in=(BookingStatus.WAITING, BookingStatus.OFFERED)
        )
        .select_related("child", "family")
        .order_by(F("offer_expires_at").asc(nulls_last=True), "ordinal")
    )


def register(
    *,
    first: date,
    last: date,
    establishment_ids: Iterable[int] | None = None,
    activity_id: int | None = None,
    with_waiting: bool = False,
) -> QuerySet[Booking]:
    """Places held over a period, at these sites (None: all), to be filtered, sorted and paged;
    with those who wait for one when asked."""
    statuses = LIVE if with_waiting else HOLDING
    found = Booking.objects.filter(slot__day__range=(first, last), status__in=statuses)
    if establishment_ids is not None:
        found = found.filter(slot__offering__establishment__in=list(establishment_ids))
    if activity_id is not None:
        found = found.filter(slot__offering__activity=activity_id)
    return found


def age_cuts_on(day: date, establishment_ids: Iterable[int] | None = None) -> set[int]:
    """The ages that part the groups of the slots of a day, at these sites (None: all)."""
    found = Slot.objects.filter(day=day)
    if establishment_ids is not None:
        found = found.filter(offering__establishment__in=list(establishment_ids))
    return set(found.order_by().values_list("age_cut", flat=True).distinct())


def slots_within(
    *,
    first: date,
    last: date,
    establishment_ids: Iterable[int] | None = None,
    activity_id: int | None = None,
) -> QuerySet[Slot]:
    """The open slots of a period, at these sites (None: all), day by day."""
    found = Slot.objects.filter(day__range=(first, last), status=SlotStatus.OPEN)
    if establishment_ids is not None:
        found = found.filter(offering__establishment__in=list(establishment_ids))
    if activity_id is not None:
        found = found.filter(offering__activity=activity_id)
    return found.order_by("day", "pk")


def slots_by_id(slot_ids: Iterable[int]) -> list[Slot]:
    """Slots with what they are of, in the order of their days."""
    return list(
        Slot.objects.filter(pk__in=list(slot_ids))
        .select_related("offering__activity", "offering__establishment", "product")
        .order_by("day", "offering_id", "starts_at", "pk")
    )


def live_statuses(slot_ids: Iterable[int]) -> dict[int, str]:
    """The live bookings of these slots (ids), each with its status."""
    return dict(Booking.objects.live().filter(slot__in=list(slot_ids)).values_list("pk", "status"))


def next_days_of(establishment_id: int, day: date) -> tuple[date | None, date | None]:
    """The days with slots just before and after a day at a site."""
    days = Slot.objects.filter(offering__establishment=establishment_id)
    before = days.filter(day__lt=day).order_by("-day").values_list("day", flat=True).first()
    after = days.filter(day__gt=day).order_by("day").values_list("day", flat=True).first()
    return before, after
