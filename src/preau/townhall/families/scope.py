"""Finding a family's file for an agent: within what he may see, 404 otherwise."""

from django.http import Http404, HttpRequest

from preau.journeys.family_file import visible_family
from preau.kernel.clock import paris_day, utc_now


def get_family_or_404(request: HttpRequest, code: str):
    """The file under this code, if this agent may open it. Raises Http404."""
    family = visible_family(request.user, code, paris_day(utc_now()))
    if family is None:
        raise Http404
    return family
