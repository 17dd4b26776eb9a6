"""Billing runs, and the invoices that they issue. Issued is issued: triggers see to it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from preau.billing.triggers import SLOT_BILLED_ONCE
from preau.kernel.triggers import append_only


class NumberSequence(models.Model):
    """The last invoice number of a cash office and year; its row's lock makes numbers gapless."""

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cash_office", "year", "kind"], name="number_sequence_unique"
            )
        ]


class BillingRun(models.Model):
    """The monthly run of a cash office: previewed, approved, issued by a job, all or nothing."""

    class Status(models.TextChoices):
        PREVIEWING = "PREVIEWING", "calcul en cours"
        PREVIEWED = "PREVIEWED", "à valider"
        ISSUING = "ISSUING", "émission en cours"
        ISSUED = "ISSUED", "émise"
        CANCELLED = "CANCELLED", "abandonnée"
        FAILED = "FAILED", "en échec"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    month = models.DateField("mois")  # its first day
    status = models.CharField(max_length=10, choices=Status, default=Status.PREVIEWING)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=160)
    previewed_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=160, blank=True)
    issued_at = models.DateTimeField(null=True)
    progress = models.PositiveIntegerField(default=0)
    invoice_count = models.PositiveIntegerField(default=0)
    total_cents = models.BigIntegerField(default=0)
    preview = models.JSONField(default=dict)
    # Of what was previewed: an issue that would bill anything else goes back to the agent.
    fingerprint = models.CharField(max_length=64, blank=True)
    step_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "facturation"
        constraints = [
            models.UniqueConstraint(
                fields=["cash_office", "month"],
                condition=Q(status__in=["PREVIEWING", "PREVIEWED", "ISSUING"]),
                name="billing_run_one_open",
            )
        ]


class Invoice(models.Model):
    """An issued invoice or credit note: never changed; corrected by a credit note."""

    class Kind(models.TextChoices):
        INVOICE = "INVOICE", "facture"
        CREDIT_NOTE = "CREDIT_NOTE", "avoir"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INVOICE)
    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    run = models.ForeignKey(BillingRun, models.PROTECT, null=True, related_name="invoices")
    # The one activity that it bills, where the cash office invoices each apart.
    activity = models.ForeignKey(
        "catalogue.Activity", models.PROTECT, null=True, related_name="+", db_index=False
    )
    number = models.CharField("numéro", max_length=30, unique=True)
    month = models.DateField("mois")
    issued_on = models.DateField("émise le")
    due_on = models.DateField("à régler avant le")
    total_cents = models.BigIntegerField("total")
    # The named adult who owes, as he was when it was issued.
    debtor = models.JSONField("redevable")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="credit_notes")
    reason = models.CharField("motif", max_length=300, blank=True)

    class Meta:
        verbose_name = "facture"
        ordering = ["-month", "-pk"]
        indexes = [
            models.Index(fields=["family", "-month"], name="invoice_by_family"),
            models.Index(fields=["cash_office", "-month"], name="invoice_by_office"),
        ]
        constraints = [
            # Credit notes are counted below zero, so that totals add up by themselves.
            models.CheckConstraint(
                condition=Q(kind="INVOICE", total_cents__gte=0, corrects__isnull=True)
                | Q(kind="CREDIT_NOTE", total_cents__lt=0, corrects__isnull=False),
                name="invoice_sign",
            ),
            models.CheckConstraint(
                condition=~Q(kind="CREDIT_NOTE") | ~Q(reason=""), name="credit_note_says_why"
            ),
            models.UniqueConstraint(
                fields=["cash_office", "family", "month", "activity"],
                condition=Q(kind="INVOICE", run__isnull=False),
                nulls_distinct=False,
                name="invoice_one_per_payer_and_month",
            ),
        ]
        triggers = append_only()

    @property
    def is_credit_note(self) -> bool:
        return self.kind == self.Kind.CREDIT_NOTE


class InvoiceLine(models.Model):
    """Child × product × unit price, with its dates and the sentences of its rules."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines", db_index=False)
    child = models.ForeignKey("families.Child", models.PROTECT, null=True, related_name="+")
    activity = models.ForeignKey("catalogue.Activity", models.PROTECT, null=True, related_name="+")
    label = models.CharField("libellé", max_length=160)
    unit_name = models.CharField(max_length=30, blank=True)
    quantity = models.PositiveIntegerField("quantité")
    unit_cents = models.BigIntegerField("prix unitaire")
    # What the family owes: quantity × unit price, less what third parties pay of it.
    amount_cents = models.BigIntegerField("montant")
    share_cents = models.BigIntegerField("part de tiers payeurs", db_default=0, default=0)
    # Surcharges and penalties within the amount: never on a tax certificate.
    penalty_cents = models.BigIntegerField("dont majorations", db_default=0, default=0)
    # Of a charge that no day makes (a yearly price, a regularisation): billed once.
    fee_key = models.CharField(max_length=60, db_default="", default="", blank=True)
    # As M57 has them, frozen when it is issued.
    accounting_code = models.CharField(max_length=20, db_default="", default="", blank=True)
    function_code = models.CharField(max_length=10, db_default="", default="", blank=True)
    # [{"day": "2026-10-05", "note": ""}, …] and ["QF 812 : tranche …", …]
    dates = models.JSONField(default=list)
    explanation = models.JSONField(default=list)
    rulebook_version_id = models.BigIntegerField(null=True)
    # The slots that it bills, each once for a child and a payer (trigger). A city bills millions
    # of days a month: they are kept with their line rather than in a row each.
    slot_ids = ArrayField(models.BigIntegerField(), default=list)
    # On a credit note: the line that it gives back.
    corrects_line = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrected_by", db_index=False
    )

    class Meta:
        verbose_name = "ligne de facture"
        # Amounts are summed without reading the lines, which are large.
        indexes = [
            models.Index(
                fields=["invoice"],
                include=["activity", "amount_cents", "accounting_code", "function_code"],
                name="line_amounts_by_invoice",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["fee_key"], condition=~Q(fee_key=""), name="fee_billed_once"
            )
        ]
        triggers = [*append_only(), SLOT_BILLED_ONCE]
