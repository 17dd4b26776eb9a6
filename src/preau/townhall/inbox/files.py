"""Pieces seen by an agent: those of requests and files that its rights open."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.casework import queries
from preau.documents import queries as documents
from preau.journeys.family_file import visible_families
from preau.kernel.clock import paris_day, utc_now
from preau.townhall.access import agent_required
from preau.townhall.inbox.scope import visible_requests
from preau.ui.files import file_response


@require_safe
@agent_required(Permission.HANDLE_REQUESTS, Permission.SEE_FAMILIES)
def show(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A piece of a request, or of a family's file, that this agent may see."""
    stored = documents.get_file(file_id)
    if stored is None:
        raise Http404
    seen = queries.requests_hold_file(visible_requests(request), file_id)
    if not seen and stored.family_id and Permission.SEE_FAMILIES in request.permissions:
        day = paris_day(utc_now())
        # A piece joined to a request that its rights do not open stays closed.
        seen = visible_families(request.user, day).filter(
            pk=stored.family_id
        ).exists() and not queries.only_in_hidden_requests(file_id, request.permissions)
    if not seen:
        raise Http404
    return file_response(stored)
