"""A nature of each product, kept on each line: what is issued no longer follows later changes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_what_a_receipt_settles"),
        ("catalogue", "0004_menu_allergens"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoiceline",
            name="accounting_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="function_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.CreateModel(
            name="ProductAccounting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("accounting_code", models.CharField(max_length=20, verbose_name="imputation")),
                (
                    "function_code",
                    models.CharField(blank=True, max_length=10, verbose_name="fonction"),
                ),
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="catalogue.product",
                    ),
                ),
            ],
            options={
                "verbose_name": "imputation d’un produit",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("accounting_code", ""), _negated=True),
                        name="product_accounting_says_what",
                    )
                ],
            },
        ),
        # What is issued is booked for good: under the one account that its movement names, where
        # there is one, else under its activity's. Issued lines are otherwise never changed.
        migrations.RunSQL(
            """
            ALTER TABLE billing_invoiceline DISABLE TRIGGER USER;
            UPDATE billing_invoiceline
            SET accounting_code = said.code, function_code = said.function
            FROM (
                SELECT line.id, coalesce(booked.code, accounting.accounting_code) AS code,
                    accounting.function_code AS function
                FROM billing_invoiceline line
                JOIN billing_activityaccounting accounting
                    ON accounting.activity_id = line.activity_id
                LEFT JOIN (
                    SELECT movement.source_id AS invoice_id, min(leg.accounting_code) AS code
                    FROM billing_movement movement
                    JOIN billing_ledgerline leg
                        ON leg.movement_id = movement.id AND leg.account = 'REVENUE'
                    WHERE movement.source_type = 'invoice'
                        AND movement.kind IN ('INVOICE', 'CREDIT_NOTE')
                    GROUP BY 1 HAVING min(leg.accounting_code) = max(leg.accounting_code)
                ) booked ON booked.invoice_id = line.invoice_id
            ) said
            WHERE said.id = billing_invoiceline.id;
            ALTER TABLE billing_invoiceline ENABLE TRIGGER USER;
            """,
            migrations.RunSQL.noop,
        ),
    ]
