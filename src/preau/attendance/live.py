"""A day as it goes: who is here now, against the places and the adults that the rules ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from preau.attendance.enums import Presence
from preau.attendance.models import Attendance, StaffDuty
from preau.bookings.rules import adults_needed, is_young
from preau.kernel.clock import paris


@dataclass(frozen=True, slots=True)
class Live:
    """One slot now. `adults` are those on the site at this hour when they are recorded, those
    planned otherwise (`is_planned`); None when neither is known. `needed`: what the children here
    ask for, or those booked while nobody is here yet; None when no rule says it."""

    slot: Any
    young: int
    old: int
    adults: int | None
    is_planned: bool
    needed: int | None

    @property
    def here(self) -> int:
        return self.young + self.old

    @property
    def is_short(self) -> bool:
        return self.needed is not None and self.adults is not None and self.adults < self.needed

    @property
    def is_over(self) -> bool:
        """More children here than places."""
        return self.here > self.slot.capacity


def groups_here(slot_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """For each slot, the children here now, neither gone nor awaited: (younger, older)."""
    found: dict[int, list[int]] = {}
    rows = Attendance.objects.filter(
        slot__in=list(slot_ids), presence=Presence.PRESENT, left_at=None
    ).values_list("slot_id", "slot__day", "child__birth_on", "slot__age_cut")
    for slot_id, day, birth_on, cut in rows:
        found.setdefault(slot_id, [0, 0])[not is_young(birth_on, day, cut)] += 1
    return {pk: (young, old) for pk, (young, old) in found.items()}


def live_slots(slots: Iterable[Any], *, establishment_id: int, now: datetime) -> list[Live]:
    """The slots of a site's day as they go; two queries."""
    rows = list(slots)
    here = groups_here([slot.pk for slot in rows])
    clock = paris(now)
    staff = _staff(establishment_id, {slot.day for slot in rows})
    return [_live(slot, here.get(slot.pk, (0, 0)), staff.get(slot.day, []), clock) for slot in rows]


def _staff(establishment_id: int, days: set[date]) -> dict[date, list[tuple[time, time]]]:
    found: dict[date, list[tuple[time, time]]] = {}
    duties = StaffDuty.objects.filter(
        establishment=establishment_id, day__in=days, is_absent=False
    ).values_list("day", "starts_at", "ends_at")
    for day, starts, ends in duties:
        found.setdefault(day, []).append((starts, ends))
    return found


def _live(
    slot: Any, here: tuple[int, int], staff: list[tuple[time, time]], clock: datetime
) -> Live:
    young, old = here
    # At this hour while the slot is under way; at its start before and after.
    hour = slot.starts_at
    if clock.date() == slot.day and slot.starts_at <= clock.time() < slot.ends_at:
        hour = clock.time()
    adults = sum(starts <= hour < ends for starts, ends in staff) if staff else slot.adults
    booked = not (young or old)
    return Live(
        slot=slot,
        young=young,
        old=old,
        adults=adults,
        is_planned=not staff,
        needed=adults_needed(
            slot,
            slot.young_taken if booked else young,
            slot.taken - slot.young_taken if booked else old,
        ),
    )
