"""Reading the journal."""

from datetime import datetime

from django.db.models import IntegerField, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from preau.audit.models import Entry


def list_family_entries(family_id: int) -> QuerySet[Entry]:
    """The acts on a family's file, latest first."""
    return Entry.objects.filter(family_id=family_id).order_by("-at", "-pk")


def list_object_entries(object_type: str, object_id: int) -> QuerySet[Entry]:
    """The acts on one object, latest first."""
    return Entry.objects.filter(object_type=object_type, object_id=object_id).order_by("-at", "-pk")


def list_entries() -> QuerySet[Entry]:
    """The whole journal, latest first; to be filtered and paged."""
    return Entry.objects.order_by("-at", "-pk")


def rows_exported(user_id: int, action: str, *, since: datetime) -> int:
    """How many rows this account took out as tables since then."""
    rows = Cast(KeyTextTransform("rows", "data"), IntegerField())
    found = Entry.objects.filter(actor_user_id=user_id, action=action, at__gte=since)
    return found.aggregate(total=Sum(rows))["total"] or 0
