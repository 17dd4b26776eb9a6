"""The child's sheet: who collects it, whom to call, what was consented to, its sealed health."""

from django.db import models
from django.db.models import F, Q

from preau.childsheet.enums import CollectorKind, ConsentKind


class ChildSheet(models.Model):
    """One sheet a child, filled by its homes, completed by agents.

    `sealed` is `health.Health`, encrypted: nothing of it is written anywhere in clear.
    """

    child = models.OneToOneField("families.Child", models.PROTECT, related_name="+")
    may_leave_alone = models.BooleanField("peut partir seul", null=True)
    leave_alone_from = models.TimeField("à partir de", null=True, blank=True)
    sealed = models.TextField(blank=True)
    photo = models.ForeignKey("documents.SealedFile", models.PROTECT, null=True, related_name="+")
    vaccine_proof = models.ForeignKey(
        "documents.SealedFile", models.PROTECT, null=True, related_name="+"
    )
    vaccines_checked_at = models.DateTimeField("vaccinations vérifiées le", null=True)
    vaccines_checked_by = models.CharField(max_length=160, blank=True)
    # The last day of the three months for which a child is admitted without its vaccinations.
    provisional_until = models.DateField("admis jusqu’au", null=True, blank=True)
    provisional_reminded_on = models.DateField(null=True, blank=True)
    confirmed_at = models.DateTimeField("fiche relue le", null=True)
    confirmed_by = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "fiche enfant"
        indexes = [
            models.Index(
                fields=["provisional_until"],
                name="sheet_provisional",
                condition=Q(provisional_until__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(leave_alone_from__isnull=True) | Q(may_leave_alone=True),
                name="sheet_hour_when_alone",
            )
        ]


class Collector(models.Model):
    """A person allowed to collect the child, or forbidden to. Removed, it stays with its dates.

    `family` is the home that named it (None: an agent); the other home never sees the phone.
    """

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=9, choices=CollectorKind)
    name = models.CharField("nom", max_length=120)
    relationship = models.CharField("lien", max_length=60, blank=True)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    judgment = models.ForeignKey(
        "documents.SealedFile", models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField("ajouté le")
    added_by = models.CharField("par", max_length=160)
    added_by_id = models.BigIntegerField(null=True)
    # Set at once, or by the other parent where both must sign.
    confirmed_at = models.DateTimeField("confirmé le", null=True)
    confirmed_by = models.CharField(max_length=160, blank=True)
    removed_at = models.DateTimeField("retiré le", null=True)
    removed_by = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "personne pour venir chercher"
        indexes = [
            models.Index(
                fields=["child"], name="collector_by_child", condition=Q(removed_at__isnull=True)
            )
        ]


class EmergencyPhone(models.Model):
    """Whom to call, in order, for each home."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    family = models.ForeignKey("families.Family", models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField("ordre")
    name = models.CharField("nom", max_length=120)
    relationship = models.CharField("lien", max_length=60, blank=True)
    phone = models.CharField("téléphone", max_length=20)

    class Meta:
        verbose_name = "téléphone d’urgence"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["child", "family", "rank"],
                name="emergency_rank_once",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]


class Consent(models.Model):
    """Given or refused, on a date, by someone; withdrawn by either parent at any time."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=ConsentKind)
    is_given = models.BooleanField("accordée")
    family = models.ForeignKey("families.Family", models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField("signée le")
    signed_by = models.CharField("par", max_length=160)
    signed_by_id = models.BigIntegerField(null=True)
    confirmed_at = models.DateTimeField("effective le", null=True)
    confirmed_by = models.CharField(max_length=160, blank=True)
    ended_at = models.DateTimeField("retirée le", null=True)
    ended_by = models.CharField(max_length=160, blank=True)

    class Meta:
        verbose_name = "autorisation"
        constraints = [
            models.UniqueConstraint(
                fields=["child", "kind"],
                condition=Q(ended_at__isnull=True),
                name="consent_one_current",
            )
        ]


class Pai(models.Model):
    """An individual health plan: its paper and its measures are sealed; reviewed each year."""

    child = models.ForeignKey("families.Child", models.PROTECT, related_name="+")
    document = models.ForeignKey(
        "documents.SealedFile", models.PROTECT, null=True, related_name="+"
    )
    sealed_measures = models.TextField(blank=True)
    signed_on = models.DateField("signé le")
    review_on = models.DateField("à revoir le")
    ended_on = models.DateField("terminé le", null=True, blank=True)
    recorded_at = models.DateTimeField("enregistré le")
    recorded_by = models.CharField("par", max_length=160)
    reminded_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "PAI"
        constraints = [
            models.UniqueConstraint(
                fields=["child"], condition=Q(ended_on__isnull=True), name="pai_one_running"
            ),
            models.CheckConstraint(
                condition=Q(review_on__gt=F("signed_on")), name="pai_review_after_signature"
            ),
        ]
        indexes = [
            models.Index(
                fields=["review_on"], name="pai_to_review", condition=Q(ended_on__isnull=True)
            )
        ]
