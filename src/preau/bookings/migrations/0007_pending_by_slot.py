from django.db import migrations, models
from django.db.models import PROTECT, ForeignKey


class Migration(migrations.Migration):
    dependencies = [("bookings", "0006_fewer_indexes")]

    operations = [
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(
                condition=models.Q(("status__in", ["WAITING", "OFFERED"])),
                fields=["slot"],
                name="booking_pending",
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="family",
            field=ForeignKey(
                db_index=False, on_delete=PROTECT, related_name="+", to="families.family"
            ),
        ),
    ]
