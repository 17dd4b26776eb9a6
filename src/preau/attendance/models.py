"""Who came, from when to when; absences and why; cards."""

from django.db import models
from django.db.models import F, Q

from preau.kernel.enums import Channel


class Presence(models.TextChoices):
    PRESENT = "PRESENT", "présent"
    ABSENT = "ABSENT", "absent"


class Attendance(models.Model):
    """What the site recorded for one child on one slot. Hours are instants (UTC)."""

    class Source(models.TextChoices):
        SHEET = "SHEET", "liste"
        CARD = "CARD", "carte"

    slot = models.ForeignKey("bookings.Slot", models.PROTECT, related_name="+")
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    # The household billed when there was no booking (a walk-in).
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    presence = models.CharField(max_length=8, choices=Presence)
    is_walk_in = models.BooleanField("sans réservation", default=False)
    arrived_at = models.DateTimeField("arrivé à", null=True, blank=True)
    left_at = models.DateTimeField("parti à", null=True, blank=True)
    is_justified = models.BooleanField("absence justifiée", null=True)
    source = models.CharField(max_length=6, choices=Source, default=Source.SHEET)
    recorded_at = models.DateTimeField("pointé le")
    recorded_by_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "pointage"
        constraints = [
            models.UniqueConstraint(fields=["slot", "child"], name="attendance_once"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True)
                | Q(arrived_at__isnull=True)
                | Q(left_at__gte=F("arrived_at")),
                name="attendance_hours_in_order",
            ),
        ]
        indexes = [models.Index(fields=["child", "slot"], name="attendance_by_child")]


class SheetClosure(models.Model):
    """The sheet of a slot, closed by the site's manager; later corrections are journaled."""

    slot = models.OneToOneField("bookings.Slot", models.PROTECT, related_name="+")
    closed_at = models.DateTimeField("close le")
    closed_by_id = models.BigIntegerField(null=True)
    closed_by_label = models.CharField(max_length=160)


class AbsenceReport(models.Model):
    """A family says that a child will not come, or did not, and why."""

    class Reason(models.TextChoices):
        ILLNESS = "ILLNESS", "maladie"
        FAMILY = "FAMILY", "raison familiale"
        SCHOOL_TRIP = "SCHOOL_TRIP", "sortie scolaire"
        TEACHER_ABSENT = "TEACHER_ABSENT", "enseignant absent"
        OTHER = "OTHER", "autre"

    class Status(models.TextChoices):
        REPORTED = "REPORTED", "signalée"
        JUSTIFIED = "JUSTIFIED", "justifiée"
        NOT_JUSTIFIED = "NOT_JUSTIFIED", "non justifiée"

    reference = models.CharField(max_length=20, unique=True)
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    reason = models.CharField("motif", max_length=16, choices=Reason)
    comment = models.CharField("précision", max_length=300, blank=True)
    document = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, related_name="+"
    )
    document_at = models.DateTimeField("pièce reçue le", null=True)
    status = models.CharField(max_length=14, choices=Status, default=Status.REPORTED)
    reported_at = models.DateTimeField("signalée le")
    channel = models.CharField("canal", max_length=10, choices=Channel)
    decided_at = models.DateTimeField(null=True)
    decided_by_label = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "absence signalée"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="absence_dates_in_order"
            )
        ]
        indexes = [models.Index(fields=["child", "starts_on"], name="absence_by_child")]


class Card(models.Model):
    """A child's card. `code` is what its QR holds; a dead card stays, with why and since when."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "active"
        LOST = "LOST", "perdue"
        REPLACED = "REPLACED", "remplacée"

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    code = models.CharField(max_length=12, unique=True)
    rank = models.PositiveSmallIntegerField("numéro d’ordre")
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    issued_at = models.DateTimeField("remise le")
    ended_at = models.DateTimeField("morte le", null=True)
    ended_channel = models.CharField(max_length=10, choices=Channel, blank=True)
    ended_by_label = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "carte"
        constraints = [
            models.UniqueConstraint(
                fields=["child"], condition=Q(status="ACTIVE"), name="card_one_active_per_child"
            ),
            models.UniqueConstraint(fields=["child", "rank"], name="card_rank_unique"),
            models.CheckConstraint(
                condition=Q(status="ACTIVE", ended_at__isnull=True)
                | (~Q(status="ACTIVE") & Q(ended_at__isnull=False)),
                name="card_dead_since",
            ),
        ]
