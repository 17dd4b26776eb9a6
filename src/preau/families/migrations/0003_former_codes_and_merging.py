"""The codes of the software before Préau, and the rows found to be one and the same."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("families", "0002_search_and_letters")]

    operations = [
        migrations.AddField(
            model_name="family",
            name="former_code",
            field=models.CharField(
                blank=True, default="", max_length=40, verbose_name="ancien code"
            ),
        ),
        migrations.AddField(
            model_name="family",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="families.family",
            ),
        ),
        migrations.AddField(
            model_name="child",
            name="former_code",
            field=models.CharField(
                blank=True, default="", max_length=40, verbose_name="ancien code"
            ),
        ),
        migrations.AddField(
            model_name="child",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="families.child",
            ),
        ),
        migrations.AddConstraint(
            model_name="family",
            constraint=models.UniqueConstraint(
                condition=~models.Q(former_code=""),
                fields=["former_code"],
                name="family_former_code_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="child",
            constraint=models.UniqueConstraint(
                condition=~models.Q(former_code=""),
                fields=["former_code"],
                name="child_former_code_unique",
            ),
        ),
    ]
