"""Third parties that pay a share: their agreements, their account, their invoices."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from preau.kernel.triggers import append_only


class ThirdParty(models.Model):
    """Who pays a share of what families are charged: social services, département, CAF…"""

    class Kind(models.TextChoices):
        CCAS = "CCAS", "CCAS"
        DEPARTMENT = "DEPARTMENT", "département"
        CAF = "CAF", "CAF"
        EMPLOYER = "EMPLOYER", "employeur, comité d’entreprise"
        OTHER = "OTHER", "autre organisme"

    kind = models.CharField("nature", max_length=10, choices=Kind)
    name = models.CharField("nom", max_length=120, unique=True)
    service = models.CharField("service", max_length=120, blank=True)
    address = models.TextField("adresse", blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    is_active = models.BooleanField("en activité", default=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "tiers payeur"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Agreement(models.Model):
    """What a third party pays for a family (or one child), on which activities, until when.

    PERCENT: `percent` of each line; UNIT: `unit_cents` for each unit; both never above what is
    charged, nor above `month_cap_cents` for a month.
    """

    class Mode(models.TextChoices):
        PERCENT = "PERCENT", "une part, en %"
        UNIT = "UNIT", "une somme par unité"

    third_party = models.ForeignKey(ThirdParty, models.PROTECT, related_name="agreements")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    child = models.ForeignKey("families.Child", models.PROTECT, null=True, related_name="+")
    # Empty: whatever is charged.
    activity_ids = ArrayField(models.BigIntegerField(), default=list)
    mode = models.CharField("forme", max_length=8, choices=Mode)
    percent = models.PositiveSmallIntegerField("part, en %", null=True)
    unit_cents = models.PositiveIntegerField("somme par unité", null=True)
    month_cap_cents = models.PositiveIntegerField("plafond par mois", null=True)
    reference = models.CharField("référence de la décision", max_length=80, blank=True)
    starts_on = models.DateField("à partir du")
    ends_on = models.DateField("jusqu’au")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "prise en charge"
        ordering = ["-starts_on", "-pk"]
        indexes = [models.Index(fields=["family", "ends_on"], name="agreement_by_family")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="agreement_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(mode="PERCENT", percent__gte=1, percent__lte=100)
                | Q(mode="UNIT", unit_cents__gt=0),
                name="agreement_says_how_much",
            ),
        ]


class ThirdPartyAccount(models.Model):
    """What a third party owes a cash office: its receivable account. The ledger keeps it."""

    third_party = models.ForeignKey(ThirdParty, models.PROTECT, related_name="accounts")
    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    balance_cents = models.BigIntegerField("solde", default=0)

    class Meta:
        verbose_name = "compte d’un tiers payeur"
        constraints = [
            models.UniqueConstraint(
                fields=["third_party", "cash_office"], name="third_party_account_unique"
            )
        ]


class ThirdPartyInvoice(models.Model):
    """What a third party owes for one run: its own number, its own debtor, frozen when issued."""

    account = models.ForeignKey(ThirdPartyAccount, models.PROTECT, related_name="invoices")
    run = models.ForeignKey(
        "billing.BillingRun", models.PROTECT, null=True, related_name="third_party_invoices"
    )
    number = models.CharField("numéro", max_length=30, unique=True)
    month = models.DateField("mois")
    issued_on = models.DateField("émise le")
    due_on = models.DateField("à régler avant le")
    total_cents = models.BigIntegerField("total")
    debtor = models.JSONField("redevable")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="credit_notes")
    reason = models.CharField("motif", max_length=300, blank=True)

    class Meta:
        verbose_name = "facture à un tiers payeur"
        ordering = ["-month", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(total_cents__gt=0, corrects__isnull=True)
                | Q(total_cents__lt=0, corrects__isnull=False) & ~Q(reason=""),
                name="third_party_invoice_sign",
            ),
        ]
        triggers = append_only()


class ThirdPartyLine(models.Model):
    """One family's line, the part that the third party pays of it, and why."""

    invoice = models.ForeignKey(ThirdPartyInvoice, models.PROTECT, related_name="lines")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="+")
    # The line of the family's invoice that it lightens.
    line = models.ForeignKey("billing.InvoiceLine", models.PROTECT, null=True, related_name="+")
    family_name = models.CharField(max_length=160)
    label = models.CharField(max_length=160)
    detail = models.CharField(max_length=200, blank=True)
    amount_cents = models.BigIntegerField()

    class Meta:
        verbose_name = "part d’un tiers payeur"
        triggers = append_only()


class ThirdPartyPayment(models.Model):
    """A transfer or a cheque received from a third party for one of its invoices."""

    invoice = models.ForeignKey(ThirdPartyInvoice, models.PROTECT, related_name="payments")
    amount_cents = models.BigIntegerField()
    received_on = models.DateField("reçu le")
    reference = models.CharField("référence", max_length=80, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "règlement d’un tiers payeur"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0), name="third_party_payment_positive"
            )
        ]
        triggers = append_only()


class ThirdPartyCreditUse(models.Model):
    """What of an invoice's overpayment served: another invoice (`target`), or was given back by
    the finance service (none). An invoice is overpaid when a credit note follows its payment."""

    source = models.ForeignKey(ThirdPartyInvoice, models.PROTECT, related_name="credit_uses")
    target = models.ForeignKey(
        ThirdPartyInvoice, models.PROTECT, null=True, related_name="credits_received"
    )
    amount_cents = models.BigIntegerField()
    reference = models.CharField("référence", max_length=120, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "emploi du crédit d’un tiers payeur"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0), name="third_party_credit_use_positive"
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=False) | ~Q(reference=""),
                name="third_party_refund_says_why",
            ),
        ]
        triggers = append_only()
