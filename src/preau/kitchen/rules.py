"""Counting meals and telling what changed: pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from preau.kernel.clock import at_paris
from preau.kitchen.enums import AgeBand, Plate

Counts = dict[str, dict[str, int]]


@dataclass(slots=True)
class Meals:
    """The meals of one site on one day, as they stand."""

    counts: Counts = field(
        default_factory=lambda: {band: dict.fromkeys(Plate.values, 0) for band in AgeBand.values}
    )
    allergens: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(sum(plates.values()) for plates in self.counts.values())

    def add(self, *, is_young: bool, plate: str, allergens: Iterable[str] = ()) -> None:
        """One more child."""
        self.counts[AgeBand.YOUNG if is_young else AgeBand.OLD][plate] += 1
        for allergen in allergens:
            self.allergens[allergen] = self.allergens.get(allergen, 0) + 1


@dataclass(frozen=True, slots=True)
class Difference:
    """«6 ans et plus, sans porc : 12 → 13»."""

    band: str
    plate: str
    before: int
    after: int

    @property
    def delta(self) -> int:
        return self.after - self.before

    @property
    def words(self) -> str:
        """The line as the kitchen reads it, with the sign of the change."""
        band, plate = AgeBand(self.band).label, Plate(self.plate).label
        return f"{band}, {plate} : {self.before} → {self.after} ({self.delta:+d})"


def differences(before: Mapping[str, Mapping[str, int]], after: Counts) -> list[Difference]:
    """What changed between two counts, in the order of the sheet."""
    return [
        Difference(band, plate, old, new)
        for band in AgeBand.values
        for plate in Plate.values
        if (old := before.get(band, {}).get(plate, 0)) != (new := after[band][plate])
    ]


def cut_off(day: date, *, days_before: int, hour: time, served: Iterable[date]) -> datetime:
    """When the meals of a day are fixed: an hour of the n-th day of service before it.

    `served`: the days on which the kitchen works, around the day. Where none is known, weekdays.
    """
    if days_before == 0:
        return at_paris(day, hour)
    before = sorted({d for d in served if d < day}, reverse=True)
    if len(before) >= days_before:
        return at_paris(before[days_before - 1], hour)
    left, found = days_before, day
    while left:
        found -= timedelta(days=1)
        left -= found.weekday() < 5
    return at_paris(found, hour)
