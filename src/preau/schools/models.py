"""Which school and class each pupil goes to, from when to when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Q

from preau.kernel.enums import Channel
from preau.kernel.ranges import DateRange, IntRange
from preau.schools.enums import ImportStatus


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


class PupilRecord(models.Model):
    """What the school register (ONDE) last said of a child, to tell its changes from ours."""

    child = models.OneToOneField("families.Child", models.PROTECT, related_name="+")
    ine = models.CharField(max_length=11, unique=True)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "élève du registre"


class HouseholdRecord(models.Model):
    """The address that the register last gave for a household: a change there is news, a
    difference with the family's own file is not."""

    family = models.OneToOneField("families.Family", models.PROTECT, related_name="+")
    address_key = models.CharField(max_length=320)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "foyer du registre"


class PupilImport(models.Model):
    """One import of ONDE's two files: previewed, then applied by a job, or abandoned."""

    pupils_file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    adults_file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=ImportStatus, default=ImportStatus.PREVIEWED)
    counts = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    examples = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by_label = models.CharField(max_length=160)
    applied_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "import d’élèves"
        ordering = ["-pk"]
