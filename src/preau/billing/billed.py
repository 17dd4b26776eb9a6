"""The days that were billed, from the lines that bill them."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

BILLED = """
SELECT line.id, line.label, line.child_id, line.activity_id, invoice.id, invoice.number,
    slot.id, slot.day, activity.slug, activity.name, product.slug, product.name,
    establishment.name, coalesce(told.one ->> 'note', ''),
    CASE WHEN told.one ->> 'state' = 'free' THEN 0 ELSE line.unit_cents END,
    line.quantity * line.unit_cents, line.amount_cents
FROM billing_invoice invoice
JOIN billing_invoiceline line ON line.invoice_id = invoice.id
JOIN bookings_slot slot ON slot.id = ANY(line.slot_ids)
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
JOIN catalogue_product product ON product.id = slot.product_id
JOIN catalogue_establishment establishment ON establishment.id = offering.establishment_id
LEFT JOIN LATERAL (
    SELECT one FROM jsonb_array_elements(line.dates) AS dates (one)
    WHERE one ->> 'day' = slot.day::text LIMIT 1
) told ON true
WHERE invoice.family_id = %(family)s AND invoice.kind = 'INVOICE'
    AND invoice.month >= date_trunc('month', %(since)s)::date
    AND slot.day BETWEEN %(since)s AND %(until)s
ORDER BY invoice.id, line.id, slot.day
"""


@dataclass(frozen=True, slots=True)
class Billed:
    """One slot of one child on an issued invoice, and what was asked for it, in cents."""

    line_id: int
    label: str
    child_id: int
    activity_id: int
    invoice_id: int
    number: str
    slot_id: int
    day: date
    activity: str
    activity_name: str
    product: str
    product_name: str
    site: str
    note: str
    cents: int
    # Of the whole line: before and after what third parties pay.
    line_gross: int
    line_cents: int


def billed_days(*, family_id: int, since: date, until: date) -> list[Billed]:
    """The family's billed days of a period, invoice by invoice; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(BILLED, {"family": family_id, "since": since, "until": until})
        return [Billed(*row) for row in cursor.fetchall()]
