"""The month of a contract: contracted, real, invoiced; frozen when it is closed."""

from django.db import models
from django.db.models import Q

from preau.childcare.models.contracts import Contract


class Statement(models.Model):
    """What a month of a contract comes to. Minutes and cents; `lines` add up to `total_cents`."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="statements")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    activity = models.ForeignKey("catalogue.Activity", models.PROTECT, null=True, related_name="+")
    month = models.DateField("mois")
    contracted_minutes = models.IntegerField("heures prévues")
    real_minutes = models.IntegerField("heures réalisées")
    invoiced_minutes = models.IntegerField("heures facturées")
    hourly_cents = models.PositiveIntegerField("tarif horaire")
    total_cents = models.IntegerField("montant")
    # [{"kind", "label", "minutes", "cents", "why": [sentences], "month"}]
    lines = models.JSONField(default=list)
    # [{"day", "planned", "real", "invoiced", "note"}], what the family reads day by day.
    days = models.JSONField(default=list)
    rulebook_version_id = models.BigIntegerField(null=True)
    regime = models.CharField(max_length=8)
    # Whole months of age on the first day of the month.
    age_months = models.PositiveSmallIntegerField()
    closed_at = models.DateTimeField("arrêté le")
    closed_by = models.CharField(max_length=160)
    # Set once by the billing run, in the transaction that issues the invoice.
    invoice_id = models.BigIntegerField(null=True)
    invoiced_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "relevé de crèche"
        ordering = ["-month", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "month"], name="statement_once_a_month"),
            models.CheckConstraint(
                condition=Q(invoice_id__isnull=True, invoiced_at__isnull=True)
                | Q(invoice_id__isnull=False, invoiced_at__isnull=False),
                name="statement_invoiced_when",
            ),
        ]
        indexes = [
            models.Index(fields=["establishment", "month"], name="statement_by_site"),
            models.Index(
                fields=["month"], condition=Q(invoice_id__isnull=True), name="statement_to_bill"
            ),
        ]
