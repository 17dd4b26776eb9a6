"""Which school and class each pupil goes to, from when to when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Q

from preau.kernel.enums import Channel
from preau.kernel.ranges import DateRange, IntRange


class Schooling(models.Model):
    """A pupil at a school, in a class once it is known."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    school_class = models.ForeignKey(
        "catalogue.SchoolClass", models.PROTECT, null=True, related_name="+"
    )
    school_year = models.ForeignKey("catalogue.SchoolYear", models.PROTECT, related_name="+")
    level = models.CharField("niveau", max_length=4)
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    channel = models.CharField("canal", max_length=10, choices=Channel)
    source = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "scolarité"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="schooling_dates_in_order"
            ),
            ExclusionConstraint(
                name="schooling_one_at_a_time",
                expressions=[
                    (IntRange("child_id", "child_id"), "&&"),
                    (DateRange("starts_on", "ends_on"), "&&"),
                ],
            ),
        ]
        indexes = [models.Index(fields=["school_class"], name="schooling_by_class")]
