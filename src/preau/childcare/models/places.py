"""Where small children are received: the sections of a crèche, and the town's own choices."""

from django.db import models
from django.db.models import F, Q


class Section(models.Model):
    """A group of a crèche by age, with its places. Ages in months; the upper one is excluded."""

    establishment = models.ForeignKey(
        "catalogue.Establishment", models.PROTECT, related_name="+", verbose_name="crèche"
    )
    name = models.CharField("nom", max_length=60)
    min_months = models.PositiveSmallIntegerField("âge minimum, en mois", default=2)
    max_months = models.PositiveSmallIntegerField("jusqu’à, en mois", default=48)
    capacity = models.PositiveSmallIntegerField("places")
    # Minutes from midnight.
    opens_minute = models.PositiveSmallIntegerField("ouvre à", default=465)
    closes_minute = models.PositiveSmallIntegerField("ferme à", default=1125)
    # Children for one adult (CASF R2324-46-4): 5 who don't walk, 8 who do, or 6 for all.
    children_per_adult = models.PositiveSmallIntegerField("enfants par adulte", default=6)
    position = models.PositiveSmallIntegerField("ordre", default=0)
    is_open = models.BooleanField("ouverte", default=True)

    class Meta:
        verbose_name = "section de crèche"
        ordering = ["establishment__name", "position", "min_months", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["establishment", "name"], name="section_name_unique"),
            models.CheckConstraint(
                condition=Q(max_months__gt=F("min_months")), name="section_ages_in_order"
            ),
            models.CheckConstraint(
                condition=Q(closes_minute__gt=F("opens_minute")), name="section_hours_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CareSettings(models.Model):
    """The town's choices for its crèches: one row."""

    offer_days = models.PositiveSmallIntegerField("jours pour répondre à une proposition")
    notice_days = models.PositiveSmallIntegerField("préavis de départ, en jours")
    tolerance_minutes = models.PositiveSmallIntegerField("tolérance avant dépassement, en minutes")
    adaptation_is_free = models.BooleanField("adaptation gratuite")
    # What every pre-registration must prove before it has a rank.
    base_pieces = models.JSONField("pièces de base", default=list)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "réglages de la petite enfance"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="care_settings_one_row"),
        ]
