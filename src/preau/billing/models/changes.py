"""What was learnt after an invoice, for an agent to decide."""

from django.db import models
from django.db.models import Q


class Regularisation(models.Model):
    """A change learnt after the invoice: what it gives back or adds, for an agent to decide."""

    class Kind(models.TextChoices):
        CREDIT = "CREDIT", "à rendre"
        CHARGE = "CHARGE", "à facturer en plus"

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", "à décider"
        ACCEPTED = "ACCEPTED", "acceptée"
        REFUSED = "REFUSED", "écartée"

    line = models.ForeignKey("billing.InvoiceLine", models.PROTECT, related_name="+")
    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    # What the family gets back or owes more; 0 when third parties paid all of the line.
    cents = models.PositiveIntegerField("montant")
    # What third parties get back (where they paid the whole line) or owe more.
    share_cents = models.PositiveIntegerField("part de tiers payeurs", default=0, db_default=0)
    # [{"day", "before", "now", "why"}]: amounts in cents, sentences in French.
    days = models.JSONField(default=list)
    # Of what was found: the same change, refused once, is not proposed again.
    digest = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PROPOSED)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=160, blank=True)
    reason = models.CharField("motif", max_length=300, blank=True)
    credit_note = models.ForeignKey("billing.Invoice", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "régularisation"
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cents__gt=0) | Q(share_cents__gt=0), name="regularisation_of_something"
            ),
            models.UniqueConstraint(
                fields=["line"], condition=Q(status="PROPOSED"), name="regularisation_open_once"
            ),
        ]
