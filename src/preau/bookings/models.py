"""Slots, places and waiting lists. A slot's row is what takers lock; the database refuses one
too many."""

from django.db import models
from django.db.models import F, Q

from preau.bookings.enums import HOLDING, LIVE, BookingStatus, SlotStatus
from preau.kernel.enums import Channel


class Slot(models.Model):
    """One product of one offering on one day."""

    offering = models.ForeignKey("catalogue.Offering", models.PROTECT, related_name="+")
    product = models.ForeignKey("catalogue.Product", models.PROTECT, related_name="+")
    day = models.DateField("jour")
    # Wall-clock hours in Paris, copied from the product when the slot is opened.
    starts_at = models.TimeField("de")
    ends_at = models.TimeField("à")
    # catalogue.PeriodKind of the day, for the rules.
    period_kind = models.CharField(max_length=16)
    capacity = models.PositiveSmallIntegerField("places")
    # Lowered under what is taken: nobody is put out, places are not given again until it is met.
    wanted_capacity = models.PositiveSmallIntegerField("places voulues", null=True, blank=True)
    taken = models.PositiveSmallIntegerField("places prises", default=0)
    last_ordinal = models.PositiveIntegerField("dernier rang donné", default=0)
    status = models.CharField(max_length=10, choices=SlotStatus, default=SlotStatus.OPEN)
    cancelled_reason = models.CharField("motif", max_length=160, blank=True)

    class Meta:
        verbose_name = "séance"
        constraints = [
            models.UniqueConstraint(fields=["offering", "product", "day"], name="slot_unique"),
            models.CheckConstraint(
                condition=Q(taken__lte=F("capacity")), name="slot_never_overbooked"
            ),
        ]
        indexes = [models.Index(fields=["day", "offering"], name="slot_by_day")]


class BookingQuerySet(models.QuerySet["Booking"]):
    def holding_a_place(self) -> "BookingQuerySet":
        return self.filter(status__in=HOLDING)

    def live(self) -> "BookingQuerySet":
        return self.filter(status__in=LIVE)

    def for_family(self, family_id: int) -> "BookingQuerySet":
        return self.filter(family_id=family_id)


class Booking(models.Model):
    """One child's place on one slot, or its rank in the queue for it.

    `family` is the household that booked and will be billed. A cancelled booking stays, with
    what the rulebook decided: charged or not, and the sentence that says why.
    """

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="bookings")
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    enrolment = models.ForeignKey("enrolments.Enrolment", models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=BookingStatus)
    ordinal = models.PositiveIntegerField("rang")  # taken under the lock: the true order
    channel = models.CharField("canal", max_length=10, choices=Channel)
    booked_at = models.DateTimeField("réservée le")
    booked_by_id = models.BigIntegerField(null=True)
    # A late booking accepted with a surcharge (rulebook), in cents, and its sentence.
    surcharge_cents = models.PositiveIntegerField(default=0)
    decision_sentence = models.CharField(max_length=300, blank=True)
    offer_expires_at = models.DateTimeField("place gardée jusqu’à", null=True)
    cancelled_at = models.DateTimeField("annulée le", null=True)
    cancelled_channel = models.CharField(max_length=10, choices=Channel, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    # After a late cancellation the day may stay due.
    is_charged = models.BooleanField("due", default=True)
    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = "réservation"
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "child"],
                condition=Q(status__in=["CONFIRMED", "WAITING", "OFFERED"]),
                name="booking_one_live_per_child_and_slot",
            ),
            models.CheckConstraint(
                condition=~Q(status="CANCELLED") | Q(cancelled_at__isnull=False),
                name="booking_cancelled_has_instant",
            ),
            models.CheckConstraint(
                condition=~Q(status="OFFERED") | Q(offer_expires_at__isnull=False),
                name="booking_offer_has_limit",
            ),
        ]
        indexes = [
            models.Index(fields=["family", "slot"], name="booking_by_family"),
            models.Index(fields=["child", "slot"], name="booking_by_child"),
            models.Index(
                fields=["slot", "ordinal"], name="booking_queue", condition=Q(status="WAITING")
            ),
        ]


class Submission(models.Model):
    """One sending of a planning, keyed by the form's own key: sending twice is harmless.

    `receipt` is what the family was told, day by day.
    """

    key = models.UUIDField(unique=True)
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    user_id = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField()
    channel = models.CharField(max_length=10, choices=Channel)
    receipt = models.JSONField(default=list)

    class Meta:
        verbose_name = "envoi de planning"
        indexes = [models.Index(fields=["family", "-at"], name="submission_by_family")]


class PlanningDraft(models.Model):
    """Choices not sent yet, kept from one page, visit or device to the next.

    `changes` maps «slot-child» to True (wanted) or False (given up); `history` holds the states
    before, the last one first to come back. `key` will be that of the sending.
    """

    family = models.ForeignKey("families.Family", models.CASCADE, related_name="+")
    # Each adult, and each agent who acts for the family, has choices of its own.
    user_id = models.BigIntegerField()
    key = models.UUIDField(unique=True)
    changes = models.JSONField(default=dict)
    history = models.JSONField(default=list)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "planning en préparation"
        constraints = [
            models.UniqueConstraint(fields=["family", "user_id"], name="planning_draft_unique")
        ]
