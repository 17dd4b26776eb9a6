"""What a journey must remember between two of its steps."""

from django.db import models
from django.db.models import F, Q

from preau.kernel.enums import Channel


class MassAct(models.Model):
    """One act of the town on many children at once: asked by an agent, done by the worker.

    `scope` says where it falls: `sites` (ids; null: everywhere), `activity`, `school_class`.
    `held` keeps what each booking taken back was (id → status) and `slots` the slots cancelled:
    all that undoing needs.
    """

    class Kind(models.TextChoices):
        CLOSED_DAY = "CLOSED_DAY", "jour fermé"
        STRIKE = "STRIKE", "grève"
        SCHOOL_TRIP = "SCHOOL_TRIP", "sortie d’une classe"
        TEACHER_ABSENT = "TEACHER_ABSENT", "enseignant absent"

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "en attente"
        RUNNING = "RUNNING", "en cours"
        DONE = "DONE", "fait"
        UNDOING = "UNDOING", "retour en cours"
        UNDONE = "UNDONE", "défait"

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
    missed = models.PositiveIntegerField("réservations non remises", default=0)
    key = models.UUIDField(unique=True)
    asked_at = models.DateTimeField("demandé le")
    asked_by = models.CharField("par", max_length=160)
    asked_by_id = models.BigIntegerField(null=True)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    finished_at = models.DateTimeField("fini le", null=True)
    undone_by = models.CharField("défait par", max_length=160, blank=True)

    class Meta:
        verbose_name = "acte de masse"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="mass_act_dates_in_order"
            )
        ]
        indexes = [models.Index(fields=["-asked_at"], name="mass_act_latest")]
