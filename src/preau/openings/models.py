"""When booking opens, for whom; and the gate that keeps a rush orderly."""

from django.db import models
from django.db.models import F, Q

from preau.openings.enums import Audience


class Window(models.Model):
    """From an instant on, an audience may book the days of an offering between two dates."""

    offering = models.ForeignKey("catalogue.Offering", models.CASCADE, related_name="+")
    audience = models.CharField("pour", max_length=10, choices=Audience, default=Audience.ALL)
    opens_at = models.DateTimeField("ouvre le")
    closes_at = models.DateTimeField("ferme le", null=True, blank=True)
    first_day = models.DateField("pour les jours du")
    last_day = models.DateField("au")

    class Meta:
        verbose_name = "ouverture des réservations"
        ordering = ["opens_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["offering", "audience", "first_day"], name="window_unique"
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="window_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="window_instants_in_order",
            ),
        ]


class Gate(models.Model):
    """The waiting room's one row: tickets given, and up to which one people are let in.

    `admitted` grows at the rate that the servers hold (openings.rules), written by whichever web
    process takes the next beat; `epoch` changes when the room opens, so that an old ticket is
    worth nothing in a new rush.
    """

    is_on = models.BooleanField(default=False)
    epoch = models.PositiveIntegerField(default=0)
    last_ticket = models.PositiveBigIntegerField(default=0)
    admitted = models.PositiveBigIntegerField(default=0)
    # People let in per second, in thousandths.
    rate_milli = models.PositiveIntegerField(default=0)
    # When the servers were last seen busy: the room closes a while after.
    busy_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    # Opened by an agent: it does not close by itself before.
    kept_on_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "salle d’attente"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="gate_single_row"),
            models.CheckConstraint(
                condition=Q(admitted__lte=F("last_ticket")), name="gate_admits_tickets_given"
            ),
        ]


class Admission(models.Model):
    """A ticket lets one session in, once: a copied ticket is worth nothing."""

    epoch = models.PositiveIntegerField()
    ticket = models.PositiveBigIntegerField()
    visitor = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["epoch", "ticket"], name="admission_once_per_ticket")
        ]
