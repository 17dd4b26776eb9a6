"""Which household a child lives in, and which weeks."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from preau.families.enums import CustodyHolidays, CustodyWeeks
from preau.families.errors import BadPeriod, NotInFamily
from preau.families.models import Child, Custody
from preau.families.services._common import journal, lock_family
from preau.families.services.searching import refresh_search
from preau.kernel.actors import Actor
from preau.kernel.french import day as day_words


@transaction.atomic
def set_custody(
    *,
    child_id: int,
    family_id: int,
    weeks: str,
    days: str = "",
    holidays: str = CustodyHolidays.AS_WEEKS,
    starts_on: date,
    ends_on: date | None = None,
    now: datetime,
    actor: Actor,
) -> Custody:
    """From `starts_on`, the child lives in this household on these weeks; the past stays.

    `days` (fourteen "0" or "1", even week then odd) goes with weeks=DAYS alone; `holidays` says
    what becomes of the weeks while school is closed. What was known of this child here from
    that day on is replaced. The same again changes nothing. Raises BadPeriod, NotInFamily.
    """
    weeks, holidays = CustodyWeeks(weeks), CustodyHolidays(holidays)
    days = days if weeks == CustodyWeeks.DAYS else ""
    if weeks == CustodyWeeks.DAYS and (len(days) != 14 or set(days) - {"0", "1"}):
        raise BadPeriod("Cochez au moins un jour.")
    if weeks == CustodyWeeks.DAYS and "1" not in days:
        raise BadPeriod("Cochez au moins un jour.")
    if ends_on is not None and ends_on < starts_on:
        raise BadPeriod
    family = lock_family(family_id)
    child = Child.objects.select_for_update(of=("self",), no_key=True).filter(pk=child_id).first()
    if child is None:
        raise NotInFamily("Cet enfant n’existe pas.")
    here = Custody.objects.filter(child=child, family=family)
    running = _touching(here, starts_on + timedelta(days=1)).order_by("starts_on").last()
    if (
        running is not None
        and (running.weeks, running.days, running.holidays, running.ends_on)
        == (weeks, days, holidays, ends_on)
        and not here.filter(starts_on__gt=starts_on).exists()
    ):
        return running
    here.filter(starts_on__gte=starts_on).delete()
    _touching(here, starts_on).update(ends_on=starts_on - timedelta(days=1))
    custody = Custody.objects.create(
        child=child,
        family=family,
        weeks=weeks,
        days=days,
        holidays=holidays,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    refresh_search([family.pk])
    journal(
        actor,
        now,
        "set_custody",
        f"{child} vit dans ce foyer ({weeks.label}) à partir du "
        f"{day_words(starts_on, year=True, weekday=False)}",
        family.pk,
        object_type="child",
        object_id=child.pk,
    )
    return custody


@transaction.atomic
def set_custody_of_homes(
    *,
    child_id: int,
    rules: Mapping[int, Mapping[str, str]],
    starts_on: date,
    ends_on: date | None,
    now: datetime,
    actor: Actor,
) -> None:
    """The rules (`weeks`, `days`, `holidays`) of several households at once, all or none.

    A child is never left with one home's new weeks and the other's old ones. Households are held
    in the order of their keys. Raises what `set_custody` raises.
    """
    for family_id in sorted(rules):
        set_custody(
            child_id=child_id,
            family_id=family_id,
            starts_on=starts_on,
            ends_on=ends_on,
            now=now,
            actor=actor,
            **rules[family_id],
        )


@transaction.atomic
def end_custody(
    *, child_id: int, family_id: int, ends_on: date, now: datetime, actor: Actor
) -> bool:
    """The child's last day in this household is `ends_on`. False when it already was."""
    family = lock_family(family_id, even_closed=True)
    here = Custody.objects.filter(child_id=child_id, family=family)
    if not here.exists():
        raise NotInFamily
    gone, _ = here.filter(starts_on__gt=ends_on).delete()
    ended = _touching(here, ends_on + timedelta(days=1)).update(ends_on=ends_on)
    if not (gone or ended):
        return False
    refresh_search([family.pk])
    child = Child.objects.get(pk=child_id)
    journal(
        actor,
        now,
        "end_custody",
        f"{child} ne vit plus dans ce foyer après le "
        f"{day_words(ends_on, year=True, weekday=False)}",
        family.pk,
        object_type="child",
        object_id=child_id,
    )
    return True


def _touching(here: QuerySet[Custody], day: date) -> QuerySet[Custody]:
    """Periods that began before the day and hold it."""
    return here.filter(starts_on__lt=day).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))
