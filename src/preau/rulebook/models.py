"""The versions of a town's rules. What was published never changes and is never lost."""

import pgtrigger
from django.db import models
from django.db.models import Q

from preau.rulebook.enums import Status

_KEPT = """
IF (NEW.text, NEW.checksum, NEW.applies_from, NEW.council_decision, NEW.published_at)
   IS DISTINCT FROM
   (OLD.text, OLD.checksum, OLD.applies_from, OLD.council_decision, OLD.published_at)
   OR NEW.status = 'DRAFT' THEN
    RAISE EXCEPTION 'preau: a published rulebook version never changes';
END IF;
RETURN NEW;
"""


class RulebookVersion(models.Model):
    """One version: its text, from which day it applies, the council decision that made it.

    On a day the version in force is the published one that applies from the latest day before.
    `checksum` is the SHA-256 of the text.
    """

    name = models.CharField("nom", max_length=120)
    text = models.TextField("texte")
    checksum = models.CharField(max_length=64)
    status = models.CharField("état", max_length=10, choices=Status, default=Status.DRAFT)
    council_decision = models.CharField("délibération", max_length=160, blank=True)
    executory_on = models.DateField("exécutoire le", null=True, blank=True)
    applies_from = models.DateField("s’applique à partir du", null=True, blank=True)
    applies_until = models.DateField("jusqu’au", null=True, blank=True)
    created_at = models.DateTimeField("créé le")
    updated_at = models.DateTimeField("modifié le")
    author = models.CharField("auteur", max_length=120, blank=True)
    published_at = models.DateTimeField("publié le", null=True, blank=True)
    archived_at = models.DateTimeField("archivé le", null=True, blank=True)

    class Meta:
        verbose_name = "version des règles"
        verbose_name_plural = "versions des règles"
        ordering = ["-applies_from", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["applies_from"],
                condition=Q(status=Status.PUBLISHED),
                name="rulebook_published_once_a_day",
                violation_error_message="Une version publiée s’applique déjà à partir de ce jour.",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.DRAFT)
                | (
                    Q(published_at__isnull=False)
                    & Q(applies_from__isnull=False)
                    & ~Q(council_decision="")
                ),
                name="rulebook_published_complete",
            ),
            models.CheckConstraint(
                condition=Q(applies_until=None) | Q(applies_until__gte=models.F("applies_from")),
                name="rulebook_dates_in_order",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="published_kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=[Status.PUBLISHED, Status.ARCHIVED]),
                func=_KEPT,
            ),
            pgtrigger.Protect(
                name="published_not_deleted",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__status__in=[Status.PUBLISHED, Status.ARCHIVED]),
            ),
        ]

    def __str__(self) -> str:
        return self.name
