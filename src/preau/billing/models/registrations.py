"""Which households and children a registration fee, once billed, was paid for."""

from django.db import models
from django.db.models import Q


class RegistrationPaid(models.Model):
    """A fee billed once: for a household (`child` empty), and for each child who made it due.

    These rows follow a file that is joined, a household that parts and a child who moves: the
    invoice's line stays as it was issued, and the fee is not asked again for the same time.
    """

    line = models.ForeignKey("billing.InvoiceLine", models.PROTECT, related_name="+")
    activity = models.ForeignKey("catalogue.Activity", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, null=True, related_name="+")
    child = models.ForeignKey("families.Child", models.PROTECT, null=True, related_name="+")
    # The year, term or month, as the fee's key names it, and which instalment.
    span = models.CharField(max_length=30)
    part = models.PositiveSmallIntegerField(default=1)

    class Meta:
        verbose_name = "frais d’inscription payés"
        indexes = [models.Index(fields=["activity", "span"], name="registration_paid_for")]
        constraints = [
            models.CheckConstraint(
                condition=Q(family__isnull=False) | Q(child__isnull=False),
                name="registration_paid_for_somebody",
            )
        ]
