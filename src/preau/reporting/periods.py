"""Between which days, and where: what every figure asks first."""

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """Two days, both included; sites (None: everywhere); one activity, or all."""

    first: date
    last: date
    establishment_ids: tuple[int, ...] | None = None
    activity_id: int | None = None

    def values(self) -> dict[str, Any]:
        """As the statements of this room name them."""
        sites = self.establishment_ids
        return {
            "first": self.first,
            "last": self.last,
            "everywhere": sites is None,
            "sites": list(sites or ()),
            "activity": self.activity_id or 0,
        }
