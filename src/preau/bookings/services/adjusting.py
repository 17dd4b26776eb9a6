"""Changing the places of slots: one, a day, a period; or as their offering now says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from preau.audit.services import record
from preau.bookings.enums import SlotStatus
from preau.bookings.errors import BookingRefused
from preau.bookings.models import Pool, Slot
from preau.bookings.notices import tell_offers
from preau.bookings.services.places import Seats
from preau.bookings.services.sharing import share_places
from preau.bookings.services.terms import get_terms
from preau.catalogue.queries import age_cuts, get_offering, patterns_of, supervision_ratios
from preau.kernel import french
from preau.kernel.actors import Actor

MOST = 9999
# What may be set, in words for the journal. `shared` is the places of the moments of the day that
# several products share.
FIELDS = {
    "capacity": "places",
    "young_capacity": "moins de 6 ans",
    "old_capacity": "6 ans et plus",
    "kept": "gardées par la ville",
    "adults": "adultes",
    "shared": "places communes",
}
_LIMITS = ("capacity", "young_capacity", "old_capacity", "kept", "adults")
_ALL = (*_LIMITS, "young_per_adult", "old_per_adult")
_GROUPED = ("age_cut", "young_taken")
# The children of slots counted again in their groups, at the age that each slot now says.
_REGROUP = """
WITH cut AS (SELECT * FROM unnest(%s::bigint[], %s::int[]) AS c(slot_id, age)),
booked AS (
    UPDATE bookings_booking b
    SET is_young = kid.birth_on IS NULL OR date_part('year', age(s.day, kid.birth_on)) < cut.age
    FROM cut, bookings_slot s, families_child kid
    WHERE b.slot_id = cut.slot_id AND s.id = b.slot_id AND kid.id = b.child_id
    RETURNING b.slot_id, b.is_young AND b.status IN ('CONFIRMED', 'OFFERED') AS counts
), held AS (
    UPDATE bookings_hold h
    SET is_young = kid.birth_on IS NULL OR date_part('year', age(s.day, kid.birth_on)) < cut.age
    FROM cut, bookings_slot s, families_child kid
    WHERE h.slot_id = cut.slot_id AND s.id = h.slot_id AND kid.id = h.child_id
    RETURNING h.slot_id, h.is_young AS counts
)
SELECT slot_id, count(*) FROM (SELECT * FROM booked UNION ALL SELECT * FROM held) every
WHERE counts GROUP BY slot_id
"""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What a change did: slots changed, those over their new limits (nobody is put out), those
    where less could be kept than asked (the rest is taken), places offered to who waited."""

    slots: int
    over: int
    less_kept: int
    offered: int


@transaction.atomic
def change_places(
    *,
    slot_ids: Iterable[int],
    changes: Mapping[str, int | None],
    now: datetime,
    actor: Actor,
    reason: str = "",
) -> Adjusted:
    """Set limits of slots (`FIELDS`; what is not given stays). None: no limit of that kind.

    Raised: those who wait are offered the new places at once. Lowered under what is taken: nobody
    is put out, nothing is given until the limits are met. The adults are those of the day: the
    other products that share its places have them too; a group's limit is the day's when all the
    products of the day are changed at once.
    """
    _check(changes)
    seats = Seats(slot_ids, now)
    slots = [slot for slot in seats.asked.values() if slot.status == SlotStatus.OPEN]
    if not slots or not changes:
        return Adjusted(0, 0, 0, 0)
    values = {name: value for name, value in changes.items() if name in _LIMITS}
    ids = {slot.pk for slot in slots}
    pools: dict[int, Pool] = {pool.pk: pool for pk in ids for pool in seats.pools.get(pk, ())}
    members: dict[int, set[int]] = {pk: set() for pk in pools}
    for slot_id, found in seats.pools.items():
        for pool in found:
            if pool.pk in members:
                members[pool.pk].add(slot_id)
    for pool in pools.values():
        if changes.get("shared") is not None:
            pool.capacity = changes["shared"] or 0
        if "adults" in changes:
            pool.adults = changes["adults"]
        if members[pool.pk] <= ids:
            for name in ("young_capacity", "old_capacity"):
                if name in changes:
                    setattr(pool, name, changes[name])
    less = 0
    for slot in slots:
        for name, value in values.items():
            if name != "kept":
                setattr(slot, name, value)
        less += _keep(slot, seats.pools.get(slot.pk, []), changes.get("kept", slot.kept) or 0)
    _write(seats, slots, list(pools.values()))
    others = [s for s in seats.slots.values() if s.pk not in ids and s.shares]
    if "adults" in changes and others:
        # The day's adults: the products that share its places.
        Slot.objects.filter(pk__in=[s.pk for s in others]).update(adults=changes["adults"])
    words = ", ".join(
        f"{FIELDS[name]} {'sans limite' if value is None else value}"
        for name, value in changes.items()
    )
    return _finish(
        seats,
        slots,
        less,
        summary=f"{french.count(len(slots), 'séance')} : {words}"
        + (f". Motif : {reason.strip()}" if reason.strip() else ""),
        now=now,
        actor=actor,
    )


def change_capacity(*, slot_id: int, capacity: int, now: datetime, actor: Actor) -> Slot:
    """Set the places of one slot (`change_places`)."""
    change_places(slot_ids=[slot_id], changes={"capacity": capacity}, now=now, actor=actor)
    return Slot.objects.get(pk=slot_id)


@transaction.atomic
def apply_offering(
    *, offering_id: int, first: date, last: date, now: datetime, actor: Actor
) -> Adjusted:
    """Give the slots of an offering between two days the places, groups (and the age that parts
    them), supervision and sharing that the offering now says; what was set by hand for a day is
    set again."""
    offering = get_offering(offering_id)
    if offering is None or last < first:
        raise BookingRefused("Choisissez une ouverture et des dates dans l’ordre.")
    of_pattern = {
        (p.product_id, p.period_kind, p.weekday): p.capacity for p in patterns_of([offering_id])
    }
    young, old = supervision_ratios([offering_id])[offering_id]
    town = get_terms().age_cut
    cuts = age_cuts([offering_id], town=town)
    found = Slot.objects.filter(offering=offering_id, day__range=(first, last))
    seats = Seats(found.values_list("pk", flat=True), now)
    slots = [slot for slot in seats.asked.values() if slot.status == SlotStatus.OPEN]
    # Shared again from what the slots say; their own limits come from the offering.
    seats.pools.clear()
    less = 0
    for slot in slots:
        own = of_pattern.get((slot.product_id, slot.period_kind, slot.day.weekday()))
        slot.capacity = offering.capacity if own is None else own
        slot.young_capacity, slot.old_capacity = offering.young_capacity, offering.old_capacity
        slot.adults, slot.young_per_adult, slot.old_per_adult = offering.adults, young, old
        less += _keep(slot, [], offering.kept)
    _regroup(slots, {slot.pk: cuts.get((offering_id, slot.product_id), town) for slot in slots})
    Pool.objects.filter(offering=offering_id, day__range=(first, last)).delete()
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(shares=False)
    _write(seats, slots, [])
    share_places(offering_ids=[offering_id], first=first, last=last)
    # Read again what they share before the freed places are offered.
    seats = Seats([slot.pk for slot in slots], now)
    return _finish(
        seats,
        list(seats.asked.values()),
        less,
        summary=f"{offering} : places, groupes et encadrement appliqués à "
        f"{french.count(len(slots), 'séance')} {french.period(first, last)}",
        now=now,
        actor=actor,
    )


def _regroup(slots: list[Slot], cuts: Mapping[int, int]) -> None:
    """Count the children of slots at another age. Under their locks; `_write` keeps the counts."""
    changed = [slot for slot in slots if cuts[slot.pk] != slot.age_cut]
    if not changed:
        return
    for slot in changed:
        slot.age_cut = cuts[slot.pk]
    with connection.cursor() as cursor:
        cursor.execute(_REGROUP, [[s.pk for s in changed], [s.age_cut for s in changed]])
        young = dict(cursor.fetchall())
    for slot in changed:
        slot.young_taken = young.get(slot.pk, 0)


def _check(changes: Mapping[str, int | None]) -> None:
    for name, value in changes.items():
        if name not in FIELDS:
            raise BookingRefused("Ce réglage n’existe pas.")
        if value is None and name in ("capacity", "kept", "shared"):
            raise BookingRefused(f"Écrivez un nombre : {FIELDS[name]}.")
        if value is not None and not 0 <= value <= MOST:
            raise BookingRefused("Écrivez un nombre de places entre 0 et 9 999.")


def _keep(slot: Slot, pools: list[Pool], wanted: int) -> bool:
    """Keep places back, as many as are free; whether that is less than wanted."""
    free = slot.capacity - slot.taken
    for pool in pools:
        free = min(free, pool.capacity - pool.taken - (pool.kept - slot.kept))
    kept = min(wanted, max(free, 0))
    # Never more than it had when nothing is free: the database would refuse it.
    for pool in pools:
        pool.kept += kept - slot.kept
    slot.kept = kept
    return kept < wanted


def _write(seats: Seats, slots: list[Slot], pools: list[Pool]) -> None:
    # The pools first: their places must be there before the slots keep some of them. What they
    # keep follows by trigger.
    if pools:
        Pool.objects.bulk_update(
            pools, ("capacity", "young_capacity", "old_capacity", "adults"), batch_size=500
        )
    Slot.objects.bulk_update(slots, (*_ALL, *_GROUPED), batch_size=500)


def _finish(
    seats: Seats, slots: list[Slot], less: int, *, summary: str, now: datetime, actor: Actor
) -> Adjusted:
    seats.settle()
    seats.save()
    pools = {pool.pk: pool for found in seats.pools.values() for pool in found}
    crowded = {pk for pk, pool in pools.items() if pool.is_over}
    over = sum(
        slot.is_over or any(pool.pk in crowded for pool in seats.pools.get(slot.pk, ()))
        for slot in slots
    )
    record(
        actor=actor,
        now=now,
        action="bookings.change_places",
        summary=summary,
        object_type="bookings.Slot",
        object_id=slots[0].pk if len(slots) == 1 else None,
        data={"slots": [slot.pk for slot in slots][:500]},
    )
    tell_offers(seats.offered, now=now)
    return Adjusted(len(slots), over, less, len(seats.offered))
