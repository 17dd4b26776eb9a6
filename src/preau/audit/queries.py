"""Reading the journal."""

from django.db.models import QuerySet

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
