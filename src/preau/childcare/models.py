"""Crèche places: who waits for one, and the contracts of those who have one."""

from django.db import models
from django.db.models import F, Q

from preau.kernel.enums import Channel


class Preregistration(models.Model):
    """A wish for a crèche place, from pregnancy on; ranked by the commission, then by date."""

    class Status(models.TextChoices):
        WAITING = "WAITING", "en attente"
        ADMITTED = "ADMITTED", "admis"
        WITHDRAWN = "WITHDRAWN", "retirée"

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    establishment = models.ForeignKey(
        "catalogue.Establishment", models.PROTECT, null=True, related_name="+"
    )
    wished_from = models.DateField("accueil souhaité à partir du")
    # Minutes asked for each weekday, Monday first: [540, 540, 0, 540, 540].
    weekly_minutes = models.JSONField("minutes par jour", default=list)
    comment = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField()
    channel = models.CharField("canal", max_length=10, choices=Channel)
    request_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "préinscription en crèche"
        indexes = [models.Index(fields=["status", "created_at"], name="preregistration_queue")]


class Contract(models.Model):
    """A weekly contract: minutes for each weekday, from one day to another."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    weekly_minutes = models.JSONField("minutes par jour, lundi en premier")
    created_at = models.DateTimeField()
    ended_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "contrat de crèche"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="contract_dates_in_order"
            )
        ]
        indexes = [models.Index(fields=["establishment", "ends_on"], name="contract_by_site")]
