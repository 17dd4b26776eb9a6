"""Which household pays a day of a child who has two homes: the one that has it that day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from preau.billing.charges import FamilyCharges
from preau.billing.days import ChargeDay
from preau.billing.stretches import Stretch, days_of
from preau.families.custody import children_with_two_homes, households_on

Homes = dict[int, dict[date, int]]


def follow_custody(
    found: dict[int, FamilyCharges], *, first: date, last: date
) -> dict[int, FamilyCharges]:
    """Give each day of a shared child to the household that has it, whoever booked it.

    A day on which the calendar names nobody stays with who booked it.
    """
    shared = children_with_two_homes(first, last)
    if not shared:
        return found
    met = {child for charges in found.values() for child in charges.child_ids()} & shared
    if not met:
        return found
    homes = households_on(met, first, last)
    result: dict[int, FamilyCharges] = defaultdict(FamilyCharges)
    for family_id, charges in found.items():
        mine = result[family_id]
        for stretch in charges.stretches:
            if stretch.child_id not in met:
                mine.stretches.append(stretch)
                continue
            for payer, part in _split(stretch, homes):
                result[payer].stretches.append(part)
        for day in charges.days:
            payer = _payer(day, homes) if day.child_id in met else family_id
            result[payer].days.append(day if payer == family_id else replace(day, family_id=payer))
    return {
        family_id: charges
        for family_id, charges in sorted(result.items())
        if charges.stretches or charges.days
    }


def _payer(day: ChargeDay, homes: Homes) -> int:
    return homes.get(day.child_id, {}).get(day.day, day.family_id)


def _split(stretch: Stretch, homes: Homes) -> Iterable[tuple[int, Stretch]]:
    calendar = homes.get(stretch.child_id, {})
    parts: dict[int, list[tuple[date, int]]] = defaultdict(list)
    for slot_id, day in zip(stretch.days.slot_ids, stretch.days.days, strict=True):
        parts[calendar.get(day, stretch.family_id)].append((day, slot_id))
    for payer, pairs in parts.items():
        days = days_of(stretch.days.offer, pairs)
        unseen = stretch.unseen.intersection(days.slot_ids)
        yield payer, Stretch(payer, stretch.child_id, days, unseen)
