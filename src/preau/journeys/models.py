"""What a journey must remember between two of its steps."""

from django.db import models
from django.db.models import F, Q, Value

from preau.kernel.enums import Channel


class MassAct(models.Model):
    """One act of the town on many children at once: asked by an agent, done by the worker.

    `scope` says where it falls: `sites` (ids; null: everywhere), `activity`, `school_class`, or
    the very `slots`. `held` keeps what each booking taken back was (id → status) and `slots` the
    slots cancelled: all that undoing needs. `became` says what undoing made of each booking: a
    word of `Fate`, with why after a colon when it is missed.
    """

    class Kind(models.TextChoices):
        CLOSED_DAY = "CLOSED_DAY", "jour fermé"
        STRIKE = "STRIKE", "grève"
        SCHOOL_TRIP = "SCHOOL_TRIP", "sortie d’une classe"
        TEACHER_ABSENT = "TEACHER_ABSENT", "enseignant absent"
        SESSIONS = "SESSIONS", "séances annulées"

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "en attente"
        RUNNING = "RUNNING", "en cours"
        DONE = "DONE", "fait"
        UNDOING = "UNDOING", "retour en cours"
        UNDONE = "UNDONE", "défait"

    class Fate(models.TextChoices):
        BACK = "BACK", "de nouveau réservé"
        WAITS = "WAITS", "de nouveau en attente"
        QUEUED = "QUEUED", "en liste d’attente"
        MISSED = "MISSED", "pas remis"

    kind = models.CharField("acte", max_length=16, choices=Kind)
    reason = models.CharField("motif", max_length=160)
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    scope = models.JSONField("où", default=dict)
    where = models.CharField("où, en mots", max_length=300)
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    total = models.PositiveIntegerField("enfants concernés", default=0)
    done = models.PositiveIntegerField("réservations retirées", default=0)
    families = models.PositiveIntegerField("familles prévenues", default=0)
    held = models.JSONField(default=dict)
    slots = models.JSONField(default=list)
    restored = models.PositiveIntegerField("réservations remises", default=0)
    queued = models.PositiveIntegerField("mises en liste d’attente", default=0, db_default=0)
    missed = models.PositiveIntegerField("réservations non remises", default=0)
    became = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    key = models.UUIDField(unique=True)
    asked_at = models.DateTimeField("demandé le")
    asked_by = models.CharField("par", max_length=160)
    asked_by_id = models.BigIntegerField(null=True)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    finished_at = models.DateTimeField("fini le", null=True)
    undone_by = models.CharField("défait par", max_length=160, blank=True)
    undo_reason = models.CharField(
        "pourquoi il est défait", max_length=160, blank=True, db_default=""
    )

    class Meta:
        verbose_name = "acte de masse"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="mass_act_dates_in_order"
            )
        ]
        indexes = [models.Index(fields=["-asked_at"], name="mass_act_latest")]


class TakeOver(models.Model):
    """One take-over of another software's files: read, previewed, applied batch by batch.

    What is done is known from the files themselves (their former code): a worker that dies leaves
    a take-over that its next run ends.
    """

    class Status(models.TextChoices):
        READING = "READING", "lecture en cours"
        PREVIEWED = "PREVIEWED", "à valider"
        APPLYING = "APPLYING", "en cours"
        APPLIED = "APPLIED", "appliquée"
        ABANDONED = "ABANDONED", "abandonnée"
        FAILED = "FAILED", "en échec"

    file = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    name = models.CharField("fichier", max_length=200)
    as_of = models.DateField("soldes au")
    status = models.CharField(max_length=10, choices=Status, default=Status.READING)
    # By table: lines read, kept, refused, already here; the encodings met; some of the families.
    counts = models.JSONField(default=dict)
    encodings = models.JSONField(default=dict)
    examples = models.JSONField(default=list)
    # By cash office: [owed, in advance] in cents, as the file says and as it was written.
    totals = models.JSONField(default=dict)
    written = models.JSONField(default=dict)
    families = models.PositiveIntegerField("dossiers à ouvrir", default=0)
    done = models.PositiveIntegerField("dossiers ouverts", default=0)
    created_at = models.DateTimeField("demandée le")
    created_by = models.CharField("par", max_length=160)
    created_by_id = models.BigIntegerField(null=True)
    applied_at = models.DateTimeField("finie le", null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "reprise de dossiers"
        ordering = ["-pk"]


class TakeOverNote(models.Model):
    """What is said of one line of a take-over's file."""

    take_over = models.ForeignKey(TakeOver, models.CASCADE, related_name="notes")
    table = models.CharField(max_length=20)
    line = models.PositiveIntegerField("ligne")
    family = models.CharField("famille", max_length=40, blank=True)
    reason = models.CharField("raison", max_length=300)
    is_refused = models.BooleanField("refusée")

    class Meta:
        verbose_name = "remarque sur une ligne"
        indexes = [models.Index(fields=["take_over", "table", "line"], name="take_over_lines")]


class FamilyAct(models.Model):
    """Two files made one, or one file parted in two: what was changed, and how to put it back.

    `changes` holds the rows that followed (model → ids), those that were changed with what they
    were before, and what was carried of the money.
    """

    class Kind(models.TextChoices):
        MERGE = "MERGE", "réunion de deux dossiers"
        SPLIT = "SPLIT", "séparation d’un foyer"

    class Status(models.TextChoices):
        DONE = "DONE", "fait"
        UNDONE = "UNDONE", "défait"

    kind = models.CharField("acte", max_length=6, choices=Kind)
    status = models.CharField(max_length=6, choices=Status, default=Status.DONE)
    # MERGE: the file that goes on, and the one closed. SPLIT: the old file, and the new one.
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    other = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    from_on = models.DateField("à partir du", null=True)
    report = models.JSONField("ce qui a changé", default=list)
    changes = models.JSONField(default=dict)
    key = models.UUIDField(unique=True)
    at = models.DateTimeField("fait le")
    by_label = models.CharField("par", max_length=160)
    undone_at = models.DateTimeField("défait le", null=True)
    undone_by = models.CharField("défait par", max_length=160, blank=True)

    class Meta:
        verbose_name = "réunion ou séparation"
        ordering = ["-pk"]


class Departure(models.Model):
    """A family that leaves: what ended that day, and how to put back what can be."""

    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    last_on = models.DateField("dernier jour")
    reason = models.CharField("motif", max_length=160)
    # {"enrolments": {id: end}, "bookings": {id: status}, "cards": [ids], "mandates": [refs],
    #  "refunds": [ids]}
    ended = models.JSONField(default=dict)
    at = models.DateTimeField("fait le")
    by_label = models.CharField("par", max_length=160)
    undone_at = models.DateTimeField("défait le", null=True)
    undone_by = models.CharField("défait par", max_length=160, blank=True)

    class Meta:
        verbose_name = "départ d’une famille"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["family"], condition=Q(undone_at__isnull=True), name="departure_once"
            )
        ]
