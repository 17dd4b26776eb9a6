"""Those who waited before there were points: a number, their wish in its own row, complete."""

from django.db import migrations

from preau.kernel.codes import random_code


def fill(apps, schema_editor):
    rows = apps.get_model("childcare", "Preregistration").objects
    wishes = apps.get_model("childcare", "Wish").objects
    for row in rows.filter(number__isnull=True).iterator():
        row.number = f"P-{random_code(6)}"
        row.unlocked_at = row.created_at
        row.week = [[480, 480 + value] if value else None for value in row.weekly_minutes]
        row.save(update_fields=["number", "unlocked_at", "week"])
        if row.establishment_id:
            wishes.get_or_create(
                preregistration_id=row.pk,
                rank=1,
                defaults={"establishment_id": row.establishment_id},
            )


class Migration(migrations.Migration):
    dependencies = [("childcare", "0002_sections_points_contracts_hours")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
