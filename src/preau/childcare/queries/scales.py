"""The published criteria and their versions."""

from datetime import date

from django.db.models import Prefetch, QuerySet

from preau.childcare.models import Criterion, Scale


def scales() -> QuerySet[Scale]:
    """All versions, the latest first, each with its criteria."""
    return Scale.objects.prefetch_related(
        Prefetch("criteria", Criterion.objects.order_by("position", "pk"))
    ).order_by("-applies_from", "-pk")


def scale_on(day: date) -> Scale | None:
    """The published version in force on a day, with its criteria."""
    return scales().filter(published_at__isnull=False, applies_from__lte=day).first()


def scale_to_come(day: date) -> Scale | None:
    """The next published version, if one is already written."""
    return (
        scales()
        .filter(published_at__isnull=False, applies_from__gt=day)
        .order_by("applies_from")
        .first()
    )


def get_scale(scale_id: int) -> Scale | None:
    return scales().filter(pk=scale_id).first()
