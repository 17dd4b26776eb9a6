"""Slots with the names that people and rules give them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from preau.bookings.models import Slot
from preau.bookings.pricing import Service
from preau.bookings.rates import products_of_activity
from preau.kernel.kept import Kept


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
    def span(self) -> tuple[time, time]:
        return (self.slot.starts_at, self.slot.ends_at)


_read_names = Kept(
    lambda slot_ids: Slot.objects.filter(pk__any_of=slot_ids).values_list(
        "pk",
        "offering__activity__slug",
        "product__slug",
        "offering__activity__name",
        "product__name",
        "offering__activity_id",
        "offering__establishment__slug",
    )
)


def slot_facts(slots: Iterable[Slot]) -> dict[int, SlotFacts]:
    """The slots with their names, in one query."""
    rows = list(slots)
    names = {row[0]: row[1:] for row in _read_names([slot.pk for slot in rows])}
    return {
        slot.pk: SlotFacts(
            slot=slot,
            service=Service(
                activity=names[slot.pk][0],
                product=names[slot.pk][1],
                day=slot.day,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                site=names[slot.pk][5],
            ),
            activity_name=names[slot.pk][2],
            product_name=(
                names[slot.pk][3] if len(products_of_activity(names[slot.pk][4])) > 1 else ""
            ),
            activity_id=names[slot.pk][4],
        )
        for slot in rows
    }
