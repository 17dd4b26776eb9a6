"""Which school and class each pupil goes to, from when to when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Q

from preau.kernel.enums import Channel
from preau.kernel.ranges import DateRange, IntRange
from preau.schools.enums import Cycle, ImportStatus, Outcome, RollOverStatus, Side


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


class SectorSegment(models.Model):
    """A stretch of a street whose children go to this school: numbers `first` to `last`."""

    street = models.CharField("voie", max_length=120)
    # «rue lavoir»: how the street is compared (schools.sectors.street_key).
    street_key = models.CharField(max_length=120)
    side = models.CharField("côté", max_length=4, choices=Side, default=Side.BOTH)
    first = models.PositiveIntegerField("du n°", default=1)
    last = models.PositiveIntegerField("au n°", null=True, blank=True)
    cycle = models.CharField("cycle", max_length=10, choices=Cycle)
    establishment = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "tronçon de secteur"
        ordering = ["street_key", "first", "pk"]
        indexes = [models.Index(fields=["street_key"], name="sector_by_street")]
        constraints = [
            models.CheckConstraint(
                condition=Q(last__isnull=True) | Q(last__gte=F("first")),
                name="sector_numbers_in_order",
            )
        ]


class RollOver(models.Model):
    """From one school year to the next: prepared, applied, undone while no family has acted."""

    from_year = models.ForeignKey("catalogue.SchoolYear", models.PROTECT, related_name="+")
    to_year = models.ForeignKey("catalogue.SchoolYear", models.PROTECT, related_name="+")
    status = models.CharField(max_length=8, choices=RollOverStatus, default=RollOverStatus.PREPARED)
    created_at = models.DateTimeField("préparé le")
    created_by = models.CharField("par", max_length=160)
    applied_at = models.DateTimeField("appliqué le", null=True)
    applied_by = models.CharField(max_length=160, blank=True)
    undone_at = models.DateTimeField("annulé le", null=True)
    undone_by = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "passage à l’année suivante"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["to_year"],
                condition=~Q(status="UNDONE"),
                name="roll_over_once_a_year",
            )
        ]


class Promotion(models.Model):
    """What becomes of one pupil; `is_manual` when an agent said otherwise than the usual."""

    roll_over = models.ForeignKey(RollOver, models.CASCADE, related_name="promotions")
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    level_from = models.CharField("niveau", max_length=4)
    level_to = models.CharField("niveau suivant", max_length=4, blank=True)
    school_from = models.ForeignKey("catalogue.Establishment", models.PROTECT, related_name="+")
    school_to = models.ForeignKey(
        "catalogue.Establishment", models.PROTECT, null=True, related_name="+"
    )
    outcome = models.CharField("devenir", max_length=6, choices=Outcome)
    reason = models.CharField("motif", max_length=160, blank=True)
    is_manual = models.BooleanField(default=False)
    # The schooling written for the next year, once applied.
    schooling_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "passage d’un élève"
        constraints = [
            models.UniqueConstraint(fields=["roll_over", "child"], name="promotion_once_per_child")
        ]
