"""Reading attendance, absences and cards (the days that billing looks at: `billable`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from preau.attendance.billable import BillableDay, billable_days
from preau.attendance.enums import AbsenceStatus, CardStatus, Presence
from preau.attendance.models import AbsenceReport, Attendance, Card, CardOrder, SheetClosure
from preau.bookings.enums import BookingStatus
from preau.bookings.queries import charged_bookings, expected_at, taken_back_at
from preau.kernel.kept import Kept
from preau.kernel.lane import Asked
from preau.schools.queries import class_on, schooling_on

# --- The sheet of a slot -----------------------------------------------------------------------


@dataclass(slots=True)
class SheetRow:
    """One child on a sheet: expected or walk-in, and what was recorded."""

    child: Any
    family_id: int
    booking_id: int | None = None
    attendance: Attendance | None = None
    report: AbsenceReport | None = None
    school_class: str = ""

    @property
    def is_walk_in(self) -> bool:
        return self.booking_id is None

    @property
    def state(self) -> str:
        """expected, away (reported), present, left or absent."""
        row = self.attendance
        if row is None:
            return "away" if self.report else "expected"
        if row.presence == Presence.ABSENT:
            return "away" if self.report else "absent"
        return "left" if row.left_at else "present"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A slot's sheet: its rows by name, its closing if it is closed, and what is counted."""

    rows: list[SheetRow]
    closure: SheetClosure | None
    counts: dict[str, int] = field(default_factory=dict)
    # Reported away in time: their place is given back, the site still knows who will not come.
    announced: list[AbsenceReport] = field(default_factory=list)


def sheet(slot_id: int, day: date) -> Sheet:
    """Who is expected at a slot and what was recorded; six queries whatever the number."""
    rows: dict[int, SheetRow] = {}
    for booking in expected_at(slot_id):
        rows[booking.child_id] = SheetRow(booking.child, booking.family_id, booking.pk)
    for attendance in Attendance.objects.filter(slot=slot_id).select_related("child"):
        row = rows.get(attendance.child_id)
        if row is None:
            # No live booking: came without one, or it was taken back after it was recorded.
            row = rows[attendance.child_id] = SheetRow(attendance.child, attendance.family_id)
        row.attendance = attendance
    given_back = {b.child_id for b in taken_back_at(slot_id)} - rows.keys()
    announced: dict[int, AbsenceReport] = {}
    for report in (
        AbsenceReport.objects.filter(
            child__in=[*rows, *given_back], starts_on__lte=day, ends_on__gte=day
        )
        .select_related("child")
        .order_by("child__search_key", "pk")
    ):
        if report.child_id in rows:
            rows[report.child_id].report = report
        else:
            announced[report.child_id] = report
    for child_id, schooling in schooling_on(rows, day).items():
        school_class = schooling.school_class
        rows[child_id].school_class = school_class.name if school_class else ""
    found = sorted(rows.values(), key=lambda row: (row.child.search_key, row.child.pk))
    counts = {
        "expected": 0,
        "present": 0,
        "left": 0,
        "absent": 0,
        "away": 0,
        "walk_in": 0,
        "todo": 0,
    }
    for row in found:
        state = row.state
        counts["expected"] += not row.is_walk_in
        counts["walk_in"] += row.is_walk_in
        if state == "expected":
            counts["todo"] += 1
        else:
            counts[state] += 1
    closure = SheetClosure.objects.filter(slot=slot_id).first()
    return Sheet(found, closure, counts, list(announced.values()))


@dataclass(frozen=True, slots=True)
class SlotCounts:
    """How many were recorded at a slot, and whether its sheet is closed."""

    present: int = 0
    absent: int = 0
    is_closed: bool = False


def counts_of(slot_ids: Iterable[int]) -> dict[int, SlotCounts]:
    """For each slot: present, absent, closed; two queries."""
    ids = list(slot_ids)
    closed = set(SheetClosure.objects.filter(slot__in=ids).values_list("slot_id", flat=True))
    counts: dict[int, list[int]] = {pk: [0, 0] for pk in ids}
    rows = Attendance.objects.filter(slot__in=ids).values_list("slot_id", "presence")
    for slot_id, presence in rows:
        counts[slot_id][presence == Presence.ABSENT] += 1
    return {pk: SlotCounts(p, a, pk in closed) for pk, (p, a) in counts.items()}


# --- The day register ----------------------------------------------------------------------------


def with_class(found: QuerySet[Any], class_id: int, day: date) -> QuerySet[Any]:
    """Keep the bookings whose child is in this class on the day."""
    return found.filter(Exists(class_on(OuterRef("child_id"), class_id, day)))


def with_state(found: QuerySet[Any], state: str) -> QuerySet[Any]:
    """Keep the bookings of children recorded present, absent, reported away, or not recorded."""
    recorded = Attendance.objects.filter(slot=OuterRef("slot"), child=OuterRef("child"))
    reported = AbsenceReport.objects.filter(
        child=OuterRef("child"),
        starts_on__lte=OuterRef("slot__day"),
        ends_on__gte=OuterRef("slot__day"),
    )
    if state == "present":
        return found.filter(Exists(recorded.filter(presence=Presence.PRESENT)))
    if state == "absent":
        return found.filter(Exists(recorded.filter(presence=Presence.ABSENT)))
    if state == "away":
        return found.filter(Exists(reported))
    if state == "todo":
        return found.filter(~Exists(recorded), ~Exists(reported))
    return found


def with_recorded(found: QuerySet[Any]) -> QuerySet[Any]:
    """Add `.presence` (None: not recorded) and `.absence` (the reason reported, if any)."""
    recorded = Attendance.objects.filter(slot=OuterRef("slot"), child=OuterRef("child"))
    reported = AbsenceReport.objects.filter(
        child=OuterRef("child"),
        starts_on__lte=OuterRef("slot__day"),
        ends_on__gte=OuterRef("slot__day"),
    ).order_by("-reported_at")
    return found.annotate(
        presence=Subquery(recorded.values("presence")[:1]),
        absence=Subquery(reported.values("reason")[:1]),
    )


# --- A family's history ---


def presences_between(family_id: int, first: date, last: date) -> dict[tuple[int, int], str]:
    """What was recorded for a household: (slot, child) → PRESENT or ABSENT; one query."""
    rows = _read_presences(family_id, first, last)
    return {(slot, child): presence for slot, child, presence in rows}


def presences_at(
    family_id: int, slot_ids: Iterable[int], child_ids: Iterable[int]
) -> dict[tuple[int, int], str]:
    """As `presences_between`, at the slots and for the children that a page shows."""
    rows = _read_presences_at(family_id, list(slot_ids), list(child_ids))
    return {(slot, child): presence for slot, child, presence in rows}


_read_presences_at = Kept(
    lambda family_id, slot_ids, child_ids: Attendance.objects.filter(
        family_id=family_id, slot_id__any_of=slot_ids, child_id__any_of=child_ids
    ).values_list("slot_id", "child_id", "presence")
)


def _presences(family_id: int, first: date, last: date) -> Any:
    return Attendance.objects.filter(
        family_id=family_id, slot__day__range=(first, last)
    ).values_list("slot_id", "child_id", "presence")


_read_presences = Kept(_presences)


@dataclass(frozen=True, slots=True)
class Span:
    """Days of absence reported for a child."""

    child_id: int
    starts_on: date
    ends_on: date
    status: str
    reason: str
    reported_at: datetime

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


def absence_spans(family_id: int, first: date, last: date) -> list[Span]:
    """The absences of a household that touch a period; one query."""
    return [Span(*row) for row in _read_spans(family_id, first, last)]


def asked_absences(family_id: int, first: date, last: date) -> Asked:
    """What `absence_spans` asks, for `lane.ahead`."""
    return _read_spans.asked(family_id, first, last)


def _spans(family_id: int, first: date, last: date) -> Any:
    return AbsenceReport.objects.filter(
        family_id=family_id, starts_on__lte=last, ends_on__gte=first
    ).values_list("child_id", "starts_on", "ends_on", "status", "reason", "reported_at")


_read_spans = Kept(_spans)


def attendances_for_family(family_id: int, first: date, last: date) -> QuerySet[Attendance]:
    """What was recorded for a household over a period, with slot, activity and child."""
    return (
        Attendance.objects.filter(family_id=family_id, slot__day__range=(first, last))
        .select_related("slot__offering__activity", "slot__product", "child")
        .order_by("slot__day", "slot__starts_at", "child_id")
    )


@dataclass(frozen=True, slots=True)
class PastDay:
    """One day of one child in a household's history: what was expected, what was recorded.

    `state`: expected, present, absent, away (reported), charged (given up too late).
    """

    day: date
    child_id: int
    child: str
    activity: str
    starts_at: time
    product: str
    state: str
    is_walk_in: bool = False
    is_justified: bool | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    sentence: str = ""


def history(family_id: int, first: date, last: date) -> list[PastDay]:
    """Day by day, what was expected of a household's children and what was recorded; three
    queries whatever the number."""
    recorded = {(a.slot_id, a.child_id): a for a in attendances_for_family(family_id, first, last)}
    spans = absence_spans(family_id, first, last)
    days: list[PastDay] = []
    for booking in charged_bookings(family_id, first, last):
        slot = booking.slot
        mark = recorded.pop((slot.pk, booking.child_id), None)
        away = any(s.child_id == booking.child_id and slot.day in s for s in spans)
        if booking.status == BookingStatus.CANCELLED:
            state = "charged"
        elif mark is not None and mark.presence == Presence.PRESENT:
            state = "present"
        elif away:
            state = "away"
        else:
            state = "absent" if mark is not None else "expected"
        days.append(_past_day(slot, booking.child, state, mark, booking.decision_sentence))
    for mark in recorded.values():
        if mark.presence == Presence.PRESENT:
            days.append(_past_day(mark.slot, mark.child, "present", mark, ""))
    # The latest day first; within a day, each child's hours in their order.
    days.sort(key=lambda d: (d.child_id, d.starts_at, d.activity))
    return sorted(days, key=lambda d: d.day, reverse=True)


def _past_day(slot: Any, child: Any, state: str, mark: Attendance | None, sentence: str) -> PastDay:
    return PastDay(
        day=slot.day,
        child_id=child.pk,
        child=child.first_name,
        activity=slot.offering.activity.name,
        starts_at=slot.starts_at,
        product=slot.product.name,
        state=state,
        is_walk_in=bool(mark and mark.is_walk_in),
        is_justified=mark.is_justified if mark else None,
        arrived_at=mark.arrived_at if mark else None,
        left_at=mark.left_at if mark else None,
        sentence=sentence if state == "charged" else "",
    )


def family_holds_absence_file(file_id: Any, family_id: int) -> bool:
    """Whether this stored file came with an absence of that household."""
    return AbsenceReport.objects.filter(document_id=file_id, family_id=family_id).exists()


def absences_of(family_id: int) -> QuerySet[AbsenceReport]:
    """The absences that a household reported, latest first."""
    return (
        AbsenceReport.objects.filter(family_id=family_id)
        .select_related("child", "document")
        .order_by("-reported_at", "-pk")
    )


def get_absence(reference: str, *, family_id: int) -> AbsenceReport | None:
    """One report, within a family's scope."""
    return absences_of(family_id).filter(reference=reference).first()


def absences_to_decide() -> QuerySet[AbsenceReport]:
    """The reports that no agent has decided, oldest first."""
    return list_absences().filter(status=AbsenceStatus.REPORTED).order_by("reported_at", "pk")


def list_absences() -> QuerySet[AbsenceReport]:
    """All reports, latest first, with child, family and document."""
    return AbsenceReport.objects.select_related("child", "family", "document").order_by(
        "-reported_at", "-pk"
    )


# --- Cards ---


def cards_of(child_ids: Iterable[int]) -> QuerySet[Card]:
    """The cards of these children, the last issued first."""
    return (
        Card.objects.filter(child__in=list(child_ids))
        .select_related("child")
        .order_by("child_id", "-rank")
    )


def active_card_of(child_id: int) -> Card | None:
    return Card.objects.filter(child=child_id, status=CardStatus.ACTIVE).first()


def active_cards(child_ids: Iterable[Any]) -> QuerySet[Card]:
    """The living cards of these children (ids, or a one-column queryset), by name: to print."""
    ids = child_ids if isinstance(child_ids, QuerySet) else list(child_ids)
    return (
        Card.objects.filter(child__in=ids, status=CardStatus.ACTIVE)
        .select_related("child")
        .order_by("child__search_key", "pk")
    )


def find_card(code: str) -> Card | None:
    """The card, living or dead, whose QR holds this code."""
    return Card.objects.select_related("child").filter(code=code).first() if code else None


def get_card(card_id: int, *, child_ids: Iterable[int]) -> Card | None:
    """One card, within the scope of these children."""
    return cards_of(child_ids).filter(pk=card_id).first()


def open_orders() -> QuerySet[CardOrder]:
    """The cards that families wait for, oldest first."""
    return (
        CardOrder.objects.filter(card=None).select_related("child", "family").order_by("asked_at")
    )


def orders_of(child_ids: Iterable[int]) -> dict[int, CardOrder]:
    """The card asked for and not issued yet, by child."""
    return {o.child_id: o for o in CardOrder.objects.filter(child__in=list(child_ids), card=None)}


__all__ = [
    "BillableDay",
    "Sheet",
    "SheetRow",
    "SlotCounts",
    "Span",
    "absence_spans",
    "absences_of",
    "absences_to_decide",
    "active_card_of",
    "attendances_for_family",
    "billable_days",
    "cards_of",
    "counts_of",
    "get_absence",
    "get_card",
    "list_absences",
    "open_orders",
    "orders_of",
    "presences_between",
    "sheet",
    "with_class",
    "with_recorded",
    "with_state",
]
