"""The right to attend an activity over a period, and the documents that it asks for."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Q

from preau.kernel.enums import Channel
from preau.kernel.ranges import DateRange, IntRange


class DocumentKind(models.Model):
    """A piece that the town may ask for: insurance, vaccinations, proof of address…"""

    class Subject(models.TextChoices):
        CHILD = "CHILD", "un par enfant"
        FAMILY = "FAMILY", "un par famille"

    slug = models.SlugField(unique=True)
    name = models.CharField("nom", max_length=80)
    hint = models.CharField("aide", max_length=200, blank=True)
    subject = models.CharField(max_length=8, choices=Subject, default=Subject.CHILD)
    # None: no expiry. SCHOOL_YEAR: until 31 August.
    valid_months = models.PositiveSmallIntegerField("validité, en mois", null=True, blank=True)
    until_school_year_end = models.BooleanField("valable l’année scolaire", default=False)
    is_sensitive = models.BooleanField("donnée de santé", default=False)

    class Meta:
        verbose_name = "type de pièce"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RequiredDocument(models.Model):
    activity = models.ForeignKey("catalogue.Activity", models.CASCADE, related_name="+")
    kind = models.ForeignKey(DocumentKind, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "pièce demandée"
        constraints = [
            models.UniqueConstraint(fields=["activity", "kind"], name="required_document_unique")
        ]


class ProvidedDocument(models.Model):
    """A piece in the file, accepted by an agent or waiting to be."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED", "reçue, à vérifier"
        ACCEPTED = "ACCEPTED", "acceptée"
        REFUSED = "REFUSED", "refusée"

    kind = models.ForeignKey(DocumentKind, models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    child = models.ForeignKey("families.Child", models.PROTECT, null=True, related_name="+")
    file = models.ForeignKey("documents.StoredFile", models.PROTECT, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.RECEIVED)
    provided_at = models.DateTimeField("reçue le")
    expires_on = models.DateField("valable jusqu’au", null=True, blank=True)
    refusal_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "pièce"
        indexes = [models.Index(fields=["family", "kind"], name="provided_by_family")]


class Enrolment(models.Model):
    """A child may attend an offering from one day to another. Enrolled is not booked."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "inscrit"
        ENDED = "ENDED", "terminée"

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    # The household that asked; a shared child's other household has an enrolment of its own.
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    offering = models.ForeignKey("catalogue.Offering", models.PROTECT, related_name="+")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    created_at = models.DateTimeField("inscrit le")
    ended_reason = models.CharField("motif de fin", max_length=200, blank=True)
    # Upwards, by id: the request that asked for it.
    request_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "inscription"
        indexes = [
            models.Index(fields=["family", "status"], name="enrolment_by_family"),
            models.Index(fields=["offering", "status"], name="enrolment_by_offering"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="enrolment_dates_in_order"
            ),
            ExclusionConstraint(
                name="enrolment_once_at_a_time",
                expressions=[
                    (IntRange("child_id", "child_id"), "&&"),
                    (IntRange("family_id", "family_id"), "&&"),
                    (IntRange("offering_id", "offering_id"), "&&"),
                    (DateRange("starts_on", "ends_on"), "&&"),
                ],
                condition=Q(status="ACTIVE"),
            ),
        ]
