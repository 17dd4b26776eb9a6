"""Sessions of the commission, what they decide, and the places offered to families."""

from django.db import models
from django.db.models import Q

from preau.childcare.enums import OfferStatus, Outcome
from preau.childcare.models.places import Section
from preau.childcare.models.wishes import Preregistration


class Commission(models.Model):
    """One session. Closed, its minutes are frozen: numbers and points, never a name."""

    label = models.CharField("nom", max_length=120)
    held_on = models.DateField("réunie le")
    members = models.TextField("membres présents", blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField("close le", null=True)
    closed_by = models.CharField(max_length=160, blank=True)
    minutes = models.JSONField("procès-verbal", default=dict)

    class Meta:
        verbose_name = "commission d’attribution"
        ordering = ["-held_on", "-pk"]

    def __str__(self) -> str:
        return self.label


class CommissionPlace(models.Model):
    """Places that a session may give: how many, in which section, on which days, from when."""

    commission = models.ForeignKey(Commission, models.CASCADE, related_name="places")
    section = models.ForeignKey(Section, models.PROTECT, related_name="+")
    starts_on = models.DateField("à partir du")
    # 0 = Monday.
    weekdays = models.JSONField("jours", default=list)
    count = models.PositiveSmallIntegerField("places", default=1)

    class Meta:
        verbose_name = "places d’une commission"
        ordering = ["section__establishment__name", "section__position", "starts_on", "pk"]


class Decision(models.Model):
    """What a session decided for a file, with the points that it had that day."""

    commission = models.ForeignKey(Commission, models.CASCADE, related_name="decisions")
    preregistration = models.ForeignKey(Preregistration, models.PROTECT, related_name="decisions")
    outcome = models.CharField("décision", max_length=10, choices=Outcome)
    place = models.ForeignKey(CommissionPlace, models.PROTECT, null=True, related_name="decisions")
    # The order in the complementary list of the place.
    substitute_rank = models.PositiveSmallIntegerField(null=True)
    score = models.PositiveSmallIntegerField("points")
    reason = models.CharField("motif", max_length=200, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "décision de commission"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["commission", "preregistration"], name="decision_once_per_session"
            ),
            models.CheckConstraint(
                condition=Q(outcome="WAIT") | Q(place__isnull=False), name="decision_has_place"
            ),
        ]


class Offer(models.Model):
    """A place proposed to a family, until an instant. `week` in minutes from midnight."""

    preregistration = models.ForeignKey(Preregistration, models.PROTECT, related_name="offers")
    section = models.ForeignKey(Section, models.PROTECT, related_name="+")
    place = models.ForeignKey(CommissionPlace, models.PROTECT, null=True, related_name="offers")
    starts_on = models.DateField("à partir du")
    ends_on = models.DateField("jusqu’au")
    week = models.JSONField("horaires", default=list)
    status = models.CharField(max_length=8, choices=OfferStatus, default=OfferStatus.PENDING)
    offered_at = models.DateTimeField("proposée le")
    expires_at = models.DateTimeField("répondre avant")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=160, blank=True)
    reason = models.CharField("motif", max_length=200, blank=True)

    class Meta:
        verbose_name = "place proposée"
        ordering = ["-offered_at", "-pk"]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(status="PENDING"), name="care_offer_to_lapse"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["preregistration"],
                condition=Q(status="PENDING"),
                name="care_offer_one_pending",
            )
        ]
