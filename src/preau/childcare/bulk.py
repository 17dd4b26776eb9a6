"""Hours kept elsewhere, many at once: a take-over, the demo town. One statement."""

from collections.abc import Iterable
from datetime import date, datetime

from preau.childcare.enums import PunchSource
from preau.childcare.models import Presence

BATCH = 2_000


def record_hours(rows: Iterable[tuple[int, date, datetime, datetime, PunchSource]]) -> int:
    """(contract id, day, arrival, departure, source): how many were added; none is replaced."""
    found = Presence.objects.bulk_create(
        [
            Presence(
                contract_id=contract_id,
                day=day,
                arrived_at=arrived,
                left_at=left,
                arrived_by=source,
                left_by=source,
            )
            for contract_id, day, arrived, left, source in rows
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return len(found)
