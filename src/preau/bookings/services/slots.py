"""Slots with the names that people and rules give them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time as clock

from preau.bookings import rates
from preau.bookings.models import Slot
from preau.bookings.pricing import Service
from preau.catalogue.queries import read_offering_names as _read_names


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """A slot with the names that people and rules give it; `product_name` is empty when the
    activity has one product only."""

    slot: Slot
    service: Service
    activity_name: str
    product_name: str
    activity_id: int

    @property
    def span(self) -> tuple[clock, clock]:
        return (self.slot.starts_at, self.slot.ends_at)


# The names of an offering hardly change: each process keeps them half a minute.
_Names = tuple[str, str, int, str]
_kept: dict[int, _Names] = {}
_kept_at = 0.0


def _offering_names(slots: Iterable[Slot]) -> dict[int, _Names]:
    """By offering: slug, name and id of its activity, slug of its site."""
    global _kept, _kept_at
    now = time.monotonic()
    if now - _kept_at >= rates.KEEP_SECONDS:
        _kept, _kept_at = {}, now
    kept = _kept
    wanted = {slot.offering_id for slot in slots}
    unknown = [pk for pk in wanted if pk not in kept]
    if unknown:
        kept |= {row[0]: row[1:] for row in _read_names(unknown)}
    return {pk: kept[pk] for pk in wanted}


def slot_facts(slots: Iterable[Slot]) -> dict[int, SlotFacts]:
    """The slots with their names; one query for the offerings that this process does not know."""
    rows = list(slots)
    names = _offering_names(rows)
    found = {}
    for slot in rows:
        activity, activity_name, activity_id, site = names[slot.offering_id]
        products = rates.products_of_activity(activity_id)
        if slot.product_id not in products:  # a product of this minute
            rates.forget_rates()
            products = rates.products_of_activity(activity_id)
        product = products[slot.product_id]
        found[slot.pk] = SlotFacts(
            slot=slot,
            service=Service(
                activity=activity,
                product=product.slug,
                day=slot.day,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                site=site,
            ),
            activity_name=activity_name,
            product_name=product.name if len(products) > 1 else "",
            activity_id=activity_id,
        )
    return found
