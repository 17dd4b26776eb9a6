"""Opening slots from the weekly patterns and the calendar."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction

from preau.audit.services import record
from preau.catalogue.queries import day_calendar
from preau.kernel.actors import Actor

# One statement whatever the number of slots; what is open already is left as it is.
_OPEN = """
INSERT INTO bookings_slot (offering_id, product_id, day, starts_at, ends_at, period_kind, capacity,
                           taken, last_ordinal, status, cancelled_reason)
SELECT o.id, p.product_id, d.day, pr.starts_at, pr.ends_at, d.period_kind,
       coalesce(p.capacity, o.capacity), 0, 0, 'OPEN', ''
FROM catalogue_weeklypattern p
JOIN catalogue_offering o ON o.id = p.offering_id
JOIN catalogue_product pr ON pr.id = p.product_id
JOIN unnest(%(days)s::date[], %(weekdays)s::int[], %(kinds)s::text[])
     AS d(day, weekday, period_kind)
  ON d.weekday = p.weekday AND d.period_kind = p.period_kind
WHERE o.id = ANY(%(offerings)s) AND d.day BETWEEN o.starts_on AND o.ends_on
  AND NOT EXISTS (SELECT 1 FROM catalogue_closedday c WHERE c.day = d.day
                  AND (c.establishment_id IS NULL OR c.establishment_id = o.establishment_id))
ORDER BY d.day, o.id, p.product_id
ON CONFLICT (offering_id, product_id, day) DO NOTHING
"""


@transaction.atomic
def open_slots(
    *, offering_ids: Iterable[int], first: date, last: date, now: datetime, actor: Actor
) -> int:
    """Open the slots that the weekly patterns give from `first` to `last`, both included.

    Closed days (the town's or the establishment's) get none. Returns how many were opened;
    asked again, it opens only what is missing.
    """
    ids = sorted(set(offering_ids))
    days = [
        (day, day.weekday(), info.pattern_kind)
        for day, info in sorted(day_calendar(first, last).items())
        if info.is_open
    ]
    if not ids or not days:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "days": [day for day, _, _ in days],
                "weekdays": [weekday for _, weekday, _ in days],
                "kinds": [str(kind) for _, _, kind in days],
                "offerings": ids,
            },
        )
        opened: int = cursor.rowcount
    if opened:
        record(
            actor=actor,
            now=now,
            action="bookings.open_slots",
            summary=f"{opened} séances ouvertes du {first:%d/%m/%Y} au {last:%d/%m/%Y}",
            data={"offerings": ids},
        )
    return opened
