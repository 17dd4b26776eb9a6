"""What takes long to count, counted by the worker and kept."""

from django.db import models


class YearEnd(models.Model):
    """The closing of a cash office's year: what was served and not invoiced on 31 December."""

    class Status(models.TextChoices):
        COMPUTING = "COMPUTING", "calcul en cours"
        READY = "READY", "prêt"
        FAILED = "FAILED", "en échec"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("année")
    status = models.CharField(max_length=10, choices=Status, default=Status.COMPUTING)
    asked_at = models.DateTimeField("demandé le")
    asked_by = models.CharField("par", max_length=160)
    computed_at = models.DateTimeField("calculé le", null=True)
    # [{"activity", "accounting_code", "function_code", "units", "families", "cents"}]
    not_invoiced = models.JSONField(default=list)

    class Meta:
        verbose_name = "clôture d’année"
        constraints = [
            models.UniqueConstraint(fields=["cash_office", "year"], name="year_end_once")
        ]

    @property
    def not_invoiced_cents(self) -> int:
        """The whole of it."""
        return sum(row["cents"] for row in self.not_invoiced)
