"""The sheet of a slot: who came, from when to when; closed, then corrected with a trace."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction

from preau.attendance.enums import AttendanceSource, Presence
from preau.attendance.errors import AttendanceRefused, NotExpected
from preau.attendance.models import AbsenceReport, Attendance, SheetClosure
from preau.audit.services import record
from preau.bookings.queries import get_slot, holders_of
from preau.families.queries import household_on
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris, paris_day
from preau.kernel.locks import advisory_lock

# One sheet is written by one tablet at a time; it takes no place, so it locks no slot.
SHEET_LOCK = 71


@dataclass(frozen=True, slots=True)
class Mark:
    """What is recorded for one child. Hours are on a clock in Paris; None keeps what is there."""

    child_id: int
    presence: str
    arrived: time | None = None
    left: time | None = None
    clear_hours: bool = False


@transaction.atomic
def record_presences(
    *,
    slot_id: int,
    marks: Iterable[Mark],
    now: datetime,
    actor: Actor,
    walk_in: bool = False,
    source: str = AttendanceSource.SHEET,
) -> list[Attendance]:
    """Record children of a slot, again if need be. A child without a booking is refused
    (NotExpected) unless `walk_in`. Once the sheet is closed, each change leaves a trace.
    """
    wanted = {mark.child_id: mark for mark in marks}
    slot = get_slot(slot_id)
    if slot is None:
        raise AttendanceRefused
    if slot.day > paris_day(now):
        raise AttendanceRefused("On ne pointe pas un jour à venir.")
    advisory_lock(SHEET_LOCK, slot_id)
    closed = SheetClosure.objects.filter(slot=slot_id).exists()
    booked = holders_of(slot_id)
    known = {a.child_id: a for a in Attendance.objects.filter(slot=slot_id, child__in=wanted)}
    missing = [pk for pk in wanted if pk not in booked and pk not in known]
    if missing and not walk_in:
        raise NotExpected
    families = households_of_walk_ins(missing, slot.day) if missing else {}
    rows = []
    for child_id, mark in wanted.items():
        row = known.get(child_id)
        before = (row.presence, row.arrived_at, row.left_at) if row else None
        if row is None:
            row = Attendance(
                slot_id=slot_id,
                child_id=child_id,
                family_id=booked.get(child_id) or families[child_id],
                is_walk_in=child_id not in booked,
            )
        row.presence = mark.presence
        if mark.presence == Presence.ABSENT or mark.clear_hours:
            row.arrived_at = row.left_at = None
        if mark.presence == Presence.PRESENT:
            row.is_justified = None
            if mark.arrived is not None:
                row.arrived_at = at_paris(slot.day, mark.arrived)
            if mark.left is not None:
                row.left_at = at_paris(slot.day, mark.left)
            if row.arrived_at and row.left_at and row.left_at < row.arrived_at:
                raise AttendanceRefused("L’heure de départ est avant l’heure d’arrivée.")
        row.source = source
        if source == AttendanceSource.HAND:
            row.corrected_at = now
        row.recorded_at, row.recorded_by_id = now, actor.user_id
        rows.append(row)
        after = (row.presence, row.arrived_at, row.left_at)
        if closed and before != after:
            trace(row, before, now=now, actor=actor)
    Attendance.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["slot", "child"],
        update_fields=[
            "presence",
            "arrived_at",
            "left_at",
            "is_justified",
            "source",
            "corrected_at",
            "recorded_at",
            "recorded_by_id",
        ],
    )
    return rows


def households_of_walk_ins(child_ids: list[int], day: date) -> dict[int, int]:
    """The household billed for each walk-in: the one that has the child that day."""
    found = {
        child_id: homes[day]
        for child_id, homes in household_on(child_ids, day, day).items()
        if homes
    }
    if len(found) < len(set(child_ids)):
        raise AttendanceRefused("Cet enfant n’a pas de foyer connu : voyez son dossier.")
    return found


def trace(
    row: Attendance, before: tuple[object, ...] | None, *, now: datetime, actor: Actor
) -> None:
    """Keep in the journal what a correction after closing changed."""

    def say(state: tuple[object, ...] | None) -> str:
        if state is None:
            return "non pointé"
        presence, arrived, left = state
        if not presence:
            return "non pointé"
        words = str(Presence(str(presence)).label)
        if isinstance(arrived, datetime):
            words += f", arrivé à {french.clock_time(arrived)}"
        if isinstance(left, datetime):
            words += f", parti à {french.clock_time(left)}"
        return words

    after = (row.presence, row.arrived_at, row.left_at)
    record(
        actor=actor,
        now=now,
        action="attendance.correct",
        summary=f"Pointage corrigé après clôture : {say(before)} → {say(after)}",
        family_id=row.family_id,
        object_type="bookings.Slot",
        object_id=row.slot_id,
        data={"child": row.child_id},
    )


@transaction.atomic
def mark_all_present(*, slot_id: int, now: datetime, actor: Actor) -> int:
    """Present: every child expected, not recorded yet and not reported absent. How many."""
    slot = get_slot(slot_id)
    if slot is None:
        raise AttendanceRefused
    expected = holders_of(slot_id)
    done = set(Attendance.objects.filter(slot=slot_id).values_list("child_id", flat=True))
    away = set(
        AbsenceReport.objects.filter(
            child__in=expected, starts_on__lte=slot.day, ends_on__gte=slot.day
        ).values_list("child_id", flat=True)
    )
    marks = [Mark(pk, Presence.PRESENT) for pk in expected if pk not in done and pk not in away]
    if marks:
        record_presences(slot_id=slot_id, marks=marks, now=now, actor=actor)
    return len(marks)


@transaction.atomic
def remove_walk_in(*, slot_id: int, child_id: int, now: datetime, actor: Actor) -> None:
    """Take back a child added by mistake; nothing is left of it but the journal."""
    row = Attendance.objects.filter(slot=slot_id, child=child_id, is_walk_in=True).first()
    if row is None:
        raise AttendanceRefused("Cet enfant n’a pas été ajouté à cette liste.")
    record(
        actor=actor,
        now=now,
        action="attendance.remove_walk_in",
        summary="Présence sans réservation retirée",
        family_id=row.family_id,
        object_type="bookings.Slot",
        object_id=slot_id,
        data={"child": child_id},
    )
    row.delete()


@transaction.atomic
def close_sheet(*, slot_id: int, now: datetime, actor: Actor) -> SheetClosure:
    """Close the sheet: who was expected and not recorded is absent. Twice is harmless."""
    slot = get_slot(slot_id)
    if slot is None:
        raise AttendanceRefused
    if slot.day > paris_day(now):
        raise AttendanceRefused("On ne clôt pas une séance à venir.")
    advisory_lock(SHEET_LOCK, slot_id)
    closure = SheetClosure.objects.filter(slot=slot_id).first()
    if closure is not None:
        return closure
    done = set(Attendance.objects.filter(slot=slot_id).values_list("child_id", flat=True))
    marks = [Mark(pk, Presence.ABSENT) for pk in holders_of(slot_id) if pk not in done]
    if marks:
        record_presences(slot_id=slot_id, marks=marks, now=now, actor=actor)
    closure = SheetClosure.objects.create(
        slot_id=slot_id, closed_at=now, closed_by_id=actor.user_id, closed_by_label=actor.label
    )
    _justify_from_reports(slot_id, slot.day)
    record(
        actor=actor,
        now=now,
        action="attendance.close_sheet",
        summary=f"Liste close : {slot.offering.activity.name}, {french.day(slot.day)}",
        object_type="bookings.Slot",
        object_id=slot_id,
    )
    return closure


def _justify_from_reports(slot_id: int, day: object) -> None:
    """An absence justified before the day counts as such once the child is recorded absent."""
    reports = AbsenceReport.objects.filter(
        starts_on__lte=day,
        ends_on__gte=day,
        status__in=("JUSTIFIED", "NOT_JUSTIFIED"),
        child__in=Attendance.objects.filter(slot=slot_id, presence=Presence.ABSENT).values("child"),
    ).values_list("child_id", "status")
    for wanted in ("JUSTIFIED", "NOT_JUSTIFIED"):
        ids = [child_id for child_id, status in reports if status == wanted]
        if ids:
            Attendance.objects.filter(slot=slot_id, child__in=ids, presence=Presence.ABSENT).update(
                is_justified=wanted == "JUSTIFIED"
            )
