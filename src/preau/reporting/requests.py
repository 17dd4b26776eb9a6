"""Requests by delay and channel: how long families wait for an answer, and how they ask."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

GROUPS = {
    "channel": "request.channel",
    "kind": "request.kind",
    "month": "to_char(request.submitted_at AT TIME ZONE 'Europe/Paris', 'YYYY-MM')",
    "service": "coalesce(service.name, '')",
}
# Days of waiting, upper bounds excluded.
DELAYS = ((0, 1), (1, 3), (3, 8), (8, 16), (16, 100_000))

STATEMENT = """
SELECT {group} AS label, count(*),
    count(*) FILTER (WHERE decided),
    count(*) FILTER (WHERE decided AND waited < 1),
    count(*) FILTER (WHERE decided AND waited >= 1 AND waited < 3),
    count(*) FILTER (WHERE decided AND waited >= 3 AND waited < 8),
    count(*) FILTER (WHERE decided AND waited >= 8 AND waited < 16),
    count(*) FILTER (WHERE decided AND waited >= 16),
    count(*) FILTER (WHERE request.status IN ('SUBMITTED', 'WAITING_FAMILY')
        AND request.due_on < %(day)s OR decided AND
        (request.decided_at AT TIME ZONE 'Europe/Paris')::date > request.due_on),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE decided),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY waited) FILTER (WHERE decided)
FROM (
    SELECT request.*, request.status IN ('APPROVED', 'REFUSED') AS decided,
        extract(epoch FROM request.decided_at - request.submitted_at) / 86400.0 AS waited
    FROM casework_request request
    WHERE request.submitted_at >= %(since)s AND request.submitted_at < %(until)s
) request
LEFT JOIN town_service service ON service.id = request.service_id
GROUP BY 1 ORDER BY {order}
"""


@dataclass(frozen=True, slots=True)
class DelayRow:
    """Requests received in a group. Delays in days, from the sending to the decision."""

    label: str
    received: int
    decided: int
    same_day: int
    to_2_days: int
    to_a_week: int
    to_15_days: int
    longer: int
    late: int
    median_days: float | None
    ninth_decile_days: float | None


def request_delays(*, by: str, since: datetime, until: datetime, day: date) -> list[DelayRow]:
    """Requests received between two instants, by `channel`, `kind`, `month` or `service`.

    Labels are codes for channels and kinds: the screen gives their words.
    """
    order = "1" if by == "month" else "2 DESC, 1"
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT.format(group=GROUPS[by], order=order),
            {"since": since, "until": until, "day": day},
        )
        return [DelayRow(*row) for row in cursor.fetchall()]
