"""Money set aside for days booked of what is paid in advance."""

from django.db import models
from django.db.models import Q


class PrepaidHold(models.Model):
    """Money of the account set aside for one booked day of a prepaid activity.

    Given back when the day is given up at no cost, used by the invoice that bills the day.
    """

    account = models.ForeignKey("billing.FamilyAccount", models.PROTECT, related_name="holds")
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    slot = models.ForeignKey("bookings.Slot", models.PROTECT, related_name="+")
    cents = models.PositiveIntegerField()
    movement = models.OneToOneField("billing.Movement", models.PROTECT, related_name="+")
    held_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "somme mise de côté"
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "child", "account"],
                condition=Q(ended_at__isnull=True),
                name="prepaid_hold_once",
            ),
            models.CheckConstraint(condition=Q(cents__gt=0), name="prepaid_hold_positive"),
        ]
        indexes = [
            models.Index(
                fields=["account"], condition=Q(ended_at__isnull=True), name="prepaid_hold_open"
            )
        ]
