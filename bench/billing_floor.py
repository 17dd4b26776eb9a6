"""The floor: the same invoices and lines by hand-written SQL, and nothing else.

It joins the bookings with the grid, groups them by child, product and price with their dates, and
inserts the invoices and lines into the very tables that the run writes, with their indexes,
triggers and foreign keys; then it takes them back. No rules, no sentences, no ledger.
"""

import time
from datetime import date

from django.db import connection, transaction

PRICES = """
CREATE TEMP TABLE price (activity text, above int, up_to int, cents int) ON COMMIT DROP;
INSERT INTO price VALUES
('cantine', -1, 40000, 100), ('cantine', 40000, 60000, 180), ('cantine', 60000, 80000, 260),
('cantine', 80000, 110000, 340), ('cantine', 110000, 150000, 420),
('cantine', 150000, 2000000000, 510), ('soir', -1, 60000, 80), ('soir', 60000, 110000, 160),
('soir', 110000, 2000000000, 240);
"""

GROUPED = """
CREATE TEMP TABLE grouped ON COMMIT DROP AS
SELECT booking.family_id, booking.child_id, activity.id AS activity_id,
    child.first_name || ', ' || activity.name AS label,
    product.unit_name || '|' || product.unit_plural AS unit, price.cents,
    count(*) AS quantity, sum(price.cents) AS amount,
    jsonb_agg(jsonb_build_object('day', slot.day, 'note', '', 'state', '') ORDER BY slot.day)
        AS dates
FROM bookings_booking booking
JOIN bookings_slot slot ON slot.id = booking.slot_id
JOIN catalogue_offering offering ON offering.id = slot.offering_id
JOIN catalogue_activity activity ON activity.id = offering.activity_id
JOIN catalogue_product product ON product.id = slot.product_id
JOIN families_child child ON child.id = booking.child_id
LEFT JOIN families_quotient quotient ON quotient.family_id = booking.family_id
JOIN price ON price.activity = activity.slug
    AND coalesce(quotient.value_cents, 1999999999) > price.above
    AND coalesce(quotient.value_cents, 1999999999) <= price.up_to
WHERE slot.day BETWEEN %(first)s AND %(last)s AND booking.status = 'CONFIRMED'
GROUP BY booking.family_id, booking.child_id, activity.id, child.first_name, product.id, price.cents
"""

INVOICES = """
CREATE TEMP TABLE numbered ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('billing_invoice', 'id')) AS id, family_id, total,
    row_number() OVER (ORDER BY family_id) AS rank
FROM (SELECT family_id, sum(amount) AS total FROM grouped GROUP BY family_id) AS one;
INSERT INTO billing_invoice (id, kind, cash_office_id, family_id, number, month, issued_on, due_on,
    total_cents, debtor, reason)
SELECT numbered.id, 'INVOICE', %(office)s, numbered.family_id,
    'BANC-2027-' || lpad(rank::text, 5, '0'), %(first)s, %(last)s, %(last)s, total,
    jsonb_build_object('name', guardian.first_name || ' ' || guardian.last_name), ''
FROM numbered JOIN families_guardian guardian
    ON guardian.family_id = numbered.family_id AND guardian.is_payer
"""

LINES = """
INSERT INTO billing_invoiceline (invoice_id, child_id, activity_id, label, unit_name, quantity,
    unit_cents, amount_cents, dates, explanation{more})
SELECT numbered.id, child_id, activity_id, label, unit, quantity, cents, amount, dates, '[]'{empty}
FROM grouped JOIN numbered ON numbered.family_id = grouped.family_id
"""


class _TakenBack(Exception):
    """Nothing of the floor stays."""


def floor(*, office_id: int, first: date, last: date) -> tuple[float, int, int]:
    """Seconds, invoices and cents. Deferred checks are paid for before everything is taken back."""
    known = {"office": office_id, "first": first, "last": last}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(PRICES)
            cursor.execute("ANALYZE price")
            start = time.perf_counter()
            cursor.execute(GROUPED, known)
            cursor.execute("ANALYZE grouped")
            cursor.execute(INVOICES, known)
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE "
                "table_name = 'billing_invoiceline' AND column_name = 'slot_ids'"
            )
            slots = cursor.fetchone() is not None
            cursor.execute(
                LINES.format(more=", slot_ids" if slots else "", empty=", '{}'" if slots else ""),
                known,
            )
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            seconds = time.perf_counter() - start
            cursor.execute("SELECT count(*), sum(total_cents) FROM billing_invoice")
            invoices, cents = cursor.fetchone()
            raise _TakenBack
    except _TakenBack:
        return seconds, invoices, int(cents)
