"""What families ask: followed step by step, handled by one agent at a time, applied on approval."""

import uuid

from django.db import models
from django.db.models import Q

from preau.kernel.enums import Channel
from preau.kernel.triggers import append_only


class RequestKind(models.TextChoices):
    NEW_FAMILY = "NEW_FAMILY", "ouverture de dossier"
    ADDRESS_CHANGE = "ADDRESS_CHANGE", "changement d’adresse"
    CONTACT_CHANGE = "CONTACT_CHANGE", "changement de coordonnées"
    ADD_CHILD = "ADD_CHILD", "ajout d’un enfant"
    ADD_GUARDIAN = "ADD_GUARDIAN", "ajout d’un responsable"
    ENROLMENT = "ENROLMENT", "inscription à une activité"
    CRECHE_PLACE = "CRECHE_PLACE", "place en crèche"
    SCHOOL_ENROLMENT = "SCHOOL_ENROLMENT", "inscription à l’école"
    DEROGATION = "DEROGATION", "dérogation scolaire"
    SCHOOL_LEAVING = "SCHOOL_LEAVING", "départ de l’école"
    CHILD_NAME = "CHILD_NAME", "nom d’un enfant"
    QUOTIENT = "QUOTIENT", "quotient familial"
    DIET = "DIET", "repas d’un enfant"
    CARD = "CARD", "nouvelle carte"
    ABSENCE = "ABSENCE", "absence à justifier"
    DOCUMENT = "DOCUMENT", "pièce à vérifier"
    INVOICE_DISPUTE = "INVOICE_DISPUTE", "contestation d’une facture"
    QUESTION = "QUESTION", "question au service"


class RequestStatus(models.TextChoices):
    SUBMITTED = "SUBMITTED", "à traiter"
    WAITING_FAMILY = "WAITING_FAMILY", "attend la famille"
    APPROVED = "APPROVED", "acceptée"
    REFUSED = "REFUSED", "refusée"
    WITHDRAWN = "WITHDRAWN", "retirée"


OPEN_STATUSES = (RequestStatus.SUBMITTED, RequestStatus.WAITING_FAMILY)


class KindSettings(models.Model):
    """For each kind of act the town sets: automatic or validated, by whom, in how many days."""

    kind = models.CharField("acte", max_length=20, choices=RequestKind, unique=True)
    is_automatic = models.BooleanField("sans validation", default=False)
    service = models.ForeignKey(
        "town.Service", models.PROTECT, null=True, related_name="+", verbose_name="service"
    )
    days = models.PositiveSmallIntegerField("délai de réponse, en jours", default=7)
    next_step = models.TextField("ce qui se passe ensuite", blank=True)

    class Meta:
        verbose_name = "réglage des demandes"


class ReferenceSequence(models.Model):
    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)


class Request(models.Model):
    """One request. `payload` holds what is asked, in the kind's own shape (casework.kinds)."""

    reference = models.CharField("référence", max_length=12, unique=True)
    kind = models.CharField("acte", max_length=20, choices=RequestKind)
    family = models.ForeignKey("families.Family", models.PROTECT, null=True, related_name="+")
    child = models.ForeignKey("families.Child", models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    applicant_name = models.CharField("demandeur", max_length=160)
    applicant_email = models.EmailField(blank=True)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    payload = models.JSONField(default=dict)
    summary = models.CharField("en une phrase", max_length=240)
    status = models.CharField(max_length=16, choices=RequestStatus, default=RequestStatus.SUBMITTED)
    service = models.ForeignKey("town.Service", models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField("reçue le")
    due_on = models.DateField("répondre avant le")
    # One agent at a time: held, renewed while the page is open, free again after a while.
    held_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    held_since = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    # Kept on purpose by the agent, for the day; otherwise the next request opened frees it.
    is_kept = models.BooleanField(default=False)
    decided_at = models.DateTimeField("décidée le", null=True)
    decided_by_label = models.CharField(max_length=160, blank=True)
    decision_message = models.TextField("mot pour la famille", blank=True)
    was_automatic = models.BooleanField(default=False)
    # What the approval wrote: ids, and what the file held before (for the undo of one hour).
    result = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    key = models.UUIDField("clé d’envoi", unique=True, null=True)

    class Meta:
        verbose_name = "demande"
        indexes = [
            models.Index(
                fields=["due_on", "id"], name="request_inbox", condition=Q(status="SUBMITTED")
            ),
            models.Index(fields=["status", "-submitted_at"], name="request_by_status"),
            models.Index(fields=["family", "-submitted_at"], name="request_by_family"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=["APPROVED", "REFUSED"]) | Q(decided_at__isnull=False),
                name="request_decided_has_instant",
            )
        ]


class RequestEvent(models.Model):
    """A step of a request, told to the family unless it is internal."""

    class Kind(models.TextChoices):
        SUBMITTED = "SUBMITTED", "reçue"
        PIECE_ASKED = "PIECE_ASKED", "pièce demandée"
        PIECE_GIVEN = "PIECE_GIVEN", "pièce reçue"
        MESSAGE = "MESSAGE", "message"
        NOTE = "NOTE", "note interne"
        APPROVED = "APPROVED", "acceptée"
        REFUSED = "REFUSED", "refusée"
        WITHDRAWN = "WITHDRAWN", "retirée"
        UNDONE = "UNDONE", "décision annulée"
        SIGNED = "SIGNED", "accord de l’autre parent"
        OBJECTED = "OBJECTED", "opposition de l’autre parent"

    request = models.ForeignKey(Request, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=160)
    channel = models.CharField(max_length=10, choices=Channel)
    message = models.TextField(blank=True)
    is_internal = models.BooleanField(default=False)

    class Meta:
        ordering = ["at", "pk"]
        triggers = append_only()


class Signature(models.Model):
    """What a parent answered about a request that needs both (art. 372-2 du code civil).

    There is one for who answered only: who must sign is worked out on the day (queries.signing).
    """

    request = models.ForeignKey(Request, models.PROTECT, related_name="signatures")
    # None: the other parent is in none of our files, its paper was seen by an agent.
    guardian = models.ForeignKey("families.Guardian", models.PROTECT, null=True, related_name="+")
    name = models.CharField("parent", max_length=160)
    agrees = models.BooleanField("est d’accord")
    # For the town alone: what it says about its refusal, or how an agent had it in writing.
    note = models.CharField("mot", max_length=300, blank=True)
    at = models.DateTimeField("répondu le")
    by_label = models.CharField("par", max_length=160)
    channel = models.CharField("canal", max_length=10, choices=Channel)

    class Meta:
        verbose_name = "accord d’un parent"
        constraints = [
            models.UniqueConstraint(
                fields=["request", "guardian"],
                name="signature_once_for_each_parent",
                nulls_distinct=False,
            )
        ]


class RequestFile(models.Model):
    """A piece joined to a request."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="files")
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    document_kind = models.ForeignKey(
        "enrolments.DocumentKind", models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "file"], name="request_file_unique")
        ]


class Draft(models.Model):
    """What is being written and not sent yet. Its id is the key of the sending: sent once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=RequestKind)
    family = models.ForeignKey("families.Family", models.CASCADE, null=True, related_name="+")
    child = models.ForeignKey("families.Child", models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    # Someone unknown so far: the address that a link has verified, and the link's hash.
    email = models.EmailField(blank=True)
    token_hash = models.CharField(max_length=64, unique=True, null=True)
    verified_at = models.DateTimeField(null=True)
    payload = models.JSONField(default=dict)
    # [{"file": uuid, "kind": id or null, "name": "…"}]
    files = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    sent_request_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "brouillon de demande"
