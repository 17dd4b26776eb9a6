"""Meals counted for the kitchen: fixed at the cut-off, then told again when they change."""

from django.db import models
from django.db.models import Q

from preau.kernel.triggers import append_only


class KitchenSetting(models.Model):
    """When meals are fixed and to whom they are sent; one for the town, others for some sites."""

    # None: every site without a setting of its own.
    establishment = models.OneToOneField(
        "catalogue.Establishment", models.CASCADE, null=True, related_name="+"
    )
    emails = models.JSONField("destinataires", default=list)
    # School days before the meal, and at what time of that day.
    days_before = models.PositiveSmallIntegerField("jours ouvrés avant", default=1)
    hour_at = models.TimeField("heure limite")
    is_active = models.BooleanField("envoi automatique", default=True)

    class Meta:
        verbose_name = "envoi à la cuisine"
        constraints = [
            models.UniqueConstraint(
                fields=["establishment"],
                name="kitchen_setting_for_the_town_once",
                condition=Q(establishment__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(days_before__lte=10), name="kitchen_days_before_reasonable"
            ),
        ]


class MealCount(models.Model):
    """The meals of a site on a day: rank 1 was fixed at the cut-off, the next ones are changes.

    `counts` is {age band: {plate: number}}; `allergens` counts children, naming nobody;
    `differences` is against the rank before. Never changed once sent.
    """

    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    day = models.DateField("jour")
    rank = models.PositiveSmallIntegerField("envoi")
    counts = models.JSONField()
    allergens = models.JSONField(default=dict)
    differences = models.JSONField(default=list)
    total = models.PositiveIntegerField("repas")
    fixed_at = models.DateTimeField("arrêté le")
    fixed_by = models.CharField("par", max_length=160)
    sent_to = models.JSONField("envoyé à", default=list)

    class Meta:
        verbose_name = "repas commandés"
        constraints = [
            models.UniqueConstraint(
                fields=["establishment", "day", "rank"], name="meal_count_rank_once"
            )
        ]
        indexes = [models.Index(fields=["day", "establishment"], name="meal_count_by_day")]
        triggers = append_only()
