"""The outbox: what leaves the town, e-mails first; SMS and letters go the same way."""

from django.db import models


class Medium(models.TextChoices):
    EMAIL = "EMAIL", "courriel"
    SMS = "SMS", "SMS"
    LETTER = "LETTER", "lettre"


class Message(models.Model):
    """One message to one person. Written in the transaction of what it tells, sent by a job."""

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "à envoyer"
        SENT = "SENT", "envoyé"
        FAILED = "FAILED", "en échec"

    medium = models.CharField(max_length=8, choices=Medium, default=Medium.EMAIL)
    to = models.CharField("destinataire", max_length=254)
    subject = models.CharField("objet", max_length=200)
    body = models.TextField("texte")
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    created_at = models.DateTimeField("créé le")
    sent_at = models.DateTimeField("envoyé le", null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    # Upwards, by id: whose file shows it.
    family_id = models.BigIntegerField(null=True)
    # Secrets (a reset link) are shown to nobody once sent.
    is_secret = models.BooleanField(default=False)
    key = models.CharField("clé d’unicité", max_length=120, unique=True, null=True)

    class Meta:
        verbose_name = "message"
        indexes = [
            models.Index(fields=["family_id", "-created_at"], name="message_by_family"),
            models.Index(fields=["status", "created_at"], name="message_to_send"),
        ]


class Attachment(models.Model):
    """A file that leaves with a message; one file serves all those to whom it is sent."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "pièce jointe"
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["message", "file"], name="attached_once_to_a_message")
        ]


class Campaign(models.Model):
    """One message to many people, written by an agent and sent by the worker.

    `audience` says to whom (`journeys.mass_messages.Audience`); each message sent carries the key
    «campaign-<id>-…», so that none leaves twice and their states can be counted.
    """

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "à envoyer"
        RUNNING = "RUNNING", "envoi en cours"
        DONE = "DONE", "envoyé"
        CANCELLED = "CANCELLED", "annulé"

    subject = models.CharField("objet", max_length=200)
    body = models.TextField("texte")
    # Empty: no text message. Short, and without the greeting of an e-mail.
    text = models.CharField("SMS", max_length=459, blank=True)
    by_email = models.BooleanField("par e-mail", default=True)
    by_letter = models.BooleanField("une lettre à qui n’a rien d’autre", default=False)
    audience = models.JSONField("à qui", default=dict)
    where = models.CharField("à qui, en mots", max_length=300)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    send_at = models.DateTimeField("à envoyer le")
    families = models.PositiveIntegerField("familles", default=0)
    emails = models.PositiveIntegerField("e-mails", default=0)
    texts = models.PositiveIntegerField("SMS", default=0)
    # Set by the worker into a print (`documents.prints`), wiped after some days.
    letters = models.PositiveIntegerField("lettres", default=0)
    unreached = models.PositiveIntegerField("familles que rien n’atteint", default=0)
    key = models.UUIDField(unique=True)
    asked_at = models.DateTimeField("écrit le")
    asked_by = models.CharField("par", max_length=160)
    asked_by_id = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField("fini le", null=True)

    class Meta:
        verbose_name = "message à plusieurs familles"
        indexes = [models.Index(fields=["-asked_at"], name="campaign_latest")]
