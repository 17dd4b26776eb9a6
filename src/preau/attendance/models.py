"""Who came, from when to when; absences and why; cards."""

from django.db import models
from django.db.models import F, Q

from preau.attendance.enums import (
    AbsenceReason,
    AbsenceStatus,
    AttendanceSource,
    CardStatus,
    Presence,
    TickAct,
    TickOutcome,
)
from preau.kernel.enums import Channel
from preau.kernel.triggers import append_only


class Attendance(models.Model):
    """What the site recorded for one child on one slot. Hours are instants (UTC)."""

    # All three found by the indexes below: keys of their own would be written for nothing.
    slot = models.ForeignKey("bookings.Slot", models.PROTECT, related_name="+", db_index=False)
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+", db_index=False)
    # The household billed when there was no booking (a walk-in).
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+", db_index=False)
    presence = models.CharField(max_length=8, choices=Presence)
    is_walk_in = models.BooleanField("sans réservation", default=False)
    arrived_at = models.DateTimeField("arrivé à", null=True, blank=True)
    left_at = models.DateTimeField("parti à", null=True, blank=True)
    is_justified = models.BooleanField("absence justifiée", null=True)
    source = models.CharField(
        max_length=6, choices=AttendanceSource, default=AttendanceSource.SHEET
    )
    # To whom the child was given, when the site wrote it.
    collected_by = models.CharField(
        "remis à", max_length=120, blank=True, default="", db_default=""
    )
    # The last correction by hand: what a tablet says of an earlier instant changes nothing.
    corrected_at = models.DateTimeField("corrigé le", null=True)
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
        indexes = [
            models.Index(fields=["child", "slot"], name="attendance_by_child"),
            models.Index(fields=["family", "slot"], name="attendance_by_family"),
            # Few rows: those who come cost nothing more to write.
            models.Index(
                fields=["slot", "child"],
                name="attendance_justified",
                condition=models.Q(presence="ABSENT", is_justified=True),
            ),
        ]


class Tick(models.Model):
    """What one tablet said of one child, once: `key` is the tablet's own. Never changed.

    The sheet follows from the ticks by the rule of docs/decisions/0022: earliest arrival,
    earliest departure, presence before absence, a hand's correction before what was earlier.
    """

    key = models.UUIDField(unique=True)
    slot = models.ForeignKey("bookings.Slot", models.PROTECT, related_name="+")
    # None only when a card that nobody knows was scanned.
    child = models.ForeignKey("families.Child", models.PROTECT, null=True, related_name="+")
    act = models.CharField(max_length=7, choices=TickAct)
    # When it was ticked, the tablet's clock set right by ours.
    ticked_at = models.DateTimeField("pointé à")
    received_at = models.DateTimeField("reçu à")
    undoes = models.UUIDField(null=True)
    device = models.CharField("tablette", max_length=40, blank=True)
    collected_by = models.CharField("remis à", max_length=120, blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=160)
    outcome = models.CharField(max_length=8, choices=TickOutcome)
    sentence = models.CharField("ce qui fut fait", max_length=200, blank=True)

    class Meta:
        verbose_name = "pointage de tablette"
        indexes = [models.Index(fields=["slot", "child"], name="tick_by_slot_and_child")]
        triggers = append_only()


class SiteGroup(models.Model):
    """A group of a site: children of these ages, an adult or several each day."""

    establishment = models.ForeignKey("catalogue.Establishment", models.CASCADE, related_name="+")
    name = models.CharField("groupe", max_length=60)
    from_age = models.PositiveSmallIntegerField("à partir de (ans)", default=0)
    to_age = models.PositiveSmallIntegerField("jusqu’à (ans)", default=17)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "groupe"
        ordering = ["position", "from_age", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["establishment", "name"], name="site_group_name_once"),
            models.CheckConstraint(
                condition=Q(to_age__gte=F("from_age")), name="site_group_ages_in_order"
            ),
        ]


class StaffDuty(models.Model):
    """An adult who works at a site on a day, from when to when, with which group."""

    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    day = models.DateField("jour")
    name = models.CharField("nom", max_length=120)
    group = models.ForeignKey(SiteGroup, models.SET_NULL, null=True, related_name="+")
    starts_at = models.TimeField("de")
    ends_at = models.TimeField("à")
    is_absent = models.BooleanField("absent", default=False)
    recorded_at = models.DateTimeField("enregistré le")
    recorded_by = models.CharField("par", max_length=160)

    class Meta:
        verbose_name = "présence d’un adulte"
        ordering = ["starts_at", "name", "pk"]
        indexes = [models.Index(fields=["establishment", "day"], name="staff_by_site_and_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="staff_hours_in_order"
            )
        ]


class SheetClosure(models.Model):
    """The sheet of a slot, closed by the site's manager; later corrections are journaled."""

    slot = models.OneToOneField("bookings.Slot", models.PROTECT, related_name="+")
    closed_at = models.DateTimeField("close le")
    closed_by_id = models.BigIntegerField(null=True)
    closed_by_label = models.CharField(max_length=160)


class AbsenceReport(models.Model):
    """A family says that a child will not come, or did not, and why."""

    # The form's own key: sent twice, reported once.
    key = models.UUIDField(unique=True, null=True)
    reference = models.CharField(max_length=20, unique=True)
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    reason = models.CharField("motif", max_length=16, choices=AbsenceReason)
    comment = models.CharField("précision", max_length=300, blank=True)
    document = models.ForeignKey(
        "documents.StoredFile", models.PROTECT, null=True, related_name="+"
    )
    document_at = models.DateTimeField("pièce reçue le", null=True)
    status = models.CharField(max_length=14, choices=AbsenceStatus, default=AbsenceStatus.REPORTED)
    # What the family was told, day by day: [{"slot", "day", "activity", "sentence", "charged"}].
    effects = models.JSONField("effet annoncé", default=list)
    reported_at = models.DateTimeField("signalée le")
    channel = models.CharField("canal", max_length=10, choices=Channel)
    decided_at = models.DateTimeField(null=True)
    decided_by_label = models.CharField(max_length=160, blank=True)
    decision_comment = models.CharField("réponse", max_length=300, blank=True)

    class Meta:
        verbose_name = "absence signalée"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="absence_dates_in_order"
            )
        ]
        indexes = [
            models.Index(fields=["child", "starts_on"], name="absence_by_child"),
            models.Index(fields=["family", "-reported_at"], name="absence_by_family"),
            models.Index(
                fields=["reported_at"], name="absence_to_decide", condition=Q(status="REPORTED")
            ),
        ]


class Card(models.Model):
    """A child's card. `code` is what its QR holds; a dead card stays, with why and since when."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    code = models.CharField(max_length=12, unique=True)
    rank = models.PositiveSmallIntegerField("numéro d’ordre")
    status = models.CharField(max_length=8, choices=CardStatus, default=CardStatus.ACTIVE)
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


class CardOrder(models.Model):
    """A family asks for the next card of a child; closed when the card is issued."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("demandée le")
    channel = models.CharField("canal", max_length=10, choices=Channel)
    card = models.OneToOneField(Card, models.PROTECT, null=True, related_name="order")

    class Meta:
        verbose_name = "carte demandée"
        constraints = [
            models.UniqueConstraint(
                fields=["child"], condition=Q(card__isnull=True), name="card_order_one_open"
            )
        ]
