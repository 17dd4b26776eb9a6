"""A receipt says for ever which invoices it paid at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_transfers_account")]

    operations = [
        migrations.AddField(
            model_name="counterpayment",
            name="settles",
            field=models.JSONField(default=dict),
        ),
    ]
