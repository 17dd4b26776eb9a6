"""When children really came and left, why they did not, and every correction of it."""

from django.db import models
from django.db.models import F, Q

from preau.childcare.enums import CareAbsence, PunchSource
from preau.childcare.models.contracts import Contract
from preau.kernel.enums import Channel
from preau.kernel.ticks import TickAct, TickOutcome
from preau.kernel.triggers import append_only


class Presence(models.Model):
    """One day of one contract: arrival and departure, as they were noted or corrected."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="presences")
    day = models.DateField("jour")
    arrived_at = models.DateTimeField("arrivé à")
    left_at = models.DateTimeField("parti à", null=True)
    arrived_by = models.CharField(max_length=6, choices=PunchSource)
    left_by = models.CharField(max_length=6, choices=PunchSource, blank=True)
    is_corrected = models.BooleanField("corrigé", default=False)
    collected_by = models.CharField(
        "remis à", max_length=120, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = "pointage de crèche"
        constraints = [
            models.UniqueConstraint(fields=["contract", "day"], name="presence_once_a_day"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gt=F("arrived_at")),
                name="presence_hours_in_order",
            ),
        ]
        indexes = [models.Index(fields=["day"], name="presence_by_day")]


class Punch(models.Model):
    """What one tablet said of one child at the door, once, and never changed.

    The day's hours follow from them by the rule of docs/decisions/0022.
    """

    key = models.UUIDField(unique=True)
    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    # None only when nobody here has the code.
    contract = models.ForeignKey(Contract, models.PROTECT, null=True, related_name="punches")
    day = models.DateField("jour")
    act = models.CharField(max_length=7, choices=TickAct)
    source = models.CharField(max_length=6, choices=PunchSource)
    # When it was said, the tablet's clock set right by ours.
    punched_at = models.DateTimeField("pointé à")
    received_at = models.DateTimeField("reçu à")
    undoes = models.UUIDField(null=True)
    device = models.CharField("tablette", max_length=40, blank=True)
    collected_by = models.CharField("remis à", max_length=120, blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=160)
    outcome = models.CharField(max_length=8, choices=TickOutcome)
    sentence = models.CharField("ce qui fut fait", max_length=200, blank=True)

    class Meta:
        verbose_name = "geste à la porte"
        indexes = [models.Index(fields=["contract", "day"], name="punch_by_contract_and_day")]
        triggers = append_only()


class PresenceCorrection(models.Model):
    """What was noted, what it became, why and by whom: rows are added, never changed."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="+")
    day = models.DateField("jour")
    before = models.CharField("avant", max_length=40, blank=True)
    after = models.CharField("après", max_length=40, blank=True)
    reason = models.CharField("motif", max_length=200)
    corrected_at = models.DateTimeField("corrigé le")
    corrected_by = models.CharField("par", max_length=160)

    class Meta:
        verbose_name = "correction de pointage"
        indexes = [models.Index(fields=["contract", "day"], name="presence_corrections")]
        triggers = append_only()


class Absence(models.Model):
    """A child under contract will not come, or did not, and why."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="absences")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    reason = models.CharField("motif", max_length=10, choices=CareAbsence)
    # Only that a certificate came; what it says is not kept in clear.
    certificate_at = models.DateTimeField("certificat reçu le", null=True)
    certificate = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, related_name="+"
    )
    reported_at = models.DateTimeField("signalée le")
    reported_by = models.CharField(max_length=160)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    cancelled_at = models.DateTimeField(null=True)
    # The general report («Signaler une absence») that it comes from.
    report_id = models.BigIntegerField(null=True, db_index=True)

    class Meta:
        verbose_name = "absence de crèche"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="care_absence_dates_in_order"
            )
        ]
        indexes = [models.Index(fields=["contract", "starts_on"], name="care_absence_by_contract")]
