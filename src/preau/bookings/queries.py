"""Reading slots and bookings: plain rows for calendars, lazy querysets for lists."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import (
    Count,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from preau.bookings.enums import HOLDING, LIVE, BookingStatus, SlotStatus
from preau.bookings.models import Booking, Hold, PlanningDraft, Slot, Submission
from preau.bookings.rules import GROUP_AGE, group_of
from preau.kernel.kept import Kept, rows_of, typed
from preau.kernel.lane import Asked, ask


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot as a calendar needs it. `left_young` and `left_old` count the places that families
    may still have, by group: the lowest limit of the slot and of the places it shares."""

    pk: int
    offering_id: int
    product_id: int
    day: date
    starts_at: time
    ends_at: time
    capacity: int
    taken: int
    left_young: int
    left_old: int
    status: str
    cancelled_reason: str
    # Whether an opening restricts who may book it, and when (bookings.doors).
    has_window: bool = False
    # The age at which a child is of the older group.
    age_cut: int = GROUP_AGE

    def left(self, *, young: bool) -> int:
        """The places that a family may have for a child of this group."""
        return self.left_young if young else self.left_old

    @property
    def is_open(self) -> bool:
        return self.status == SlotStatus.OPEN


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking as a calendar needs it; `rank` is its place in the queue when it waits, `among`
    the group that the rank is counted in (`rules.group_of`)."""

    pk: int
    slot_id: int
    child_id: int
    status: str
    is_charged: bool
    sentence: str
    offer_expires_at: datetime | None
    surcharge_cents: int
    rank: int | None
    among: int | None = None


# Written out: the planning asks these two a hundred times a second, and building them by the ORM
# costs more than answering them.
_ROOM = """bookings_room({young}, {c}.capacity, {c}.kept, {c}.taken, {c}.young_taken,
       {c}.young_capacity, {c}.old_capacity, {c}.adults, {c}.young_per_adult, {c}.old_per_adult)"""
_POOLED = """least({slot}, CASE WHEN s.shares THEN (
           SELECT min({pool}) FROM bookings_poolslot m JOIN bookings_pool p ON p.id = m.pool_id
           WHERE m.slot_id = s.id) END)"""


def _left(young: str) -> str:
    """SQL: what families may still have of the slot `s`, and of what it shares."""
    return _POOLED.format(
        slot=_ROOM.format(young=young, c="s"), pool=_ROOM.format(young=young, c="p")
    )


_SLOTS = f"""
SELECT s.id, s.offering_id, s.product_id, s.day, s.starts_at, s.ends_at, s.capacity, s.taken,
       {_left("true")}, {_left("false")}, s.status, s.cancelled_reason,
       EXISTS (SELECT FROM openings_window w WHERE w.offering_id = s.offering_id
               AND s.day BETWEEN w.first_day AND w.last_day), s.age_cut
FROM bookings_slot s JOIN catalogue_product product ON product.id = s.product_id
WHERE s.offering_id = ANY(%s) AND s.day BETWEEN %s AND %s
ORDER BY s.day, s.starts_at, product.position, s.id
"""  # noqa: S608 - no value is written in
# The rank of the booking `b`, when it waits, and the group that it is counted in: the age at which
# groups are parted, negative for the older one; NULL when it is the whole queue.
_QUEUE = """LEFT JOIN LATERAL (
    SELECT (SELECT count(*) FROM bookings_booking q WHERE q.slot_id = b.slot_id
            AND q.status = 'WAITING' AND q.ordinal <= b.ordinal
            AND (NOT own.group_only OR q.is_young = b.is_young)) AS rank,
           CASE WHEN own.group_only
                THEN (SELECT CASE WHEN b.is_young THEN age_cut ELSE -age_cut END
                      FROM bookings_slot WHERE id = b.slot_id) END AS among
    FROM (SELECT bookings_in_group(b.slot_id, b.is_young) AS group_only OFFSET 0) own
    WHERE b.status = 'WAITING' OFFSET 0) queue ON true"""
# Places that are offered are found by an index of their own, that holds little else.
_BOOKINGS = f"""
SELECT b.id, b.slot_id, b.child_id, b.status, b.is_charged, b.decision_sentence,
       b.offer_expires_at, b.surcharge_cents, queue.rank, queue.among
FROM (
    SELECT * FROM bookings_booking WHERE family_id = %s AND slot_id = ANY(%s)
      AND (status IN ('CONFIRMED', 'WAITING') OR (status = 'CANCELLED' AND is_charged))
    UNION ALL
    SELECT * FROM bookings_booking WHERE family_id = %s AND status = 'OFFERED'
) b
{_QUEUE}
ORDER BY b.id
"""  # noqa: S608 - no value is written in


def slots_between(offering_ids: Iterable[int], first: date, last: date) -> list[SlotRow]:
    """The slots of these offerings, day by day; one query."""
    return [SlotRow(*row) for row in ask(*asked_slots(offering_ids, first, last))[0]]


def asked_slots(offering_ids: Iterable[int], first: date, last: date) -> Asked:
    """What `slots_between` asks, for `lane.ahead`."""
    return _SLOTS, typed([sorted(offering_ids), first, last])


def bookings_at(family_id: int, slot_ids: Iterable[int]) -> list[BookingRow]:
    """What the household holds or waits for on these slots, and what it gave up too late (still
    due).

    Places that are offered are there whatever their slot, so that none is missed. One query.
    """
    return [BookingRow(*row) for row in rows_of(_BOOKINGS, family_id, list(slot_ids), family_id)]


_RANKS = f"""
SELECT b.id, queue.rank, queue.among
FROM bookings_booking b JOIN bookings_slot s ON s.id = b.slot_id {_QUEUE}
WHERE b.id = ANY(%s) AND b.status = 'WAITING'
"""  # noqa: S608 - no value is written in


def ranks_of(booking_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """For each booking that waits, its rank from 1 and the group that it is counted in (empty: the
    whole queue); one query."""
    rows = rows_of(_RANKS, list(booking_ids))
    return {pk: (rank, group_of(among)) for pk, rank, among in rows}


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


def get_booking(booking_id: int, *, family_id: int) -> Booking | None:
    """One booking, within a family's scope."""
    return (
        Booking.objects.for_family(family_id)
        .select_related("slot__offering__activity", "slot__product", "child")
        .filter(pk=booking_id)
        .first()
    )


@dataclass(frozen=True, slots=True)
class Coming:
    """One thing that a child has on one day, in words for the family's home."""

    day: date
    child_id: int
    activity: str
    activity_kind: str
    product: str
    starts_at: time
    ends_at: time
    status: str
    site: str
    booking_id: int
    offer_expires_at: datetime | None
    offering_id: int
    rank: int | None  # in the queue, when it waits
    among: int | None = None  # the group that the rank is counted in (`rules.group_of`)


def upcoming(family_id: int, first: date, days: int = 14) -> list[Coming]:
    """What the children have in the coming days, in order; one query."""
    last = first + timedelta(days=days - 1)
    return [Coming(*row) for row in rows_of(_UPCOMING, *[family_id] * 3, first, last)]


# From what the household is enrolled in (each booking has its enrolment) to the days to come, then
# to its places there, asked by ids: the planner, that knows nothing of the two days when the
# statement is prepared, would read all that the household ever booked.
_UPCOMING = f"""
WITH held AS MATERIALIZED (
    SELECT DISTINCT r.offering_id, a.name AS activity, a.kind, e.name AS site
    FROM enrolments_enrolment r
    JOIN catalogue_offering o ON o.id = r.offering_id
    JOIN catalogue_activity a ON a.id = o.activity_id
    JOIN catalogue_establishment e ON e.id = o.establishment_id
    WHERE r.family_id = %s
), c AS MATERIALIZED (
    SELECT DISTINCT r.child_id, child.birth_on
    FROM enrolments_enrolment r JOIN families_child child ON child.id = r.child_id
    WHERE r.family_id = %s
)
SELECT s.day, b.child_id, held.activity, held.kind, p.name, s.starts_at, s.ends_at, b.status,
       held.site, b.id, b.offer_expires_at, held.offering_id, queue.rank, queue.among
FROM bookings_booking b
CROSS JOIN LATERAL (SELECT * FROM bookings_slot WHERE id = b.slot_id OFFSET 0) s
JOIN held ON held.offering_id = s.offering_id
JOIN catalogue_product p ON p.id = s.product_id
LEFT JOIN c ON c.child_id = b.child_id
{_QUEUE}
WHERE b.family_id = %s AND b.status IN ('CONFIRMED', 'WAITING', 'OFFERED')
  AND b.slot_id = ANY(ARRAY(
      SELECT day.id FROM held CROSS JOIN LATERAL (
          SELECT id FROM bookings_slot WHERE offering_id = held.offering_id
          AND day BETWEEN %s AND %s AND status = 'OPEN' OFFSET 0
      ) day
  ))
ORDER BY s.day, c.birth_on, b.child_id, s.starts_at
"""  # noqa: S608 - no value is written in


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


def has_upcoming(family_id: int, first: date) -> bool:
    return (
        Booking.objects.for_family(family_id).filter(slot__day__gte=first, status__in=LIVE).exists()
    )


# --- Drafts and receipts -----------------------------------------------------------------------


def get_draft(family_id: int, user_id: int) -> PlanningDraft | None:
    """The choices not sent yet of one adult (or agent) for a household."""
    return _read_draft.first(family_id, user_id)


def asked_draft(family_id: int, user_id: int) -> Asked:
    """What `get_draft` asks, for `lane.ahead`."""
    return _read_draft.asked(family_id, user_id)


_read_draft = Kept(
    lambda family_id, user_id: PlanningDraft.objects.filter(family_id=family_id, user_id=user_id)
)


def holds_of(family_id: int, user_id: int) -> dict[tuple[int, int], datetime]:
    """The places held for a planning under way, (slot, child) → until when; one query."""
    rows = Hold.objects.filter(family_id=family_id, user_id=user_id).values_list(
        "slot_id", "child_id", "expires_at"
    )
    return {(slot, child): until for slot, child, until in rows}


def pairs_booked(family_id: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """The live bookings (ids) of these (slot, child) pairs, within a family's scope."""
    wanted = set(pairs)
    if not wanted:
        return []
    rows = (
        Booking.objects.for_family(family_id)
        .filter(slot__in={slot for slot, _ in wanted}, status__in=LIVE)
        .values_list("pk", "slot_id", "child_id")
    )
    return [pk for pk, slot, child in rows if (slot, child) in wanted]


def get_submission(reference: str, *, family_id: int) -> Submission | None:
    """A receipt, within a family's scope."""
    return _read_submission.first(reference, family_id)


_read_submission = Kept(
    lambda reference, family_id: Submission.objects.filter(reference=reference, family_id=family_id)
)


def find_submission(key: uuid.UUID, *, family_id: int) -> Submission | None:
    """The receipt of a sending made already, by the form's key."""
    return Submission.objects.filter(key=key, family_id=family_id).first()


def submissions_of(family_id: int) -> QuerySet[Submission]:
    """The sendings of a household, latest first."""
    return Submission.objects.filter(family_id=family_id).order_by("-at", "-pk")


# --- The town hall's side -----------------------------------------------------------------------


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


def live_statuses(slot_ids: Iterable[int]) -> dict[int, str]:
    """The live bookings of these slots (ids), each with its status."""
    return dict(Booking.objects.live().filter(slot__in=list(slot_ids)).values_list("pk", "status"))


def next_days_of(establishment_id: int, day: date) -> tuple[date | None, date | None]:
    """The days with slots just before and after a day at a site."""
    days = Slot.objects.filter(offering__establishment=establishment_id)
    before = days.filter(day__lt=day).order_by("-day").values_list("day", flat=True).first()
    after = days.filter(day__gt=day).order_by("day").values_list("day", flat=True).first()
    return before, after
