"""What looks wrong to a careful eye, before anything is issued: all counted, some told."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

KEPT_PER_KIND = 300
"""For the export; the page shows the first ones."""


@dataclass(slots=True)
class Anomaly:
    """One of them, in French."""

    kind: str
    family_id: int | None
    child_id: int | None
    text: str


@dataclass(slots=True)
class Anomalies:
    """A city may have a hundred thousand: each is counted, the first of each kind are written."""

    counts: Counter[str] = field(default_factory=Counter)
    told: list[Anomaly] = field(default_factory=list)

    def has_enough(self, kind: str) -> bool:
        """Whether those to come need no sentence: they are only counted."""
        return self.counts[kind] >= KEPT_PER_KIND

    def say(
        self, kind: str, family_id: int | None, child_id: int | None, tell: Callable[[], str]
    ) -> None:
        """Count one; `tell` writes its sentence when it is to be shown."""
        self.counts[kind] += 1
        if self.counts[kind] <= KEPT_PER_KIND:
            self.told.append(Anomaly(kind, family_id, child_id, tell()))
