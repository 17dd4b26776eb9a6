"""A site's day as a tablet shows it: slots, children, adults, the ratio now. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from preau.attendance.models import AbsenceReport, SiteGroup, StaffDuty
from preau.attendance.queries import Sheet, SheetRow, sheet
from preau.bookings.facts import age_on
from preau.bookings.queries import slots_of
from preau.bookings.rules import adults_needed, is_young


@dataclass(slots=True)
class SlotDay:
    """A slot with its sheet and the children in it now."""

    slot: Any
    sheet: Sheet

    def here(self) -> list[SheetRow]:
        return [row for row in self.sheet.rows if row.state == "present"]

    def young_and_old(self) -> tuple[int, int]:
        here = self.here()
        young = sum(is_young(row.child.birth_on, self.slot.day, self.slot.age_cut) for row in here)
        return young, len(here) - young


@dataclass(slots=True)
class SiteDay:
    slots: list[SlotDay]
    staff: list[StaffDuty]
    groups: list[SiteGroup]
    conflicts: int = 0

    def adults_at(self, hour: time) -> int:
        """Adults on site at this hour of the clock."""
        return sum(not d.is_absent and d.starts_at <= hour < d.ends_at for d in self.staff)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Children here, adults here, and how many adults the rule asks for (None: no rule)."""

    children: int
    young: int
    adults: int
    needed: int | None

    @property
    def is_short(self) -> bool:
        return self.needed is not None and self.adults < self.needed


def site_day(establishment_id: int, day: date) -> SiteDay:
    """All the slots of a site on a day; six queries a slot, two for the site."""
    return SiteDay(
        slots=[
            SlotDay(slot, sheet(slot.pk, day))
            for slot in slots_of(establishment_id, day)
            if slot.status == "OPEN"
        ],
        staff=list(staff_of(establishment_id, day)),
        groups=list(groups_of(establishment_id)),
    )


def ratio_of(found: SlotDay, adults: int) -> Ratio:
    """The ratio of a slot now; the rule is the slot's own (its opening's supervision)."""
    young, old = found.young_and_old()
    return Ratio(young + old, young, adults, adults_needed(found.slot, young, old))


def staff_of(establishment_id: int, day: date) -> Iterable[StaffDuty]:
    """The adults planned at a site on a day, by their hours."""
    return StaffDuty.objects.filter(establishment=establishment_id, day=day).select_related("group")


def groups_of(establishment_id: int) -> Iterable[SiteGroup]:
    """The groups of children of a site, by age."""
    return SiteGroup.objects.filter(establishment=establishment_id)


def group_of(groups: Iterable[SiteGroup], child: Any, day: date) -> str:
    """The group of a child by its age on the day; "" when none takes it."""
    if child.birth_on is None:
        return ""
    age = age_on(child.birth_on, day)
    return next((g.name for g in groups if g.from_age <= age <= g.to_age), "")


def away_on(child_ids: Iterable[int], day: date) -> set[int]:
    """The children whose absence on the day was announced; one query."""
    return set(
        AbsenceReport.objects.filter(
            child_id__in=list(child_ids), starts_on__lte=day, ends_on__gte=day
        ).values_list("child_id", flat=True)
    )
