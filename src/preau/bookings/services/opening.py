"""Opening slots from the weekly patterns and the calendar."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction

from preau.audit.services import record
from preau.bookings.models import Slot
from preau.bookings.services.sharing import share_places
from preau.bookings.services.terms import get_terms
from preau.catalogue.queries import (
    age_cuts,
    day_calendar,
    sharing_offerings,
    supervision_ratios,
)
from preau.kernel.actors import Actor

# One statement whatever the number of slots; what is open already is left as it is.
_OPEN = """
INSERT INTO bookings_slot (offering_id, product_id, day, starts_at, ends_at, period_kind, capacity,
                           kept, young_capacity, old_capacity, adults, young_per_adult,
                           old_per_adult, age_cut, taken, young_taken, shares, last_ordinal,
                           status, cancelled_reason)
SELECT o.id, p.product_id, d.day, pr.starts_at, pr.ends_at, d.period_kind,
       coalesce(p.capacity, o.capacity), least(o.kept, coalesce(p.capacity, o.capacity)),
       o.young_capacity, o.old_capacity, o.adults, r.young, r.old,
       coalesce(g.cut, %(town)s), 0, 0, false, 0, 'OPEN', ''
FROM catalogue_weeklypattern p
JOIN catalogue_offering o ON o.id = p.offering_id
JOIN catalogue_product pr ON pr.id = p.product_id
JOIN unnest(%(days)s::date[], %(weekdays)s::int[], %(kinds)s::text[])
     AS d(day, weekday, period_kind)
  ON d.weekday = p.weekday AND d.period_kind = p.period_kind
LEFT JOIN unnest(%(ratio_offerings)s::bigint[], %(young)s::int[], %(old)s::int[])
     AS r(offering_id, young, old) ON r.offering_id = o.id
LEFT JOIN unnest(%(cut_offerings)s::bigint[], %(cut_products)s::bigint[], %(cuts)s::int[])
     AS g(offering_id, product_id, cut) ON g.offering_id = o.id AND g.product_id = p.product_id
WHERE o.id = ANY(%(offerings)s) AND d.day BETWEEN o.starts_on AND o.ends_on
  AND NOT EXISTS (SELECT 1 FROM catalogue_closedday c WHERE c.day = d.day
                  AND (c.establishment_id IS NULL OR c.establishment_id = o.establishment_id))
ORDER BY d.day, o.id, p.product_id
ON CONFLICT (offering_id, product_id, day) DO NOTHING
"""


def lock_slots_of(offering_ids: Iterable[int], first: date, last: date) -> list[Slot]:
    """Lock every slot of these offerings between two days."""
    found = Slot.objects.filter(offering__in=list(offering_ids), day__range=(first, last))
    return list(found.select_for_update(of=("self",), no_key=True).order_by("pk"))


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
    ratios = supervision_ratios(ids)
    town = get_terms().age_cut
    cuts = age_cuts(ids, town=town)
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "ratio_offerings": list(ratios),
                "young": [young for young, _ in ratios.values()],
                "old": [old for _, old in ratios.values()],
                "town": town,
                "cut_offerings": [offering for offering, _ in cuts],
                "cut_products": [product for _, product in cuts],
                "cuts": list(cuts.values()),
                "days": [day for day, _, _ in days],
                "weekdays": [weekday for _, weekday, _ in days],
                "kinds": [str(kind) for _, _, kind in days],
                "offerings": ids,
            },
        )
        opened: int = cursor.rowcount
    if opened:
        sharing = sharing_offerings(ids)
        if sharing:
            lock_slots_of(sharing, first, last)
            share_places(offering_ids=sharing, first=first, last=last)
        record(
            actor=actor,
            now=now,
            action="bookings.open_slots",
            summary=f"{opened} séances ouvertes du {first:%d/%m/%Y} au {last:%d/%m/%Y}",
            data={"offerings": ids},
        )
    return opened
