"""One day to bill, with all that its price may depend on."""

from dataclasses import dataclass, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ChargeDay:
    """One day of one child on one slot, to be priced. `status`: CONFIRMED, CANCELLED, WALK_IN."""

    family_id: int
    child_id: int
    slot_id: int
    day: date
    status: str
    activity_id: int
    activity: str
    activity_name: str
    product: str
    product_name: str
    unit_name: str
    unit_plural: str
    site: str
    surcharge_cents: int
    decision_sentence: str
    presence: str | None
    arrived_at: datetime | None
    left_at: datetime | None
    is_justified: bool | None
    absence_reason: str | None
    absence_status: str | None
    absence_from: date | None
    absence_until: date | None
    reported_at: datetime | None
    document_at: datetime | None

    @property
    def is_absent(self) -> bool:
        """The site saw that the child did not come, or the family said so and nobody saw it."""
        if self.status != "CONFIRMED":
            return False
        return self.presence == "ABSENT" or (
            self.presence is None and self.absence_status is not None
        )

    def of_family(self, family_id: int) -> "ChargeDay":
        """The same day, paid by another household."""
        return self if family_id == self.family_id else replace(self, family_id=family_id)
