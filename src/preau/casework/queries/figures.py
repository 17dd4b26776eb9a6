"""Requests counted: by channel, kind and delay."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q

from preau.casework.models import OPEN_STATUSES, Request, RequestStatus

DECIDED = (RequestStatus.APPROVED, RequestStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """Requests of one group: received, decided, late (decided or not), and the mean delay."""

    group: str
    received: int
    decided: int
    late: int
    mean_delay: timedelta | None


def request_figures(
    *, by: str, since: datetime, until: datetime, day: date
) -> list[RequestFigures]:
    """Requests received between two instants, grouped `by` "channel" or "kind", most first.

    The delay runs from the submission to the decision; automatic decisions count. Late: decided
    after the day promised, or still open past it on `day`.
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
            late=Count(
                "pk",
                filter=Q(decided, decided_at__date__gt=F("due_on"))
                | Q(status__in=OPEN_STATUSES, due_on__lt=day),
            ),
            mean_delay=Avg(delay, filter=decided),
        )
        .order_by("-received")
    )
    field: Any = Request._meta.get_field(by)
    labels = dict(field.flatchoices)
    return [RequestFigures(labels[group], *rest) for group, *rest in rows]
