"""The journal of who did what: append-only, kept by ids so that it sits under every domain."""

from django.db import models

from preau.kernel.enums import Channel
from preau.kernel.triggers import append_only


class Entry(models.Model):
    """One act. `family_id` and `object_id` are plain ids: the journal outlives what it tells."""

    at = models.DateTimeField("quand")
    actor_user_id = models.BigIntegerField("compte", null=True)
    actor_label = models.CharField("qui", max_length=160)
    channel = models.CharField("canal", max_length=10, choices=Channel)
    action = models.CharField("acte", max_length=60)
    summary = models.CharField("quoi", max_length=400)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.BigIntegerField(null=True)
    family_id = models.BigIntegerField(null=True)
    data = models.JSONField("détail", default=dict)

    class Meta:
        verbose_name = "entrée du journal"
        indexes = [
            models.Index(fields=["family_id", "-at"], name="audit_by_family"),
            models.Index(fields=["object_type", "object_id"], name="audit_by_object"),
            models.Index(fields=["-at"], name="audit_by_time"),
        ]
        triggers = append_only()
