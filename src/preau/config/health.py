"""`/healthz`: is this process able to serve? The database answers, the jobs' schema is there."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from preau.ui.access import machine


@machine
def healthz(request: HttpRequest) -> JsonResponse:
    """200 `{"status": "ok"}` when the database answers, 503 otherwise. Says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return JsonResponse({"status": "database unavailable"}, status=503)
    return JsonResponse({"status": "ok"})
