"""Requests counted: by channel, kind and delay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q

from preau.casework.models import Request, RequestStatus

DECIDED = (RequestStatus.APPROVED, RequestStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """Requests of one group: received, decided, late, and the mean delay of decisions."""

    group: str
    received: int
    decided: int
    decided_late: int
    mean_delay: timedelta | None


def request_figures(*, by: str, since: datetime, until: datetime) -> list[RequestFigures]:
    """Requests received between two instants, grouped `by` "channel" or "kind", most first.

    The delay runs from the submission to the decision; automatic decisions count.
    """
    if by not in {"channel", "kind"}:
        raise ValueError(by)
    decided = Q(status__in=DECIDED)
    delay = ExpressionWrapper(F("decided_at") - F("submitted_at"), output_field=DurationField())
    rows = (
        Request.objects.filter(submitted_at__gte=since, submitted_at__lt=until)
        .values_list(by)
        .annotate(
            received=Count("pk"),
            decided=Count("pk", filter=decided),
            decided_late=Count("pk", filter=decided & Q(decided_at__date__gt=F("due_on"))),
            mean_delay=Avg(delay, filter=decided),
        )
        .order_by("-received")
    )
    field: Any = Request._meta.get_field(by)
    labels = dict(field.flatchoices)
    return [RequestFigures(labels[group], *rest) for group, *rest in rows]
