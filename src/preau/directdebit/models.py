"""SEPA mandates, what is debited on them, and what the bank's files say of it.

An IBAN is sealed (preau.kernel.sealing) and shown masked; `iban_end` is its last four characters.
"""

from datetime import date

from django.db import models
from django.db.models import Q

from preau.kernel.triggers import append_only


class Creditor(models.Model):
    """A cash office as a creditor: its ICS, its account, and the house's habits."""

    class Schema(models.TextChoices):
        V8 = "pain.008.001.08", "pain.008.001.08 (2019)"
        V2 = "pain.008.001.02", "pain.008.001.02 (2009)"

    cash_office = models.OneToOneField("billing.CashOffice", models.PROTECT, related_name="+")
    ics = models.CharField("identifiant créancier SEPA (ICS)", max_length=35)
    name = models.CharField("nom du créancier", max_length=70)
    sealed_iban = models.TextField()
    iban_end = models.CharField(max_length=4)
    bic = models.CharField("BIC", max_length=11, blank=True)
    schema = models.CharField("format", max_length=20, choices=Schema, default=Schema.V8)
    # SEPA rulebook: 14 days, unless the debtor agreed otherwise (in the mandate's own text).
    notice_days = models.PositiveSmallIntegerField("préavis, en jours", default=14)
    # What it was before: [{"until": "2026-11-05", "days": 14}, …], oldest first. What an invoice
    # announced holds, whatever becomes of the setting.
    notice_before = models.JSONField(default=list)
    max_rejects = models.PositiveSmallIntegerField("rejets avant annulation", default=2)
    mandate_text = models.TextField("texte du mandat")
    text_version = models.PositiveSmallIntegerField(default=1)
    is_active = models.BooleanField("prélèvement proposé aux familles", default=True)

    class Meta:
        verbose_name = "créancier"

    def notice_on(self, on: date) -> int:
        """The notice that was owed that day, in days; on the day of a change, the longer one."""
        later = [one for one in self.notice_before if one["until"] >= on.isoformat()]
        held = [one["days"] for one in later] + [self.notice_days]
        return max(held[:2]) if later and later[0]["until"] == on.isoformat() else held[0]


class Mandate(models.Model):
    """A family's authorisation to debit its account for one cash office."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "en vigueur"
        REVOKED = "REVOKED", "révoqué"
        CANCELLED = "CANCELLED", "annulé après rejets"
        LAPSED = "LAPSED", "caduc"

    creditor = models.ForeignKey(Creditor, models.PROTECT, related_name="mandates")
    reference = models.CharField("référence unique (RUM)", max_length=35)
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    holder = models.CharField("titulaire du compte", max_length=70)
    sealed_iban = models.TextField()
    iban_end = models.CharField(max_length=4)
    bic = models.CharField("BIC", max_length=11, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    signed_on = models.DateField("signé le")
    last_used_on = models.DateField("dernier prélèvement le", null=True)
    rejects = models.PositiveSmallIntegerField("rejets de suite", default=0)
    # After an IBAN change, until the next debit: what the bank must be told of the old account.
    sealed_previous_iban = models.TextField(blank=True)
    paper = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    # Accepted on line: who, when, from where (hashed), which text.
    proof = models.JSONField(default=dict)
    created_at = models.DateTimeField("enregistré le")
    created_by = models.CharField(max_length=160)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField("motif", max_length=200, blank=True)

    class Meta:
        verbose_name = "mandat de prélèvement"
        constraints = [
            models.UniqueConstraint(fields=["creditor", "reference"], name="mandate_rum_unique"),
            models.UniqueConstraint(
                fields=["creditor", "family"],
                condition=Q(status="ACTIVE"),
                name="mandate_one_active",
            ),
        ]
        indexes = [models.Index(fields=["family"], name="mandate_by_family")]

    @property
    def masked_iban(self) -> str:
        return f"•••• {self.iban_end}"

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class MandateEvent(models.Model):
    """What happened to a mandate, kept for as long as it can be disputed."""

    class Kind(models.TextChoices):
        SIGNED = "SIGNED", "signé"
        TAKEN_OVER = "TAKEN_OVER", "repris d’un autre logiciel"
        AMENDED = "AMENDED", "compte changé"
        PAPER = "PAPER", "exemplaire signé reçu"
        REJECTED = "REJECTED", "prélèvement rejeté"
        REVOKED = "REVOKED", "révoqué"
        CANCELLED = "CANCELLED", "annulé"
        LAPSED = "LAPSED", "caduc"

    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=160)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "événement d’un mandat"
        ordering = ["at", "pk"]
        triggers = append_only()


class Batch(models.Model):
    """One collection of one cash office: prepared, approved, sent to the bank, debited."""

    class Status(models.TextChoices):
        PREPARED = "PREPARED", "à valider"
        APPROVED = "APPROVED", "validé, à déposer à la banque"
        COLLECTED = "COLLECTED", "prélevé"
        CANCELLED = "CANCELLED", "abandonné"

    creditor = models.ForeignKey(Creditor, models.PROTECT, related_name="batches")
    collection_on = models.DateField("date de prélèvement")
    status = models.CharField(max_length=10, choices=Status, default=Status.PREPARED)
    message_id = models.CharField("identifiant du fichier", max_length=35, unique=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=160)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=160, blank=True)
    collected_at = models.DateTimeField(null=True)
    # The file holds IBANs: sealed too.
    sealed_file = models.TextField(blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    downloaded_at = models.DateTimeField(null=True)
    downloaded_by = models.CharField(max_length=160, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    # Invoices of mandated families that it leaves aside: [{"family", "number", "why"}, …]
    left_out = models.JSONField(default=list)

    class Meta:
        verbose_name = "lot de prélèvements"
        constraints = [
            models.UniqueConstraint(
                fields=["creditor"],
                condition=Q(status="PREPARED"),
                name="debit_batch_one_prepared",
            )
        ]


class Debit(models.Model):
    """One amount on one mandate."""

    class Status(models.TextChoices):
        PLANNED = "PLANNED", "prévu"
        EXCLUDED = "EXCLUDED", "écarté"
        SENT = "SENT", "à prélever"
        COLLECTED = "COLLECTED", "prélevé"
        REJECTED = "REJECTED", "rejeté"

    class Sequence(models.TextChoices):
        FIRST = "FRST", "premier"
        NEXT = "RCUR", "suivant"

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="debits")
    mandate = models.ForeignKey(Mandate, models.PROTECT, related_name="debits")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField("montant")
    sequence = models.CharField(max_length=4, choices=Sequence)
    # The account that the bank's file names: the mandate's may change while the file is there.
    iban_end = models.CharField(max_length=4, blank=True)
    end_to_end = models.CharField("référence de bout en bout", max_length=35, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    excluded_because = models.CharField(max_length=200, blank=True)
    reject_code = models.CharField(max_length=4, blank=True)
    reject_reason = models.CharField(max_length=200, blank=True)
    rejected_at = models.DateTimeField(null=True)
    rejected_by = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "prélèvement"
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="debit_positive"),
            models.UniqueConstraint(fields=["batch", "mandate"], name="debit_once_per_mandate"),
        ]
        indexes = [models.Index(fields=["family", "-id"], name="debit_by_family")]

    @property
    def masked_iban(self) -> str:
        """The account debited: as the bank was told, else the mandate's own."""
        return f"•••• {self.iban_end or self.mandate.iban_end}"


class DebitItem(models.Model):
    """What of a debit pays which invoice."""

    debit = models.ForeignKey(Debit, models.CASCADE, related_name="items")
    invoice = models.ForeignKey("billing.Invoice", models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["debit", "invoice"], name="debit_item_unique"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="debit_item_positive"),
        ]


class BankFile(models.Model):
    """A file of the bank that was read: the same content is never read twice."""

    creditor = models.ForeignKey(Creditor, models.PROTECT, related_name="files")
    name = models.CharField("nom", max_length=160)
    kind = models.CharField("format", max_length=20)
    message_id = models.CharField(max_length=70)
    sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField("lu le")
    imported_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "fichier de la banque"
        constraints = [
            models.UniqueConstraint(fields=["creditor", "sha256"], name="bank_file_once")
        ]


class BankEntry(models.Model):
    """One line of a bank's file, and what became of it."""

    class Kind(models.TextChoices):
        TRANSFER = "TRANSFER", "virement reçu"
        REJECT = "REJECT", "prélèvement rejeté"
        OTHER = "OTHER", "autre écriture"

    class Status(models.TextChoices):
        MATCHED = "MATCHED", "rapproché"
        TO_SORT = "TO_SORT", "à rapprocher"
        SET_ASIDE = "SET_ASIDE", "mis de côté"

    file = models.ForeignKey(BankFile, models.PROTECT, related_name="entries")
    creditor = models.ForeignKey(Creditor, models.PROTECT, related_name="+")
    # The bank's own name of the line: what makes a file sent again harmless.
    bank_reference = models.CharField(max_length=140)
    kind = models.CharField(max_length=10, choices=Kind)
    amount_cents = models.BigIntegerField("montant")
    booked_on = models.DateField("le")
    counterpart = models.CharField("de", max_length=140, blank=True)
    communication = models.CharField("communication", max_length=300, blank=True)
    end_to_end = models.CharField(max_length=70, blank=True)
    reject_code = models.CharField(max_length=4, blank=True)
    status = models.CharField(max_length=10, choices=Status)
    family = models.ForeignKey("families.Family", models.PROTECT, null=True, related_name="+")
    debit = models.ForeignKey(Debit, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField("suite donnée", max_length=200, blank=True)
    handled_by = models.CharField(max_length=160, blank=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "écriture de la banque"
        constraints = [
            models.UniqueConstraint(fields=["creditor", "bank_reference"], name="bank_entry_once")
        ]
        indexes = [models.Index(fields=["-booked_on"], name="bank_entry_by_day")]
