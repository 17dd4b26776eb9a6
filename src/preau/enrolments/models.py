"""The right to attend an activity over a period, and the documents that it asks for."""

import pgtrigger
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
        # Another offering is another enrolment: what was booked by right of this one stays true.
        triggers = [pgtrigger.ReadOnly(name="keeps_its_offering", fields=["offering"])]


class Regulation(models.Model):
    """A version of the règlement intérieur; once published it never changes."""

    title = models.CharField("titre", max_length=120)
    version = models.CharField("version", max_length=40, unique=True)
    body = models.TextField("texte")
    in_force_on = models.DateField("en vigueur le")
    published_at = models.DateTimeField("publié le", null=True)
    published_by = models.CharField(max_length=160, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "règlement intérieur"
        ordering = ["-in_force_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.title}, {self.version}"


class Acceptance(models.Model):
    """A household accepted a version of the règlement: who, when, by which channel."""

    regulation = models.ForeignKey(Regulation, models.PROTECT, related_name="acceptances")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    guardian = models.ForeignKey("families.Guardian", models.PROTECT, null=True, related_name="+")
    by_label = models.CharField("par", max_length=160)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    at = models.DateTimeField("accepté le")

    class Meta:
        verbose_name = "acceptation du règlement"
        constraints = [
            models.UniqueConstraint(fields=["regulation", "family"], name="acceptance_once")
        ]


class RenewalCampaign(models.Model):
    """Enrolments of one school year renewed for the next: from a day to another."""

    from_year = models.ForeignKey("catalogue.SchoolYear", models.PROTECT, related_name="+")
    to_year = models.OneToOneField("catalogue.SchoolYear", models.PROTECT, related_name="+")
    opens_on = models.DateField("du")
    closes_on = models.DateField("au")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=160)

    class Meta:
        verbose_name = "campagne de renouvellement"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("opens_on")), name="renewal_dates_in_order"
            )
        ]


class Renewal(models.Model):
    """One household's answer: what it keeps for the next year."""

    class Status(models.TextChoices):
        WAITING = "WAITING", "pas encore renouvelé"
        DONE = "DONE", "renouvelé"
        DECLINED = "DECLINED", "ne renouvelle pas"

    campaign = models.ForeignKey(RenewalCampaign, models.PROTECT, related_name="renewals")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    status = models.CharField("état", max_length=8, choices=Status, default=Status.WAITING)
    answered_at = models.DateTimeField("répondu le", null=True)
    answered_by = models.CharField("par", max_length=160, blank=True)
    channel = models.CharField("canal", max_length=10, choices=Channel, blank=True)
    told_at = models.DateTimeField("prévenu le", null=True)
    reminders = models.PositiveSmallIntegerField("rappels", default=0)

    class Meta:
        verbose_name = "renouvellement"
        constraints = [
            models.UniqueConstraint(fields=["campaign", "family"], name="renewal_once_per_family")
        ]


class RenewalLine(models.Model):
    """One enrolment of a child that may go on: in which offering next year, wanted or not."""

    renewal = models.ForeignKey(Renewal, models.CASCADE, related_name="lines")
    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="+")
    offering = models.ForeignKey("catalogue.Offering", models.PROTECT, null=True, related_name="+")
    is_wanted = models.BooleanField("renouvelée", null=True)
    # The enrolment written for the next year.
    new_enrolment = models.ForeignKey(Enrolment, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "inscription à renouveler"
        constraints = [
            models.UniqueConstraint(fields=["renewal", "enrolment"], name="renewal_line_once")
        ]
