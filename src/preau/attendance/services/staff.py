"""Adults and groups of a site."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction

from preau.attendance.errors import AttendanceRefused
from preau.attendance.models import SiteGroup, StaffDuty
from preau.audit.services import record
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.text import proper_name


@transaction.atomic
def add_duty(
    *,
    establishment_id: int,
    day: date,
    name: str,
    starts_at: time,
    ends_at: time,
    group_id: int | None = None,
    now: datetime,
    actor: Actor,
) -> StaffDuty:
    """An adult works at the site on the day. Raises AttendanceRefused."""
    name = proper_name(name)[:120]
    if not any(c.isalpha() for c in name):
        raise AttendanceRefused("Écrivez le nom de cet adulte.")
    if ends_at <= starts_at:
        raise AttendanceRefused("L’heure de fin est avant l’heure de début.")
    group = SiteGroup.objects.filter(pk=group_id, establishment=establishment_id).first()
    duty = StaffDuty.objects.create(
        establishment_id=establishment_id,
        day=day,
        name=name,
        group=group,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_at=now,
        recorded_by=actor.label,
    )
    _journal(establishment_id, "staff", f"{name} sur place, {french.day(day)}", now, actor)
    return duty


@transaction.atomic
def set_absent(
    *, duty_id: int, establishment_id: int, is_absent: bool, now: datetime, actor: Actor
) -> None:
    """The adult did not come, or came after all: the ratio follows."""
    duty = StaffDuty.objects.filter(pk=duty_id, establishment=establishment_id).first()
    if duty is None:
        raise AttendanceRefused("Cet adulte n’est pas sur la liste.")
    if duty.is_absent == is_absent:
        return
    duty.is_absent, duty.recorded_at, duty.recorded_by = is_absent, now, actor.label
    duty.save(update_fields=["is_absent", "recorded_at", "recorded_by"])
    said = "absent" if is_absent else "présent"
    _journal(establishment_id, "staff", f"{duty.name} {said}, {french.day(duty.day)}", now, actor)


@transaction.atomic
def remove_duty(*, duty_id: int, establishment_id: int, now: datetime, actor: Actor) -> None:
    """Take an adult off a day's list."""
    duty = StaffDuty.objects.filter(pk=duty_id, establishment=establishment_id).first()
    if duty is None:
        return
    said = f"{duty.name} retiré, {french.day(duty.day)}"
    duty.delete()
    _journal(establishment_id, "staff", said, now, actor)


@transaction.atomic
def copy_week_before(*, establishment_id: int, day: date, now: datetime, actor: Actor) -> int:
    """The team of the same day a week before (or two, or three); how many adults."""
    if StaffDuty.objects.filter(establishment=establishment_id, day=day).exists():
        return 0
    for weeks in (1, 2, 3):
        before = list(
            StaffDuty.objects.filter(
                establishment=establishment_id, day=day - timedelta(days=7 * weeks)
            )
        )
        if before:
            break
    StaffDuty.objects.bulk_create(
        StaffDuty(
            establishment_id=establishment_id,
            day=day,
            name=duty.name,
            group_id=duty.group_id,
            starts_at=duty.starts_at,
            ends_at=duty.ends_at,
            recorded_at=now,
            recorded_by=actor.label,
        )
        for duty in before
    )
    if before:
        _journal(establishment_id, "staff", f"Équipe reprise pour {french.day(day)}", now, actor)
    return len(before)


@transaction.atomic
def save_groups(
    *,
    establishment_id: int,
    groups: Sequence[tuple[str, int, int]],
    now: datetime,
    actor: Actor,
) -> None:
    """The groups of a site, in order: (name, from age, to age). Those not named go away."""
    clean = [(" ".join(name.split())[:60], low, high) for name, low, high in groups if name.strip()]
    if any(high < low for _name, low, high in clean):
        raise AttendanceRefused("Pour un groupe, le second âge est au moins le premier.")
    if len({name.casefold() for name, _l, _h in clean}) < len(clean):
        raise AttendanceRefused("Deux groupes portent le même nom.")
    here = {g.name: g for g in SiteGroup.objects.filter(establishment=establishment_id)}
    wanted = {name for name, _l, _h in clean}
    SiteGroup.objects.filter(establishment=establishment_id).exclude(name__in=wanted).delete()
    for position, (name, low, high) in enumerate(clean):
        group = here.get(name) or SiteGroup(establishment_id=establishment_id, name=name)
        group.from_age, group.to_age, group.position = low, high, position
        group.save()
    _journal(establishment_id, "groups", "Groupes du site mis à jour", now, actor)


def _journal(site_id: int, action: str, said: str, now: datetime, actor: Actor) -> None:
    record(
        actor=actor,
        now=now,
        action=f"attendance.{action}",
        summary=said,
        object_type="catalogue.Establishment",
        object_id=site_id,
    )
