"""Charges, invoices and the ledger, each per cash office. Issued is issued: triggers see to it."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from preau.billing.triggers import (
    CREDIT_NEVER_CROSSES,
    LINE_JOINS_OWN_TRANSACTION,
    MOVEMENT_BALANCED,
    MOVEMENT_STAMP,
    SLOT_BILLED_ONCE,
)
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


class TillBalance(models.Model):
    """What a cash office's till holds in one means, in cents: the sum of its ledger lines, kept by
    the ledger's writer and proved by `preau ledger verify`. Whoever collects holds these rows."""

    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="+")
    account = models.CharField(max_length=10)
    balance_cents = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cash_office", "account"], name="till_balance_unique")
        ]


class FamilyAccount(models.Model):
    """What a household owes a cash office: `balance_cents` > 0 is owed, < 0 is its credit.

    The balance is kept by the ledger's writer under this row's lock, and proved by
    `preau ledger verify`.
    """

    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="+")
    balance_cents = models.BigIntegerField("solde", default=0)

    class Meta:
        verbose_name = "compte famille"
        constraints = [
            models.UniqueConstraint(fields=["family", "cash_office"], name="family_account_unique")
        ]


class Movement(models.Model):
    """One event of the ledger; its lines sum to zero (deferred trigger)."""

    class Kind(models.TextChoices):
        INVOICE = "INVOICE", "facture"
        CREDIT_NOTE = "CREDIT_NOTE", "avoir"
        PAYMENT_ONLINE = "PAYMENT_ONLINE", "paiement en ligne"
        PAYMENT_COUNTER = "PAYMENT_COUNTER", "paiement au guichet"
        DIRECT_DEBIT = "DIRECT_DEBIT", "prélèvement"
        TRANSFER = "TRANSFER", "virement"
        REFUND = "REFUND", "remboursement"
        TITRE = "TITRE", "titre émis"
        DEPOSIT = "DEPOSIT", "versement au comptable"
        DIFFERENCE = "DIFFERENCE", "différence de caisse"
        CORRECTION = "CORRECTION", "changement d’imputation"
        REVERSAL = "REVERSAL", "annulation"
        OPENING = "OPENING", "reprise de solde"
        HOLD = "HOLD", "réservation payée d’avance"
        CARRY = "CARRY", "report entre dossiers"

    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    label = models.CharField("libellé", max_length=160)
    at = models.DateTimeField("le")
    # What caused it, upwards or sideways, by id.
    source_type = models.CharField(max_length=40)
    source_id = models.BigIntegerField()
    actor_label = models.CharField(max_length=160)
    # Set by trigger: lines join only a movement of their own transaction.
    transaction_id = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "mouvement"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source_type", "source_id"], name="movement_once_per_source"
            )
        ]
        triggers = [*append_only(), MOVEMENT_STAMP, MOVEMENT_BALANCED]


class LedgerLine(models.Model):
    """A debit (> 0) or credit (< 0), in cents, on one account."""

    class Account(models.TextChoices):
        FAMILY = "FAMILY", "familles"
        REVENUE = "REVENUE", "produits"
        BANK = "BANK", "paiements en ligne"
        CASH = "CASH", "espèces"
        CHEQUE = "CHEQUE", "chèques"
        CARD = "CARD", "carte au guichet"
        DEBIT = "DEBIT", "prélèvements"
        TRANSFER = "TRANSFER", "virements"
        TREASURY = "TREASURY", "comptable public"
        CESU = "CESU", "CESU"
        ANCV = "ANCV", "chèques-vacances"
        DEPOSITED = "DEPOSITED", "versements au comptable"
        DIFFERENCE = "DIFFERENCE", "déficits et excédents"
        REFUND = "REFUND", "à rembourser par le comptable"
        CORRECTION = "CORRECTION", "virements entre comptes"
        OPENING = "OPENING", "reprise"
        ADVANCE = "ADVANCE", "réservations payées d’avance"
        THIRD = "THIRD", "tiers payeurs"
        CARRY = "CARRY", "reports entre dossiers"

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="lines")
    account = models.CharField(max_length=10, choices=Account)
    family_account = models.ForeignKey(
        FamilyAccount, models.PROTECT, null=True, related_name="lines"
    )
    third_party_account = models.ForeignKey(
        "billing.ThirdPartyAccount", models.PROTECT, null=True, related_name="lines"
    )
    accounting_code = models.CharField(max_length=20, blank=True)
    amount_cents = models.BigIntegerField()

    class Meta:
        verbose_name = "écriture"
        constraints = [
            models.CheckConstraint(condition=~Q(amount_cents=0), name="ledger_line_not_zero"),
            models.CheckConstraint(
                condition=Q(account="FAMILY", family_account__isnull=False)
                | (~Q(account="FAMILY") & Q(family_account__isnull=True)),
                name="ledger_line_family_account",
            ),
            models.CheckConstraint(
                condition=Q(account="THIRD", third_party_account__isnull=False)
                | (~Q(account="THIRD") & Q(third_party_account__isnull=True)),
                name="ledger_line_third_party_account",
            ),
        ]
        triggers = [*append_only(), LINE_JOINS_OWN_TRANSACTION]


class NumberSequence(models.Model):
    """The last invoice number of a cash office and year; its row's lock makes numbers gapless."""

    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="+")
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

    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="+")
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
    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="+")
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

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
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
        indexes = [models.Index(fields=["invoice"], name="line_by_invoice")]
        constraints = [
            models.UniqueConstraint(
                fields=["fee_key"], condition=~Q(fee_key=""), name="fee_billed_once"
            )
        ]
        triggers = [*append_only(), SLOT_BILLED_ONCE]


class Allocation(models.Model):
    """What of an invoice a movement pays (or gives back, when negative), in cents.

    Left to pay = total − Σ allocations. What of a payment is allocated to nothing is the
    account's credit; a family may have it allocated later, to another invoice.
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="allocations")
    movement = models.ForeignKey(Movement, models.PROTECT, related_name="allocations")
    amount_cents = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_cents=0), name="allocation_not_zero"),
        ]
        triggers = [*append_only(), CREDIT_NEVER_CROSSES]


class CreditReturn(models.Model):
    """What of a payment, allocated to no invoice, was given back by which movement."""

    credit = models.ForeignKey(Movement, models.PROTECT, related_name="returns")
    movement = models.ForeignKey(Movement, models.PROTECT, related_name="+")
    amount_cents = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="credit_return_positive"),
        ]
        triggers = append_only()


class CounterPayment(models.Model):
    """A payment taken at the counter, with its receipt. A void leaves both lines."""

    class Means(models.TextChoices):
        CASH = "CASH", "espèces"
        CHEQUE = "CHEQUE", "chèque"
        CARD = "CARD", "carte bancaire"
        CESU = "CESU", "CESU"
        ANCV = "ANCV", "chèques-vacances"
        TRANSFER = "TRANSFER", "virement"
        MIXED = "MIXED", "plusieurs moyens"

    cash_office = models.ForeignKey(CashOffice, models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    means = models.CharField("moyen", max_length=10, choices=Means)
    amount_cents = models.PositiveIntegerField("montant")
    received_at = models.DateTimeField("reçu le")
    receipt_number = models.CharField("reçu n°", max_length=30, unique=True)
    cheque_number = models.CharField(max_length=20, blank=True)
    cheque_drawer = models.CharField("tireur", max_length=120, blank=True)
    taken_by_id = models.BigIntegerField(null=True)
    taken_by_label = models.CharField("par", max_length=160)
    # {invoice id: cents}: what it paid at once, as its receipt says.
    settles = models.JSONField(default=dict)
    key = models.UUIDField(unique=True)
    voids = models.OneToOneField("self", models.PROTECT, null=True, related_name="voided_by")
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "encaissement"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0), name="counter_payment_positive"
            ),
            models.CheckConstraint(
                condition=~Q(means="CASH") | Q(amount_cents__lte=30000),
                name="counter_cash_at_most_300",
            ),
        ]
        triggers = append_only()


class CounterPart(models.Model):
    """What of a payment at the counter came by one means: this cheque, these vouchers."""

    payment = models.ForeignKey(CounterPayment, models.PROTECT, related_name="parts")
    means = models.CharField("moyen", max_length=10)
    amount_cents = models.PositiveIntegerField("montant")
    # The cheque's number, the terminal's ticket, the transfer's reference; how many vouchers.
    reference = models.CharField("numéro", max_length=40, blank=True)
    bank = models.CharField("banque", max_length=80, blank=True)
    drawer = models.CharField("tireur", max_length=120, blank=True)
    # For vouchers, which pay some lines only: {invoice id: cents}.
    on_invoices = models.JSONField(default=dict)

    class Meta:
        verbose_name = "moyen d’un encaissement"
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="counter_part_positive"),
            models.CheckConstraint(
                condition=Q(means__in=["CASH", "CHEQUE", "CARD", "CESU", "ANCV", "TRANSFER"]),
                name="counter_part_means",
            ),
            models.CheckConstraint(
                condition=~Q(means="CASH") | Q(amount_cents__lte=30000),
                name="counter_part_cash_at_most_300",
            ),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(means="CASH"), name="counter_part_cash_once"
            ),
        ]
        triggers = append_only()


from preau.billing.models_shares import (  # noqa: E402
    Agreement,
    PrepaidHold,
    Regularisation,
    ThirdParty,
    ThirdPartyAccount,
    ThirdPartyInvoice,
    ThirdPartyLine,
    ThirdPartyPayment,
)

__all__ = [
    "ActivityAccounting",
    "Agreement",
    "Allocation",
    "BillingRun",
    "CashOffice",
    "CashOfficeAct",
    "CashOfficePerson",
    "CounterPart",
    "CounterPayment",
    "CreditReturn",
    "FamilyAccount",
    "Invoice",
    "InvoiceLine",
    "LedgerLine",
    "Movement",
    "NumberSequence",
    "PrepaidHold",
    "Regularisation",
    "ThirdParty",
    "ThirdPartyAccount",
    "ThirdPartyInvoice",
    "ThirdPartyLine",
    "ThirdPartyPayment",
    "TillBalance",
]
