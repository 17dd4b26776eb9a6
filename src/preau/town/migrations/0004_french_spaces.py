from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("town", "0003_access_limits"),
    ]

    operations = [
        migrations.AlterField(
            model_name="town",
            name="appeal_text",
            field=models.TextField(
                default="Vous pouvez contester cette décision dans les deux mois\xa0: par un recours gracieux adressé au maire, ou par un recours devant le tribunal administratif, par courrier ou sur le site Télérecours citoyens (www.telerecours.fr).",
                verbose_name="voies et délais de recours",
            ),
        ),
    ]
