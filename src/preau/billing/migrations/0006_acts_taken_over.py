"""What the cash offices already allowed becomes the first version of their act; the till's balances
and the cheques already taken join their new tables."""

from django.db import migrations

ACTS = """
INSERT INTO billing_cashofficeact (
    cash_office_id, reference, signed_on, in_force_on, decision, activity_ids, means,
    deposit_days, float_cents, payment_days, allows_refunds, created_at, created_by
)
SELECT office.id, office.act_reference, '2000-01-01', '2000-01-01', '',
    ARRAY(
        SELECT activity_id FROM billing_activityaccounting
        WHERE cash_office_id = office.id ORDER BY 1
    ),
    ARRAY(SELECT jsonb_array_elements_text(office.means)) || ARRAY['ONLINE', 'DEBIT'],
    30, 0, office.payment_days, false, now(), 'Préau'
FROM billing_cashoffice office
"""

BALANCES = """
INSERT INTO billing_tillbalance (cash_office_id, account, balance_cents)
SELECT movement.cash_office_id, line.account, sum(line.amount_cents)
FROM billing_ledgerline line JOIN billing_movement movement ON movement.id = line.movement_id
WHERE line.account IN ('CASH', 'CHEQUE', 'CESU', 'ANCV')
GROUP BY 1, 2
"""

PARTS = """
INSERT INTO billing_counterpart (
    payment_id, means, amount_cents, reference, bank, drawer, on_invoices
)
SELECT id, means, amount_cents, cheque_number, '', cheque_drawer, '{}'
FROM billing_counterpayment WHERE voids_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_cash_offices_and_their_till")]

    operations = [
        migrations.RunSQL([ACTS, BALANCES, PARTS], migrations.RunSQL.noop),
    ]
