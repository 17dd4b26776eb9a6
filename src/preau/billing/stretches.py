"""Ordinary days, many at once: booked, held, nothing to say. Nearly all the days of a month.

The days of one child at one place are read as one row, and priced as one when nothing that the
rules read moves between the first and the last. Children who come on the same days share them.
"""

from collections.abc import Iterable, Iterator, Mapping
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
    """Days of one child. `unseen`: those whose sheet was not kept; the child came the others."""

    family_id: int
    child_id: int
    days: Days
    unseen: frozenset[int] = frozenset()

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
                None if slot_id in self.unseen else "PRESENT",
                *(None,) * 9,
            )


def days_of(offer: Offer, pairs: Iterable[tuple[date, int]]) -> Days:
    """(day, slot) of one offer, put in order."""
    ordered = sorted(pairs)
    slot_ids = tuple(slot_id for _day, slot_id in ordered)
    array = f"{{{','.join(map(str, slot_ids))}}}"
    return Days(array, slot_ids, tuple(day for day, _slot_id in ordered), offer)


@dataclass
class Calendar:
    """The slots of a period, and the sets of days met so far.

    Days before `month` are never grouped with those of the month.
    """

    slots: Mapping[int, SlotDay]
    month: date
    _met: dict[tuple[str, str | None], tuple[tuple[Days, frozenset[int]], ...]] = field(
        default_factory=dict
    )

    def days(self, text: str, unseen: str | None) -> tuple[tuple[Days, frozenset[int]], ...]:
        """The slots of an array as PostgreSQL writes it, «{12,15}»: offer by offer, each with
        those of its slots that are `unseen`."""
        found = self._met.get((text, unseen))
        if found is None:
            found = self._met[text, unseen] = self._split(text, unseen)
        return found

    def _split(self, text: str, unseen: str | None) -> tuple[tuple[Days, frozenset[int]], ...]:
        groups: dict[tuple[bool, Offer], list[tuple[date, int]]] = {}
        for slot_id in _read(text):
            slot = self.slots[slot_id]
            key = (slot.day < self.month, slot.offer)
            groups.setdefault(key, []).append((slot.day, slot_id))
        missing = frozenset(_read(unseen or "{}"))
        found = [days_of(offer, pairs) for (_late, offer), pairs in groups.items()]
        found.sort(key=lambda days: (days.offer.activity_id, days.offer.product, days.first))
        return tuple((days, missing.intersection(days.slot_ids)) for days in found)


def _read(array: str) -> list[int]:
    return [int(slot_id) for slot_id in array[1:-1].split(",") if slot_id]
