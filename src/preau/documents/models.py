"""Files: those that families bring, and those that the town issues."""

import uuid

from django.db import models

from preau.kernel.triggers import append_only


def _path(instance: "StoredFile", filename: str) -> str:
    return f"files/{instance.pk.hex[:2]}/{instance.pk.hex}"


class StoredFile(models.Model):
    """A file as it was given: type checked by content, never served under its own name's word."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.FileField(upload_to=_path)
    name = models.CharField("nom", max_length=160)
    content_type = models.CharField("type", max_length=80)
    size = models.PositiveIntegerField("taille, en octets")
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField("reçu le")
    family_id = models.BigIntegerField(null=True, db_index=True)
    uploaded_by_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "fichier"


class SealedFile(models.Model):
    """A file that few may read (a health plan, a judgment): its bytes and its name are sealed.

    The room that holds its key says who may read it, and journals each reading.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sealed_name = models.TextField()
    content_type = models.CharField("type", max_length=80)
    size = models.PositiveIntegerField("taille, en octets")
    sealed = models.BinaryField()
    created_at = models.DateTimeField("reçu le")
    uploaded_by_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "fichier scellé"


class IssuedDocument(models.Model):
    """What the town issued, archived and served again as it was; `code` answers at /verifier/."""

    class Kind(models.TextChoices):
        LETTER = "LETTER", "Lettre"
        INVOICE = "INVOICE", "Facture"
        CREDIT_NOTE = "CREDIT_NOTE", "Avoir"
        RECEIPT = "RECEIPT", "Reçu"
        STATEMENT = "STATEMENT", "Relevé"
        TAX_CERTIFICATE = "TAX_CERTIFICATE", "Attestation fiscale"
        ATTENDANCE_CERTIFICATE = "ATTENDANCE_CERTIFICATE", "Attestation de présence"
        ENROLMENT_CERTIFICATE = "ENROLMENT_CERTIFICATE", "Attestation d’inscription"
        SCHOOL_CERTIFICATE = "SCHOOL_CERTIFICATE", "Certificat de scolarité"
        CONTRACT = "CONTRACT", "Contrat"

    kind = models.CharField(max_length=24, choices=Kind)
    number = models.CharField("numéro", max_length=30, unique=True)
    code = models.CharField("code de vérification", max_length=24, unique=True)
    title = models.CharField("titre", max_length=200)
    # What /verifier/ shows to whoever holds the code: enough to compare with the paper, no more.
    public_facts = models.JSONField(default=dict)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField("émis le")
    family_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "document émis"
        indexes = [models.Index(fields=["family_id", "-issued_at"], name="issued_by_family")]
        triggers = append_only()


class Print(models.Model):
    """A long paper that the worker sets: its progress, then its PDF, sealed and wiped some days
    after. `about` is what it is of, in the words of the room that asks («cards:12»)."""

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "en attente"
        RUNNING = "RUNNING", "en cours"
        DONE = "DONE", "prêt"
        FAILED = "FAILED", "en échec"
        WIPED = "WIPED", "effacé"

    about = models.CharField(max_length=80)
    title = models.CharField("titre", max_length=200)
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField("demandé le")
    asked_by = models.CharField("par", max_length=160)
    finished_at = models.DateTimeField("prêt le", null=True)
    expires_at = models.DateTimeField("effacé le", null=True)
    error = models.CharField(max_length=300, blank=True)
    # Those whom it is for, by id, when they were chosen at the asking; in the order of the pages.
    subjects = models.JSONField(default=list)

    class Meta:
        verbose_name = "impression"
        indexes = [models.Index(fields=["about", "-asked_at"], name="print_by_subject")]


class PrintPart(models.Model):
    """A piece of a print's PDF, sealed: thirty thousand letters are never held whole."""

    of = models.ForeignKey(Print, models.CASCADE, related_name="parts")
    rank = models.PositiveIntegerField("rang")
    sealed = models.BinaryField()

    class Meta:
        verbose_name = "morceau d’impression"
        constraints = [models.UniqueConstraint(fields=["of", "rank"], name="print_part_rank_once")]


class DocumentSequence(models.Model):
    """The last number given, per kind and year; locked to give the next."""

    kind = models.CharField(max_length=24)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="document_sequence")]
