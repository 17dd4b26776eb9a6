"""What the database itself refuses of the ledger, whoever writes.

A movement is checked once, when its transaction commits, rather than each time that a line joins
it; so a line may only join a movement of its own transaction.
"""

import pgtrigger

MOVEMENT_STAMP = pgtrigger.Trigger(
    name="stamp_transaction",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="NEW.transaction_id = pg_current_xact_id()::text::bigint; RETURN NEW;",
)

MOVEMENT_BALANCED = pgtrigger.Trigger(
    name="sums_to_zero",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    timing=pgtrigger.Deferred,
    declare=[("total", "bigint"), ("many", "bigint")],
    func="""
        SELECT sum(amount_cents), count(*) INTO total, many
        FROM billing_ledgerline WHERE movement_id = NEW.id;
        IF many < 2 OR total <> 0 THEN
            RAISE EXCEPTION 'preau: movement % has % lines and sums to %', NEW.id, many, total
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """,
)

LINE_JOINS_OWN_TRANSACTION = pgtrigger.Trigger(
    name="joins_own_transaction",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="new_lines"),
    func="""
        IF EXISTS (
            SELECT FROM new_lines
            JOIN billing_movement ON billing_movement.id = new_lines.movement_id
            LEFT JOIN billing_familyaccount
                ON billing_familyaccount.id = new_lines.family_account_id
            LEFT JOIN billing_thirdpartyaccount
                ON billing_thirdpartyaccount.id = new_lines.third_party_account_id
            WHERE billing_movement.transaction_id <> pg_current_xact_id()::text::bigint
                OR billing_familyaccount.cash_office_id <> billing_movement.cash_office_id
                OR billing_thirdpartyaccount.cash_office_id <> billing_movement.cash_office_id
        ) THEN
            RAISE EXCEPTION 'preau: a line joins a movement of its transaction and cash office'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """,
)

CREDIT_NEVER_CROSSES = pgtrigger.Trigger(
    name="credit_never_crosses",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="new_rows"),
    func="""
        IF EXISTS (
            SELECT FROM new_rows
            JOIN billing_movement movement ON movement.id = new_rows.movement_id
            JOIN billing_invoice invoice ON invoice.id = new_rows.invoice_id
            WHERE invoice.cash_office_id <> movement.cash_office_id
        ) THEN
            RAISE EXCEPTION 'preau: what a cash office received pays its own invoices alone'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """,
)

SLOT_BILLED_ONCE = pgtrigger.Trigger(
    name="slot_billed_once",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    referencing=pgtrigger.Referencing(new="new_lines"),
    func="""
        IF NOT EXISTS (SELECT FROM new_lines WHERE slot_ids <> '{}') THEN
            RETURN NULL;
        END IF;
        -- One writer at a time for a cash office: what the others wrote is then in sight.
        PERFORM FROM billing_cashoffice WHERE id IN (
            SELECT invoice.cash_office_id FROM new_lines
            JOIN billing_invoice invoice ON invoice.id = new_lines.invoice_id
        ) ORDER BY id FOR NO KEY UPDATE;
        -- A run looks three months back: a slot's lines are never further apart than that.
        IF EXISTS (
            SELECT FROM new_lines
            JOIN billing_invoice invoice ON invoice.id = new_lines.invoice_id
            JOIN billing_invoice other_invoice
                ON other_invoice.family_id = invoice.family_id
                AND other_invoice.cash_office_id = invoice.cash_office_id
                AND other_invoice.month >= invoice.month - 200
                AND other_invoice.month <= invoice.month + 200
            JOIN billing_invoiceline other
                ON other.invoice_id = other_invoice.id AND other.child_id = new_lines.child_id
                AND other.id <> new_lines.id AND other.slot_ids && new_lines.slot_ids
            WHERE new_lines.slot_ids <> '{}'
        ) THEN
            RAISE EXCEPTION 'preau: a slot is billed once for a child and a payer'
                USING ERRCODE = 'unique_violation';
        END IF;
        RETURN NULL;
    """,
)
