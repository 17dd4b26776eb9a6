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
