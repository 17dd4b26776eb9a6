"""Slots, places and waiting lists. A slot's row is what takers lock; the database refuses one
too many."""

import pgtrigger
from django.db import models
from django.db.models import F, Q, Value

from preau.bookings.enums import HOLDING, LIVE, BookingStatus, SlotStatus
from preau.bookings.rules import GROUP_AGE, adults_needed, group_name, over, room
from preau.bookings.triggers import (
    BOOKED_BY_RIGHT,
    COUNTS_WHAT_IS_SHARED,
    REFUSES_ONE_TOO_MANY,
    STAYS_BY_RIGHT,
)
from preau.kernel.enums import Channel


class Counter(models.Model):
    """Places counted: what is taken, and each limit that may say stop (`rules.room`).

    Triggers refuse that a count grows past a limit, whoever writes. A limit may be set under what
    is taken: nobody is put out, nothing is given until it is met.
    """

    capacity = models.PositiveSmallIntegerField("places")
    # Free places that agents may give and families do not see.
    kept = models.PositiveSmallIntegerField("places gardées par la ville", default=0, db_default=0)
    taken = models.PositiveSmallIntegerField("places prises", default=0)
    # Of which by children of the younger group (under `age_cut` that day).
    young_taken = models.PositiveSmallIntegerField("dont moins de 6 ans", default=0, db_default=0)
    young_capacity = models.PositiveSmallIntegerField("moins de 6 ans", null=True, blank=True)
    old_capacity = models.PositiveSmallIntegerField("6 ans et plus", null=True, blank=True)
    # The age at which a child passes from the first group to the second.
    age_cut = models.PositiveSmallIntegerField(
        "âge des plus grands", default=GROUP_AGE, db_default=GROUP_AGE
    )
    # Adults planned, and how many children of each group one may look after.
    adults = models.PositiveSmallIntegerField("adultes prévus", null=True, blank=True)
    young_per_adult = models.PositiveSmallIntegerField(null=True, blank=True)
    old_per_adult = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(young_taken__lte=F("taken")), name="%(class)s_groups_within_taken"
            ),
            models.CheckConstraint(
                condition=(Q(young_per_adult__isnull=True) | Q(young_per_adult__gt=0))
                & (Q(old_per_adult__isnull=True) | Q(old_per_adult__gt=0)),
                name="%(class)s_ratio_positive",
            ),
        ]

    @property
    def old_taken(self) -> int:
        return self.taken - self.young_taken

    @property
    def young_name(self) -> str:
        return group_name(self.age_cut, young=True)

    @property
    def old_name(self) -> str:
        return group_name(self.age_cut, young=False)

    @property
    def is_over(self) -> bool:
        """Whether more is taken than the limits, lowered since, now allow."""
        return over(self)

    @property
    def is_full(self) -> bool:
        """Whether families may have no place more; the town may still give those it keeps."""
        return room(self, young=True) == room(self, young=False) == 0

    @property
    def adults_needed(self) -> int | None:
        """Adults that the children booked ask for; None when no rule says it."""
        return adults_needed(self, self.young_taken, self.old_taken)


class Slot(Counter):
    """One product of one offering on one day."""

    # Found by the indexes below: a key of its own would be written for nothing.
    offering = models.ForeignKey(
        "catalogue.Offering", models.PROTECT, related_name="+", db_index=False
    )
    product = models.ForeignKey("catalogue.Product", models.PROTECT, related_name="+")
    day = models.DateField("jour")
    # Wall-clock hours in Paris, copied from the product when the slot is opened.
    starts_at = models.TimeField("de")
    ends_at = models.TimeField("à")
    # catalogue.PeriodKind of the day, for the rules.
    period_kind = models.CharField(max_length=16)
    # Whether some of its places are also those of another product of the day (`Pool`).
    shares = models.BooleanField("places partagées", default=False, db_default=False)
    last_ordinal = models.PositiveIntegerField("dernier rang donné", default=0)
    status = models.CharField(max_length=10, choices=SlotStatus, default=SlotStatus.OPEN)
    cancelled_reason = models.CharField("motif", max_length=160, blank=True)

    class Meta:
        verbose_name = "séance"
        constraints = [
            *Counter.Meta.constraints,
            models.UniqueConstraint(fields=["offering", "product", "day"], name="slot_unique"),
        ]
        indexes = [
            models.Index(fields=["day", "offering"], name="slot_by_day"),
            models.Index(fields=["offering", "day"], name="slot_by_offering"),
        ]
        triggers = [
            REFUSES_ONE_TOO_MANY,
            COUNTS_WHAT_IS_SHARED,
            # What is booked, and by which right, hangs on it.
            pgtrigger.ReadOnly(name="keeps_its_offering", fields=["offering"]),
        ]


class Pool(Counter):
    """Places that several products of an offering take from at one moment of a day: a morning
    takes one of the full day's. Its counts follow those of its slots, by trigger."""

    offering = models.ForeignKey("catalogue.Offering", models.CASCADE, related_name="+")
    day = models.DateField("jour")
    # The moment: every slot of the offering under way then is in the pool.
    starts_at = models.TimeField("à")

    class Meta:
        verbose_name = "places partagées"
        constraints = [
            *Counter.Meta.constraints,
            models.UniqueConstraint(fields=["offering", "day", "starts_at"], name="pool_unique"),
        ]
        triggers = [REFUSES_ONE_TOO_MANY]


class PoolSlot(models.Model):
    """A slot whose places are counted in a pool."""

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="members")
    slot = models.ForeignKey(Slot, models.CASCADE, related_name="pools")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "pool"], name="pool_slot_unique"),
        ]


class BookingQuerySet(models.QuerySet["Booking"]):
    """Bookings, by what they hold and for whom."""

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
    # Found by the indexes below: keys of their own would be written for nothing.
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+", db_index=False)
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+", db_index=False)
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
    # The group it is counted in: under the slot's `age_cut` that day.
    is_young = models.BooleanField("moins de 6 ans", default=False, db_default=False)
    # Given by an agent among the places kept back: it goes back there.
    from_kept = models.BooleanField("place gardée", default=False, db_default=False)
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
            models.Index(fields=["family"], name="booking_offered", condition=Q(status="OFFERED")),
            models.Index(
                fields=["slot"],
                name="booking_pending",
                condition=Q(status__in=["WAITING", "OFFERED"]),
            ),
        ]
        triggers = [BOOKED_BY_RIGHT, STAYS_BY_RIGHT]


class Hold(models.Model):
    """A place kept for a child while the family checks what it is about to send.

    It counts in `taken`. It becomes a booking with its ordinal, or is given back at its time.
    """

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="holds")
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    # Whose planning it is: an adult of the household, or the agent who acts for it.
    user_id = models.BigIntegerField()
    ordinal = models.PositiveIntegerField("rang")
    is_young = models.BooleanField(default=False)
    from_kept = models.BooleanField(default=False)
    expires_at = models.DateTimeField("gardée jusqu’à")

    class Meta:
        verbose_name = "place gardée pendant un envoi"
        constraints = [models.UniqueConstraint(fields=["slot", "child"], name="hold_unique")]
        indexes = [
            models.Index(fields=["family", "user_id"], name="hold_by_family"),
            models.Index(fields=["expires_at"], name="hold_by_end"),
        ]


class Terms(models.Model):
    """How long places wait for an answer, and at what age children pass from one group to the
    other: the town's settings, one row."""

    # 0: nothing is held while a family checks.
    hold_minutes = models.PositiveSmallIntegerField("minutes pour vérifier un envoi", default=15)
    offer_hours = models.PositiveSmallIntegerField("heures pour répondre à une offre", default=24)
    # Unless a product or an opening says another.
    age_cut = models.PositiveSmallIntegerField(
        "âge des plus grands", default=GROUP_AGE, db_default=GROUP_AGE
    )

    class Meta:
        verbose_name = "délais des places"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="terms_single_row"),
            models.CheckConstraint(
                condition=Q(hold_minutes__lte=120) & Q(offer_hours__gte=1, offer_hours__lte=336),
                name="terms_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(age_cut__range=(2, 17)), name="terms_age_cut_within_reason"
            ),
        ]


class Submission(models.Model):
    """One sending of a planning, keyed by the form's own key: sending twice is harmless.

    `receipt` is what the family was told, day by day.
    """

    key = models.UUIDField(unique=True)
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+", db_index=False)
    user_id = models.BigIntegerField(null=True)
    reference = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField()
    channel = models.CharField(max_length=10, choices=Channel)
    receipt = models.JSONField(default=list)
    # An agent took it back whole: nothing of it stands.
    undone_at = models.DateTimeField("défait le", null=True)

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
    # The choices whose places were held last, and until when: the calendar tells that the time is
    # over once `Hold` forgot them.
    held = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    held_until = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "planning en préparation"
        constraints = [
            models.UniqueConstraint(fields=["family", "user_id"], name="planning_draft_unique")
        ]
