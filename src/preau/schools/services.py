"""Which school and class each pupil goes to: the only writers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from preau.audit.services import record
from preau.families.errors import BothMustSign
from preau.families.queries import both_must_sign
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.schools.enums import ImportStatus
from preau.schools.errors import AlreadySchooled, NotSchooled
from preau.schools.models import HouseholdRecord, PupilImport, PupilRecord, Schooling

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Placement:
    """A pupil in a class from a day on, to the end of the school year."""

    child_id: int
    establishment_id: int
    school_class_id: int | None
    level: str
    school_year_id: int
    starts_on: date
    ends_on: date


@transaction.atomic
def place_pupil(
    *,
    placement: Placement,
    source: str,
    family_id: int | None,
    now: datetime,
    actor: Actor,
    both_agreed: bool = False,
) -> Schooling:
    """Put one pupil in a school (and a class, once it is known).

    A running schooling ends the day before; one that starts the same day is replaced in place.
    Raises AlreadySchooled when a later one is already written. Where a disagreement or a judgment
    is recorded both parents decide of a new school (not of a class): `both_agreed` says that they
    did, and the journal keeps it. Raises BothMustSign otherwise.
    """
    running = list(
        Schooling.objects.select_for_update(no_key=True)
        .filter(child_id=placement.child_id, ends_on__gte=placement.starts_on)
        .order_by("starts_on")
    )
    kept = any(
        one.establishment_id == placement.establishment_id
        for one in running
        if one.starts_on <= placement.starts_on
    )
    agreed = (
        "" if kept else _agreed(placement.child_id, both_agreed, "son entrée dans une école", now)
    )
    for schooling in running:
        if schooling.starts_on > placement.ends_on:
            continue
        if schooling.starts_on > placement.starts_on:
            raise AlreadySchooled
        _end(schooling, placement.starts_on)
    schooling = _row(placement, source=source, channel=actor.channel, now=now)
    schooling.save(force_insert=True)
    record(
        actor=actor,
        now=now,
        action="schools.place_pupil",
        summary=(
            f"École : niveau {placement.level} à partir du {placement.starts_on:%d/%m/%Y}{agreed}"
        ),
        family_id=family_id,
        object_type="child",
        object_id=placement.child_id,
    )
    return schooling


@transaction.atomic
def place_pupils(
    *, placements: Sequence[Placement], source: str, now: datetime, actor: Actor
) -> None:
    """Put many pupils in their classes at once (import): running schoolings end first."""
    starts = {placement.child_id: placement.starts_on for placement in placements}
    running = list(
        Schooling.objects.filter(child_id__in=starts, ends_on__gte=min(starts.values()))
        if starts
        else ()
    )
    replaced = [s.pk for s in running if s.starts_on >= starts[s.child_id]]
    Schooling.objects.filter(pk__in=replaced).delete()
    shortened = [s for s in running if s.starts_on < starts[s.child_id] <= s.ends_on]
    for schooling in shortened:
        schooling.ends_on = starts[schooling.child_id] - timedelta(days=1)
    Schooling.objects.bulk_update(shortened, ["ends_on"], batch_size=BATCH)
    Schooling.objects.bulk_create(
        [_row(p, source=source, channel=actor.channel, now=now) for p in placements],
        batch_size=BATCH,
    )


@transaction.atomic
def end_schoolings(*, schooling_ids: Iterable[int], last_day: date) -> None:
    """These pupils have left: their last day at school is `last_day`."""
    for schooling in Schooling.objects.select_for_update(no_key=True).filter(
        pk__in=list(schooling_ids)
    ):
        schooling.ends_on = max(schooling.starts_on, last_day)
        schooling.save(update_fields=["ends_on"])


@transaction.atomic
def end_schooling(
    *,
    child_id: int,
    last_day: date,
    family_id: int | None,
    now: datetime,
    actor: Actor,
    both_agreed: bool = False,
) -> Schooling:
    """The pupil leaves its school after `last_day`. Raises NotSchooled when it is at none then.

    Where a disagreement or a judgment is recorded both parents decide of it: `both_agreed` says
    that they did. Raises BothMustSign otherwise.
    """
    agreed = _agreed(child_id, both_agreed, "son départ de l’école", now)
    schooling = (
        Schooling.objects.select_for_update(no_key=True)
        .filter(child_id=child_id, starts_on__lte=last_day, ends_on__gte=last_day)
        .first()
    )
    if schooling is None:
        raise NotSchooled
    schooling.ends_on = last_day
    schooling.save(update_fields=["ends_on"])
    record(
        actor=actor,
        now=now,
        action="schools.end_schooling",
        summary=f"École : départ après le {last_day:%d/%m/%Y}{agreed}",
        family_id=family_id,
        object_type="child",
        object_id=child_id,
    )
    return schooling


def _agreed(child_id: int, both_agreed: bool, what: str, now: datetime) -> str:
    """What the journal adds where both parents decide. Raises BothMustSign."""
    if not both_must_sign([child_id], paris_day(now)):
        return ""
    if not both_agreed:
        raise BothMustSign(
            f"Un désaccord ou une décision est enregistré pour cet enfant : {what} demande "
            "l’accord écrit de ses deux parents, ou la décision qui en tient lieu."
        )
    return " (accord écrit des deux parents, ou décision)"


@transaction.atomic
def stay_at_school(
    *, schooling_id: int, until: date, family_id: int | None, now: datetime, actor: Actor
) -> bool:
    """A departure taken back: the pupil stays `until` this day. False when another school has
    taken its place since, or the schooling is gone."""
    row = Schooling.objects.select_for_update(no_key=True).filter(pk=schooling_id).first()
    if (
        row is None
        or Schooling.objects.filter(
            child_id=row.child_id, starts_on__gt=row.ends_on, starts_on__lte=until
        ).exists()
    ):
        return False
    row.ends_on = until
    row.save(update_fields=["ends_on"])
    record(
        actor=actor,
        now=now,
        action="schools.stay_at_school",
        summary="École : départ annulé",
        family_id=family_id,
        object_type="child",
        object_id=row.child_id,
    )
    return True


@transaction.atomic
def remove_schooling(
    *, schooling_id: int, family_id: int | None, now: datetime, actor: Actor
) -> None:
    """Take a schooling away as if it had never been written (a decision undone)."""
    schooling = Schooling.objects.select_for_update(no_key=True).filter(pk=schooling_id).first()
    if schooling is None:
        return
    child_id = schooling.child_id
    schooling.delete()
    record(
        actor=actor,
        now=now,
        action="schools.remove_schooling",
        summary="École : inscription annulée",
        family_id=family_id,
        object_type="child",
        object_id=child_id,
    )


@transaction.atomic
def remember_register(*, pupils: dict[str, int], households: dict[int, str], now: datetime) -> None:
    """Keep what the register said: children by INE, address keys by household."""
    PupilRecord.objects.bulk_create(
        [PupilRecord(child_id=child_id, ine=ine, seen_at=now) for ine, child_id in pupils.items()],
        update_conflicts=True,
        unique_fields=["ine"],
        update_fields=["seen_at"],
        batch_size=BATCH,
    )
    HouseholdRecord.objects.bulk_create(
        [
            HouseholdRecord(family_id=family_id, address_key=key, seen_at=now)
            for family_id, key in households.items()
        ],
        update_conflicts=True,
        unique_fields=["family"],
        update_fields=["address_key", "seen_at"],
        batch_size=BATCH,
    )


def _end(schooling: Schooling, next_start: date) -> None:
    if schooling.starts_on >= next_start:
        schooling.delete()
    else:
        schooling.ends_on = next_start - timedelta(days=1)
        schooling.save(update_fields=["ends_on"])


def _row(placement: Placement, *, source: str, channel: str, now: datetime) -> Schooling:
    return Schooling(
        child_id=placement.child_id,
        establishment_id=placement.establishment_id,
        school_class_id=placement.school_class_id,
        level=placement.level,
        school_year_id=placement.school_year_id,
        starts_on=placement.starts_on,
        ends_on=placement.ends_on,
        channel=channel,
        source=source,
        created_at=now,
    )


@transaction.atomic
def save_import_preview(
    *,
    pupils_file_id: UUID,
    adults_file_id: UUID,
    counts: dict[str, int],
    problems: list[dict[str, Any]],
    examples: dict[str, list[str]],
    now: datetime,
    actor: Actor,
) -> PupilImport:
    """Keep what an import would change, for an agent to read before it is applied."""
    return PupilImport.objects.create(
        pupils_file_id=pupils_file_id,
        adults_file_id=adults_file_id,
        counts=counts,
        problems=problems,
        examples=examples,
        created_at=now,
        created_by_label=actor.label,
    )


def mark_import(
    *,
    import_id: int,
    expected: Sequence[str],
    status: str,
    now: datetime,
    error: str = "",
    counts: dict[str, int] | None = None,
) -> bool:
    """Move an import from one of the `expected` states to `status`; False when it is elsewhere."""
    values: dict[str, Any] = {"status": status, "error": error[:300]}
    if status == ImportStatus.APPLIED:
        values["applied_at"] = now
    if counts is not None:
        values["counts"] = counts
    found = PupilImport.objects.filter(pk=import_id, status__in=expected)
    return bool(found.update(**values))
