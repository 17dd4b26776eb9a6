"""Reading certificates, within one family's scope."""

from django.db.models import QuerySet

from preau.certificates.models import Certificate


def list_certificates(*family_ids: int) -> QuerySet[Certificate]:
    """What was certified to this family (its file, those that joined it), latest first."""
    return (
        Certificate.objects.filter(family_id__in=family_ids)
        .select_related("child", "document__file")
        .order_by("-issued_at", "-pk")
    )
