"""Attempts to pay on line and everything that the banks told us, kept raw."""

from django.db import models
from django.db.models import Q

from preau.kernel.triggers import append_only


class GatewayAccount(models.Model):
    """Which gateway serves which cash office. Its secrets are sealed (preau.kernel.sealing).

    PayFiP has two contracts: the cash office's own (régie), and the public accountant's, where
    titres are paid.
    """

    class Gateway(models.TextChoices):
        SPPLUS = "SPPLUS", "SP Plus"
        SYSTEMPAY = "SYSTEMPAY", "Systempay"
        PAYFIP = "PAYFIP", "PayFiP"

    class Use(models.TextChoices):
        REGIE = "REGIE", "régie"
        TITRE = "TITRE", "titres"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    use = models.CharField("pour", max_length=5, choices=Use, default=Use.REGIE)
    gateway = models.CharField("banque", max_length=10, choices=Gateway)
    options = models.JSONField("réglages", default=dict)
    sealed_secret = models.TextField(blank=True)
    # The key before this one, and until when what it signed of earlier payments is believed.
    former_sealed_secret = models.TextField(blank=True, db_default="", default="")
    key_changed_at = models.DateTimeField(null=True)
    former_until = models.DateTimeField(null=True)
    is_test = models.BooleanField("mode test", default=True)
    is_active = models.BooleanField("ouvert", default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "contrat de paiement en ligne"
        constraints = [
            models.UniqueConstraint(fields=["cash_office", "use"], name="gateway_once_per_use"),
            models.CheckConstraint(
                condition=Q(use="REGIE") | Q(gateway="PAYFIP"), name="gateway_titre_by_payfip"
            ),
        ]


class Attempt(models.Model):
    """One payment of one family to one cash office, from the click to the bank's word."""

    class Status(models.TextChoices):
        CREATED = "CREATED", "à envoyer"
        PENDING = "PENDING", "en cours"
        SETTLED = "SETTLED", "payé"
        REFUSED = "REFUSED", "refusé"
        ABANDONED = "ABANDONED", "abandonné"
        EXPIRED = "EXPIRED", "sans suite"
        REFUNDED = "REFUNDED", "repris par la banque"

    reference = models.CharField("référence", max_length=20, unique=True)
    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    gateway = models.CharField(max_length=10, choices=GatewayAccount.Gateway)
    amount_cents = models.PositiveIntegerField("montant")
    status = models.CharField(max_length=10, choices=Status, default=Status.CREATED)
    # The payer, as known when paying: where the acknowledgement goes.
    payer_label = models.CharField("payeur", max_length=160, blank=True)
    payer_email = models.EmailField(blank=True)
    provider_id = models.CharField("référence de la banque", max_length=60, blank=True)
    created_at = models.DateTimeField("le")
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Where the bank must be asked: when next (none: nothing more to learn), last, how often.
    ask_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0, db_default=0)
    key = models.UUIDField(unique=True)
    # A titre is paid to the public accountant, under its own reference and year: it touches no
    # account of the cash office. `titre_id` is recovery's.
    use = models.CharField(
        max_length=5, choices=GatewayAccount.Use, default="REGIE", db_default="REGIE"
    )
    titre_id = models.BigIntegerField(null=True)
    document = models.CharField("référence du titre", max_length=30, blank=True, db_default="")
    year = models.PositiveSmallIntegerField("exercice", null=True)

    class Meta:
        verbose_name = "paiement en ligne"
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="attempt_positive"),
        ]
        indexes = [
            models.Index(fields=["family", "-created_at"], name="attempt_by_family"),
            models.Index(fields=["created_at"], name="attempt_open", condition=Q(status="PENDING")),
            models.Index(
                fields=["titre_id"], name="attempt_by_titre", condition=Q(titre_id__isnull=False)
            ),
            models.Index(
                fields=["ask_at"], name="attempt_to_ask", condition=Q(ask_at__isnull=False)
            ),
            models.Index(
                fields=["provider_id"], name="attempt_by_provider", condition=~Q(provider_id="")
            ),
        ]

    @property
    def bank_document(self) -> str:
        """The reference under which the bank knows what is paid."""
        return self.document or self.reference

    @property
    def top_up_cents(self) -> int:
        """What of the amount pays no invoice: put in advance."""
        if self.use == GatewayAccount.Use.TITRE:
            return 0
        return self.amount_cents - sum(item.amount_cents for item in self.items.all())


class AttemptItem(models.Model):
    """What of the attempt goes to which invoice; the rest is a top-up."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="items")
    invoice = models.ForeignKey("billing.Invoice", models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attempt", "invoice"], name="attempt_item_unique"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="attempt_item_positive"),
        ]
        triggers = append_only()


class ProviderEvent(models.Model):
    """What arrived from a bank, raw, and what we made of it. Append-only."""

    class Source(models.TextChoices):
        NOTIFICATION = "NOTIFICATION", "appel de la banque"
        RETURN = "RETURN", "retour du navigateur"
        POLL = "POLL", "notre question"
        AGENT = "AGENT", "constat d’un agent"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    gateway = models.CharField(max_length=10)
    source = models.CharField(max_length=12, choices=Source)
    received_at = models.DateTimeField()
    raw = models.TextField()
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="events")
    is_verified = models.BooleanField()
    state = models.CharField(max_length=20, blank=True)
    outcome = models.CharField("suite donnée", max_length=40)
    problems = models.JSONField(default=list)
    bank_status = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = "message de la banque"
        indexes = [models.Index(fields=["-received_at"], name="provider_event_by_time")]
        triggers = append_only()


class BankRefund(models.Model):
    """What of a settled payment was given back, in part or whole. Append-only."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="refunds")
    amount_cents = models.PositiveIntegerField("montant")
    at = models.DateTimeField("le")
    # The bank's own name of the refund: told twice, it is one.
    bank_reference = models.CharField("référence de la banque", max_length=60)
    reason = models.CharField("motif", max_length=200, blank=True)
    actor_label = models.CharField("par", max_length=160)

    class Meta:
        verbose_name = "remboursement par la banque"
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="bank_refund_positive"),
            models.UniqueConstraint(fields=["attempt", "bank_reference"], name="bank_refund_once"),
        ]
        triggers = append_only()
