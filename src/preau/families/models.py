"""Households, their adults and children, who lives where when, and the quotient."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from preau.families.enums import (
    Civility,
    CustodyHolidays,
    CustodyWeeks,
    Diet,
    ExceptionStatus,
    FamilyStatus,
    ParentingBasis,
    ParentingEffect,
    QuotientSource,
    Sex,
)
from preau.families.search import search_document
from preau.kernel.enums import Channel
from preau.kernel.ranges import DateRange, IntRange


class Family(models.Model):
    """The household that books and pays. Its code is drawn at random, never from its name."""

    code = models.CharField("code famille", max_length=8, unique=True)
    name = models.CharField("nom du dossier", max_length=160)
    sort_key = models.CharField(max_length=160, db_index=True)
    status = models.CharField(max_length=8, choices=FamilyStatus, default=FamilyStatus.ACTIVE)
    address_line1 = models.CharField("adresse", max_length=120)
    address_line2 = models.CharField("complément", max_length=120, blank=True)
    postcode = models.CharField("code postal", max_length=10)
    city = models.CharField("commune", max_length=80)
    country = models.CharField("pays", max_length=60, default="FRANCE")
    # Derived from the address by families.rules.is_resident when it is written.
    is_resident = models.BooleanField("habite la commune")
    address_since = models.DateField("depuis le", null=True, blank=True)
    created_at = models.DateTimeField("ouvert le")
    closed_on = models.DateField("clos le", null=True, blank=True)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    # The true address is sealed apart (ProtectedAddress): the one here is for the post alone.
    is_protected = models.BooleanField("adresse protégée", default=False, db_default=False)
    # Its code in the software before Préau: agents still look for it, a take-over knows it by it.
    former_code = models.CharField(
        "ancien code", max_length=40, blank=True, default="", db_default=""
    )
    # Set when it was found to be the same family as another file, which goes on alone.
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    # Another file joined it: its invoices and issued documents are still that file's own.
    has_joined = models.BooleanField("dossiers réunis", default=False, db_default=False)
    # Every word by which an agent may look for the file (families.search), kept by the services.
    search_text = models.TextField(default="")
    search_words = models.GeneratedField(
        expression=search_document("search_text"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        verbose_name = "dossier famille"
        indexes = [GinIndex(fields=["search_words"], fastupdate=False, name="family_search")]
        constraints = [
            models.UniqueConstraint(
                fields=["former_code"],
                condition=~Q(former_code=""),
                name="family_former_code_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def printed_code(self) -> str:
        """«4027316 K», as letters and screens show it."""
        return f"{self.code[:7]} {self.code[7:]}"


class Guardian(models.Model):
    """An adult of the household, with an account of its own once a letter or e-mail invites it."""

    family = models.ForeignKey(Family, models.PROTECT, related_name="guardians")
    user = models.OneToOneField("accounts.User", models.PROTECT, null=True, related_name="+")
    civility = models.CharField("civilité", max_length=3, choices=Civility, blank=True)
    last_name = models.CharField("nom de naissance", max_length=80)
    usage_name = models.CharField("nom d’usage", max_length=80, blank=True)
    first_name = models.CharField("prénom", max_length=80)
    birth_on = models.DateField("né(e) le", null=True, blank=True)
    relationship = models.CharField("lien", max_length=40, blank=True)
    email = models.EmailField("adresse e-mail", blank=True)
    mobile_phone = models.CharField("téléphone portable", max_length=20, blank=True)
    home_phone = models.CharField("téléphone du domicile", max_length=20, blank=True)
    work_phone = models.CharField("téléphone du travail", max_length=20, blank=True)
    has_authority = models.BooleanField("autorité parentale", default=True)
    # The named adult to whom the household's invoices are addressed.
    is_payer = models.BooleanField("redevable", default=False)
    search_key = models.CharField(max_length=320)
    created_at = models.DateTimeField("ajouté le")
    left_on = models.DateField("a quitté le foyer le", null=True, blank=True)

    class Meta:
        verbose_name = "responsable"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["family"],
                condition=Q(is_payer=True, left_on__isnull=True),
                name="guardian_one_payer_per_family",
            )
        ]
        indexes = [models.Index(fields=["email"], name="guardian_by_email")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.usage_name or self.last_name}"


class Child(models.Model):
    """A child. It may live in two households: `Custody` says where, when, and who pays."""

    last_name = models.CharField("nom", max_length=80)
    usage_name = models.CharField("nom d’usage", max_length=80, blank=True)
    first_name = models.CharField("prénom", max_length=80)
    # None only for a child to be born (crèche pre-registration): see expected_on.
    birth_on = models.DateField("né(e) le", null=True, blank=True)
    expected_on = models.DateField("naissance prévue le", null=True, blank=True)
    sex = models.CharField("sexe", max_length=1, choices=Sex, blank=True)
    ine = models.CharField("INE", max_length=11, unique=True, null=True, blank=True)
    diet = models.CharField("repas", max_length=10, choices=Diet, default=Diet.STANDARD)
    has_pai = models.BooleanField("PAI", default=False)
    photo_consent = models.BooleanField("photos autorisées", null=True)
    search_key = models.CharField(max_length=240)
    created_at = models.DateTimeField("ajouté le")
    left_on = models.DateField("a quitté la commune le", null=True, blank=True)
    former_code = models.CharField(
        "ancien code", max_length=40, blank=True, default="", db_default=""
    )
    # Set when it was found to be the same child as another row, which goes on alone.
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "enfant"
        ordering = ["birth_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["former_code"],
                condition=~Q(former_code=""),
                name="child_former_code_unique",
            ),
            models.CheckConstraint(
                condition=Q(birth_on__isnull=False) | Q(expected_on__isnull=False),
                name="child_born_or_expected",
            ),
        ]
        indexes = [
            models.Index(fields=["birth_on"], name="child_by_birth"),
            models.Index(fields=["search_key"], name="child_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.usage_name or self.last_name}"


class Custody(models.Model):
    """The child lives in this household over a period: all the time, some weeks or some days.

    `families.custody` says from it, and from the exceptions, who has the child on each day.
    """

    child = models.ForeignKey(Child, models.PROTECT, related_name="custodies")
    family = models.ForeignKey(Family, models.PROTECT, related_name="custodies")
    weeks = models.CharField(max_length=4, choices=CustodyWeeks, default=CustodyWeeks.ALL)
    # With weeks=DAYS: Monday to Sunday of the even weeks, then of the odd ones, "1" here.
    days = models.CharField("jours", max_length=14, blank=True, default="", db_default="")
    holidays = models.CharField(
        "vacances",
        max_length=12,
        choices=CustodyHolidays,
        default=CustodyHolidays.AS_WEEKS,
        db_default=CustodyHolidays.AS_WEEKS,
    )
    starts_on = models.DateField("du")
    ends_on = models.DateField("au", null=True, blank=True)

    class Meta:
        verbose_name = "garde"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="custody_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(weeks=CustodyWeeks.DAYS, days__regex=r"^[01]{14}$")
                | (~Q(weeks=CustodyWeeks.DAYS) & Q(days="")),
                name="custody_days_when_chosen",
            ),
            ExclusionConstraint(
                name="custody_once_per_child_and_family",
                expressions=[
                    (IntRange("child_id", "child_id"), "&&"),
                    (IntRange("family_id", "family_id"), "&&"),
                    (DateRange("starts_on", "ends_on"), "&&"),
                ],
            ),
        ]


class CustodyException(models.Model):
    """A few days spent in the other home: asked by one home, agreed by the other or typed by an
    agent. `family` is where the child will be. The last one agreed wins over those before."""

    child = models.ForeignKey(Child, models.PROTECT, related_name="custody_exceptions")
    family = models.ForeignKey(Family, models.PROTECT, related_name="+")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    status = models.CharField(
        max_length=9, choices=ExceptionStatus, default=ExceptionStatus.PROPOSED
    )
    # Which household asked; None: an agent typed it.
    asked_by = models.ForeignKey(Family, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField("demandé le")
    asked_label = models.CharField(max_length=160)
    answered_at = models.DateTimeField("répondu le", null=True)
    answered_label = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "jours échangés"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="custody_exception_dates_in_order"
            )
        ]
        indexes = [models.Index(fields=["child", "starts_on"], name="custody_exception_by_child")]


class ParentingRecord(models.Model):
    """A disagreement or a judgment about a child, and what it changes; ended, never erased."""

    child = models.ForeignKey(Child, models.PROTECT, related_name="parenting_records")
    basis = models.CharField("fondement", max_length=12, choices=ParentingBasis)
    effect = models.CharField("effet", max_length=13, choices=ParentingEffect)
    # The adult it speaks of; for NO_COLLECTION it may be somebody else, by name.
    guardian = models.ForeignKey(Guardian, models.PROTECT, null=True, related_name="+")
    person_name = models.CharField("personne", max_length=160, blank=True)
    reference = models.CharField("référence", max_length=160, blank=True)
    document = models.ForeignKey(
        "documents.SealedFile", models.PROTECT, null=True, related_name="+"
    )
    starts_on = models.DateField("à partir du")
    ends_on = models.DateField("jusqu’au", null=True, blank=True)
    recorded_at = models.DateTimeField("enregistré le")
    recorded_by = models.CharField("par", max_length=160)
    lifted_at = models.DateTimeField("levé le", null=True)
    lifted_by = models.CharField(max_length=160, blank=True)
    lifted_reason = models.CharField("motif", max_length=200, blank=True)

    class Meta:
        verbose_name = "décision sur l’autorité parentale"
        indexes = [models.Index(fields=["child", "starts_on"], name="parenting_by_child")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="parenting_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(effect=ParentingEffect.BOTH_SIGN)
                | Q(guardian__isnull=False)
                | ~Q(person_name=""),
                name="parenting_says_whom",
            ),
        ]


class ProtectedAddress(models.Model):
    """Where a protected household truly lives, sealed. Few may read it; each reading is kept."""

    family = models.OneToOneField(Family, models.PROTECT, related_name="+")
    sealed = models.TextField()
    reason = models.CharField("motif", max_length=200, blank=True)
    protected_at = models.DateTimeField("protégée le")
    protected_by = models.CharField("par", max_length=160)

    class Meta:
        verbose_name = "adresse protégée"


class Quotient(models.Model):
    """A family quotient over a period, with its source. Never edited: a new one supersedes it.

    `value_cents` is the quotient times 100 (some funds publish decimals). The one in force on a
    day is the last recorded among those whose period holds the day.
    """

    family = models.ForeignKey(Family, models.PROTECT, related_name="quotients")
    value_cents = models.PositiveIntegerField("quotient, en centièmes")
    source = models.CharField("source", max_length=10, choices=QuotientSource)
    starts_on = models.DateField("valable du")
    ends_on = models.DateField("au", null=True, blank=True)
    recorded_at = models.DateTimeField("enregistré le")
    recorded_by = models.CharField("par", max_length=160)
    document_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = "quotient familial"
        indexes = [models.Index(fields=["family", "starts_on"], name="quotient_by_family")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="quotient_dates_in_order",
            )
        ]


class EmailToken(models.Model):
    """A link sent by e-mail: verify an address, open a file. Only its hash is kept."""

    class Purpose(models.TextChoices):
        VERIFY = "VERIFY", "vérifier une adresse"
        OPEN_FILE = "OPEN_FILE", "ouvrir un dossier"

    purpose = models.CharField(max_length=12, choices=Purpose)
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True)
    guardian = models.ForeignKey(Guardian, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class LetterBatch(models.Model):
    """First letters made by a job: progress, then one PDF to print, wiped after some days.

    The PDF holds passwords in clear: it is sealed, and opens for those who may see families.
    """

    class Status(models.TextChoices):
        QUEUED = "QUEUED", "en attente"
        RUNNING = "RUNNING", "en cours"
        DONE = "DONE", "prêt"
        FAILED = "FAILED", "en échec"
        WIPED = "WIPED", "effacé"

    label = models.CharField("lettres", max_length=160)
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    guardian_ids = models.JSONField(default=list)
    done = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField("demandées le")
    created_by = models.CharField("par", max_length=160)
    created_by_id = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField("effacé le", null=True)
    sealed_pdf = models.BinaryField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "lot de lettres"
