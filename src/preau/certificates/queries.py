"""Reading certificates, within one family's scope."""

from django.db.models import QuerySet

from preau.certificates.models import Certificate


def list_certificates(family_id: int) -> QuerySet[Certificate]:
    """What was certified to this family, latest first, with the child and the document."""
    return (
        Certificate.objects.filter(family_id=family_id)
        .select_related("child", "document__file")
        .order_by("-issued_at", "-pk")
    )
