"""Ordinary days, many at once: booked, held, nothing to say. Nearly all the days of a month.

The days of one child at one place are read as one row, and priced as one when nothing that the
rules read moves between the first and the last. Children who come on the same days share them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from preau.billing.days import ChargeDay


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered where: an activity, its product, a site."""

    activity_id: int
    activity: str
    activity_name: str
    product: str
    product_name: str
    unit_name: str
    unit_plural: str
    site: str


@dataclass(frozen=True, slots=True)
class SlotDay:
    """One slot of an offer."""

    offer: Offer
    day: date


@dataclass(eq=False)
class Days:
    """Some slots of one offer, in order. `text` is the array as PostgreSQL writes it."""

    text: str
    slot_ids: tuple[int, ...]
    days: tuple[date, ...]
    offer: Offer

    def __len__(self) -> int:
        return len(self.days)

    @property
    def first(self) -> date:
        return self.days[0]

    @property
    def last(self) -> date:
        return self.days[-1]

    @cached_property
    def dates_json(self) -> str:
        """The dates as an invoice line keeps them; written once for all who share them."""
        return "[" + ", ".join(_DATE % day.isoformat() for day in self.days) + "]"


_DATE = '{"day": "%s", "note": "", "state": ""}'


@dataclass(slots=True, eq=False)
class Stretch:
    """Days of one child. `is_seen`: their sheets were kept, and the child came."""

    family_id: int
    child_id: int
    is_seen: bool
    days: Days

    def one_by_one(self) -> Iterator[ChargeDay]:
        """The same days, each for itself."""
        offer = self.days.offer
        for slot_id, day in zip(self.days.slot_ids, self.days.days, strict=True):
            yield ChargeDay(
                self.family_id,
                self.child_id,
                slot_id,
                day,
                "CONFIRMED",
                offer.activity_id,
                offer.activity,
                offer.activity_name,
                offer.product,
                offer.product_name,
                offer.unit_name,
                offer.unit_plural,
                offer.site,
                0,
                "",
                "PRESENT" if self.is_seen else None,
                *(None,) * 9,
            )


@dataclass
class Calendar:
    """The slots of a period, and the sets of days met so far."""

    slots: Mapping[int, SlotDay]
    _met: dict[str, Days] = field(default_factory=dict)

    def days(self, text: str) -> Days:
        """The slots of an array as PostgreSQL writes it, «{12,15}»."""
        found = self._met.get(text)
        if found is None:
            slot_ids = tuple(map(int, text[1:-1].split(",")))
            slots = [self.slots[slot_id] for slot_id in slot_ids]
            found = self._met[text] = Days(
                text, slot_ids, tuple(slot.day for slot in slots), slots[0].offer
            )
        return found
