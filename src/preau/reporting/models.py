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


class DailySum(models.Model):
    """What came in one day at a cash office, summed once and for all. See `reporting.sums`."""

    what = models.CharField(max_length=8)
    day = models.DateField("jour")
    cash_office = models.ForeignKey(
        "billing.CashOffice", models.PROTECT, related_name="+", db_index=False
    )
    # A means, a kind of payment, an activity with its account: see `billing.figures_sums`.
    key = models.CharField(max_length=60, blank=True)
    # Fractions of cents: a payment is told in proportion to what it pays.
    cents = models.DecimalField(max_digits=36, decimal_places=12)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "somme du jour"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "what", "cash_office", "key"], name="daily_sum_once"
            )
        ]


class SumsUpTo(models.Model):
    """Which movements the daily sums cover: one row, moved with them."""

    cluster = models.CharField(max_length=24)
    transaction_id = models.BigIntegerField()
    base_id = models.BigIntegerField(default=0)
    base_allocation_id = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="sums_one_bound")]
