from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0005_age_cut"),
    ]

    operations = [
        migrations.AlterField(
            model_name="offering",
            name="supervision",
            field=models.CharField(
                choices=[
                    ("NONE", "sans règle"),
                    ("HOLIDAYS", "vacances\xa0: 8 enfants de moins de 6 ans, 12 au-delà"),
                    (
                        "TERM",
                        "temps scolaire, mercredi compris\xa0: 10 et 14\u202f; 8 et 12 au-delà de 5 heures",
                    ),
                    (
                        "TERM_PEDT",
                        "temps scolaire avec un PEDT\xa0: 14 et 18\u202f; 10 et 14 au-delà de 5 heures",
                    ),
                    ("OWN", "nombres de la ville"),
                ],
                default="NONE",
                max_length=10,
                verbose_name="encadrement",
            ),
        ),
        migrations.AlterConstraint(
            model_name="offering",
            name="offering_unique",
            constraint=models.UniqueConstraint(
                fields=("activity", "establishment", "school_year", "label"),
                name="offering_unique",
                violation_error_message="Déjà ouverte sur ce site\xa0: précisez en quoi elle diffère.",
            ),
        ),
    ]
