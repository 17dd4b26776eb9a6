"""Cash offices: the act that founds each, who may collect, which activities they collect for."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from preau.kernel.ranges import DateRange, IntRange
from preau.kernel.triggers import append_only


class InvoicePer(models.TextChoices):
    PAYER = "PAYER", "redevable et mois"
    ACTIVITY = "ACTIVITY", "redevable, mois et activité"


class PayerRule(models.TextChoices):
    CUSTODY = "CUSTODY", "le foyer qui a l’enfant ce jour-là"
    BOOKER = "BOOKER", "le foyer qui a réservé"


class WhenShort(models.TextChoices):
    ALERT = "ALERT", "la réservation passe, la famille est prévenue"
    REFUSE = "REFUSE", "la réservation est refusée (jamais pour un repas)"


class CashOffice(models.Model):
    """A régie: balances, invoices, numbers and payments never mix two of them."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField("nom", max_length=80)
    act_reference = models.CharField("acte constitutif", max_length=160, blank=True)
    cashier_name = models.CharField("régisseur", max_length=120, blank=True)
    address = models.TextField("adresse", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    payment_days = models.PositiveSmallIntegerField("délai de paiement, en jours", default=25)
    top_up_min_cents = models.PositiveIntegerField("rechargement minimum", default=1000)
    accepts_top_up = models.BooleanField("compte rechargeable", default=True)
    # billing.enums-like words: CASH, CHEQUE, CARD, … as the act lists them.
    means = models.JSONField("moyens de paiement", default=list)
    is_active = models.BooleanField("ouverte", default=True)
    # The account at the Treasury where transfers are received, printed on what is to be paid.
    transfer_iban = models.CharField(
        "IBAN pour les virements", max_length=34, blank=True, db_default="", default=""
    )
    transfer_bic = models.CharField("BIC", max_length=11, blank=True, db_default="", default="")
    invoice_per = models.CharField(
        "une facture par", max_length=8, choices=InvoicePer, db_default="PAYER", default="PAYER"
    )
    payer_rule = models.CharField(
        "qui paie un enfant de deux foyers",
        max_length=8,
        choices=PayerRule,
        db_default="CUSTODY",
        default="CUSTODY",
    )
    # Of activities paid in advance: what must stay on the account, and what happens below.
    prepaid_min_cents = models.PositiveIntegerField(
        "solde minimum des activités prépayées", db_default=0, default=0
    )
    prepaid_when_short = models.CharField(
        "quand le solde ne suffit pas",
        max_length=8,
        choices=WhenShort,
        db_default="ALERT",
        default="ALERT",
    )

    class Meta:
        verbose_name = "régie"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ActivityAccounting(models.Model):
    """To which cash office and accounting code an activity's charges go."""

    activity = models.OneToOneField("catalogue.Activity", models.PROTECT, related_name="+")
    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="activities")
    # M57: the nature account (70671…) and the function (281…).
    accounting_code = models.CharField("imputation", max_length=20, blank=True)
    function_code = models.CharField("fonction", max_length=10, blank=True)
    is_meal = models.BooleanField("repas", default=False)
    counts_for_tax = models.BooleanField("frais de garde déductibles", default=False)
    is_prepaid = models.BooleanField("payée d’avance", db_default=False, default=False)

    class Meta:
        verbose_name = "imputation d’une activité"


class ProductAccounting(models.Model):
    """The nature of a product that is not accounted as the rest of its activity."""

    product = models.OneToOneField("catalogue.Product", models.CASCADE, related_name="+")
    accounting_code = models.CharField("imputation", max_length=20)
    # Empty: the activity's.
    function_code = models.CharField("fonction", max_length=10, blank=True)

    class Meta:
        verbose_name = "imputation d’un produit"
        constraints = [
            models.CheckConstraint(
                condition=~Q(accounting_code=""), name="product_accounting_says_what"
            )
        ]


class CashOfficeAct(models.Model):
    """What a cash office may do, as its act says, from `in_force_on` on. Versions are all kept."""

    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="acts")
    reference = models.CharField("arrêté", max_length=160)
    signed_on = models.DateField("signé le")
    in_force_on = models.DateField("en vigueur le")
    # The council's decision, or the mayor's by delegation, on which the act rests.
    decision = models.CharField("délibération ou décision", max_length=160, blank=True)
    # Activities whose products it collects; empty for an act taken over without its list.
    activity_ids = ArrayField(models.BigIntegerField(), default=list)
    means = ArrayField(models.CharField(max_length=10), default=list)
    cash_ceiling_cents = models.PositiveIntegerField("plafond d’espèces", null=True)
    till_ceiling_cents = models.PositiveIntegerField("plafond de l’encaisse", null=True)
    deposit_days = models.PositiveSmallIntegerField(
        "versement au moins tous les … jours", default=30
    )
    float_cents = models.PositiveIntegerField("fonds de caisse", default=0)
    payment_days = models.PositiveSmallIntegerField("délai de paiement, en jours", default=25)
    allows_refunds = models.BooleanField("peut rembourser au guichet", default=False)
    refund_max_cents = models.PositiveIntegerField("remboursement maximum", null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "acte de régie"
        ordering = ["-in_force_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(deposit_days__gte=1, deposit_days__lte=31), name="act_deposits_monthly"
            ),
            models.CheckConstraint(
                condition=Q(cash_ceiling_cents__isnull=True)
                | Q(till_ceiling_cents__isnull=True)
                | Q(till_ceiling_cents__gte=F("cash_ceiling_cents")),
                name="act_ceilings_in_order",
            ),
        ]
        triggers = append_only()


class CashOfficePerson(models.Model):
    """Who may collect for a cash office, from when to when, by which order."""

    class Role(models.TextChoices):
        CASHIER = "CASHIER", "régisseur"
        SUBSTITUTE = "SUBSTITUTE", "mandataire suppléant"
        AGENT = "AGENT", "mandataire"

    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="people")
    role = models.CharField("qualité", max_length=10, choices=Role)
    name = models.CharField("nom", max_length=120)
    user_id = models.BigIntegerField("compte d’agent")
    order_reference = models.CharField("arrêté de nomination", max_length=160, blank=True)
    starts_on = models.DateField("à partir du")
    ends_on = models.DateField("jusqu’au", null=True)

    class Meta:
        verbose_name = "personne nommée"
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="office_person_dates_in_order",
            ),
            ExclusionConstraint(
                name="office_person_once_a_day",
                expressions=[
                    (IntRange("cash_office_id", "cash_office_id"), "&&"),
                    (IntRange("user_id", "user_id"), "&&"),
                    (DateRange("starts_on", "ends_on"), "&&"),
                ],
            ),
        ]
