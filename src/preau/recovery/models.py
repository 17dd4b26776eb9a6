"""Reminders, the list for the ordonnateur, titres, and the instalments that a council allows."""

from django.db import models
from django.db.models import Q

from preau.kernel.triggers import append_only


class ReminderLevel(models.Model):
    """A step of the town's reminders: how long after the due date, by what, with which words."""

    class Channel(models.TextChoices):
        EMAIL = "EMAIL", "courriel (lettre à qui n’en a pas)"
        LETTER = "LETTER", "lettre"

    rank = models.PositiveSmallIntegerField("niveau", unique=True)
    name = models.CharField("nom", max_length=60)
    days = models.PositiveSmallIntegerField("jours après l’échéance")
    channel = models.CharField("par", max_length=6, choices=Channel, default=Channel.EMAIL)
    text = models.TextField("texte")
    is_active = models.BooleanField("en usage", default=True)

    class Meta:
        verbose_name = "niveau de relance"
        ordering = ["rank"]


class ReminderRun(models.Model):
    """One sending of one level for one cash office, by the worker."""

    class Status(models.TextChoices):
        WORKING = "WORKING", "en cours"
        DONE = "DONE", "envoyée"
        FAILED = "FAILED", "en échec"

    level = models.ForeignKey(ReminderLevel, models.PROTECT, related_name="runs")
    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    # As they were when it was sent.
    name = models.CharField(max_length=60)
    channel = models.CharField(max_length=6, choices=ReminderLevel.Channel)
    text = models.TextField()
    invoice_ids = models.JSONField(default=list)
    status = models.CharField(max_length=8, choices=Status, default=Status.WORKING)
    total = models.PositiveIntegerField("familles")
    done = models.PositiveIntegerField(default=0)
    emails = models.PositiveIntegerField("courriels", default=0)
    letters = models.PositiveIntegerField("lettres", default=0)
    created_at = models.DateTimeField("demandée le")
    created_by = models.CharField("par", max_length=160)
    finished_at = models.DateTimeField(null=True)
    pdf = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "relance"
        constraints = [
            models.UniqueConstraint(
                fields=["cash_office"],
                condition=Q(status="WORKING"),
                name="reminder_run_one_working",
            )
        ]


class Reminder(models.Model):
    """One invoice reminded once at one level. Append-only."""

    run = models.ForeignKey(ReminderRun, models.PROTECT, related_name="reminders")
    rank = models.PositiveSmallIntegerField()
    invoice = models.ForeignKey("billing.Invoice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    left_cents = models.PositiveIntegerField()
    sent_at = models.DateTimeField("le")
    channel = models.CharField(max_length=6, choices=ReminderLevel.Channel)
    to = models.CharField("à", max_length=200)

    class Meta:
        verbose_name = "relance d’une facture"
        constraints = [
            models.UniqueConstraint(fields=["invoice", "rank"], name="reminder_once_per_level")
        ]
        indexes = [models.Index(fields=["family", "-sent_at"], name="reminder_by_family")]
        triggers = append_only()


class Treasury(models.Model):
    """The public accountant of the town: where a titre is paid. One row."""

    name = models.CharField("nom", max_length=120)
    address = models.TextField("adresse", blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    # From the last reminder to the ordonnateur's list.
    days_after_last = models.PositiveSmallIntegerField(
        "jours entre la dernière relance et la liste", default=15
    )

    class Meta:
        verbose_name = "comptable public"


class CollectionList(models.Model):
    """What a cash office could not collect, for the ordonnateur; approved by a person."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", "à valider"
        APPROVED = "APPROVED", "transmise à l’ordonnateur"
        CANCELLED = "CANCELLED", "abandonnée"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    created_at = models.DateTimeField("préparée le")
    created_by = models.CharField(max_length=160)
    approved_at = models.DateTimeField("validée le", null=True)
    approved_by = models.CharField(max_length=160, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "liste pour l’ordonnateur"
        constraints = [
            models.UniqueConstraint(
                fields=["cash_office"], condition=Q(status="DRAFT"), name="collection_one_draft"
            )
        ]


class CollectionItem(models.Model):
    """One invoice of the list. What its debtor owed when the list was approved."""

    list = models.ForeignKey(CollectionList, models.PROTECT, related_name="items")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    invoice = models.ForeignKey("billing.Invoice", models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField("reste dû")
    excluded_because = models.CharField("écartée", max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "invoice"], name="collection_item_unique"),
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0), name="collection_item_positive"
            ),
        ]


class Titre(models.Model):
    """A receivable order that the ordonnateur issued: it closes its invoices to the cash office."""

    class Status(models.TextChoices):
        ISSUED = "ISSUED", "émis"
        CANCELLED = "CANCELLED", "annulé"

    cash_office = models.ForeignKey("billing.CashOffice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    list = models.ForeignKey(CollectionList, models.PROTECT, null=True, related_name="titres")
    number = models.CharField("numéro", max_length=20)
    year = models.PositiveSmallIntegerField("exercice")
    issued_on = models.DateField("émis le")
    amount_cents = models.PositiveIntegerField("montant")
    # What PayFiP asks for («refdet»); none: paid by other means.
    reference = models.CharField("référence PayFiP", max_length=30, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.ISSUED)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=160)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "titre"
        constraints = [
            models.UniqueConstraint(fields=["cash_office", "year", "number"], name="titre_unique"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="titre_positive"),
        ]
        indexes = [models.Index(fields=["family"], name="titre_by_family")]


class TitreItem(models.Model):
    """What of a titre is for which invoice. Append-only."""

    titre = models.ForeignKey(Titre, models.PROTECT, related_name="items")
    invoice = models.ForeignKey("billing.Invoice", models.PROTECT, related_name="+")
    amount_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["titre", "invoice"], name="titre_item_unique")
        ]
        triggers = append_only()


class ReductionRequest(models.Model):
    """A correction of a titre, asked of the ordonnateur: the invoice itself is closed."""

    class Status(models.TextChoices):
        OPEN = "OPEN", "à transmettre"
        SENT = "SENT", "transmise"
        GRANTED = "GRANTED", "accordée"
        REFUSED = "REFUSED", "refusée"

    titre = models.ForeignKey(Titre, models.PROTECT, related_name="reductions")
    amount_cents = models.PositiveIntegerField("montant")
    reason = models.CharField("motif", max_length=300)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    created_at = models.DateTimeField("demandée le")
    created_by = models.CharField(max_length=160)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=160, blank=True)
    answer = models.CharField("réponse", max_length=200, blank=True)

    class Meta:
        verbose_name = "demande de réduction"
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="reduction_positive")
        ]


class InstalmentRule(models.Model):
    """What the council decided on paying in several times, for one cash office."""

    cash_office = models.OneToOneField("billing.CashOffice", models.PROTECT, related_name="+")
    decision = models.CharField("délibération", max_length=160)
    decided_on = models.DateField("du")
    min_cents = models.PositiveIntegerField("facture minimum")
    max_count = models.PositiveSmallIntegerField("échéances au plus")
    is_active = models.BooleanField("en vigueur", default=True)

    class Meta:
        verbose_name = "paiement en plusieurs fois"
        constraints = [
            models.CheckConstraint(
                condition=Q(max_count__gte=2, max_count__lte=12), name="instalment_rule_count"
            ),
            models.CheckConstraint(
                condition=~Q(decision=""), name="instalment_rule_needs_a_decision"
            ),
        ]


class Plan(models.Model):
    """One invoice paid in several times, under the decision as it was then."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "en cours"
        ENDED = "ENDED", "arrêté"

    invoice = models.ForeignKey("billing.Invoice", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    decision = models.CharField("délibération", max_length=200)
    total_cents = models.PositiveIntegerField("montant")
    # Paid on the invoice before the plan: instalments count from there.
    paid_before_cents = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=6, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField("le")
    created_by = models.CharField(max_length=160)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "échéancier"
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(status="ACTIVE"), name="plan_one_active"
            )
        ]
        indexes = [models.Index(fields=["family"], name="plan_by_family")]


class Instalment(models.Model):
    """One date of a plan. Append-only: what is paid of it is read from the invoice."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="instalments")
    rank = models.PositiveSmallIntegerField()
    due_on = models.DateField("à régler avant le")
    amount_cents = models.PositiveIntegerField("montant")

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "rank"], name="instalment_unique"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="instalment_positive"),
        ]
        triggers = append_only()
