"""Which requests an agent may see: its kinds, and its site's alone when its right is a site's."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.casework import queries
from preau.kernel.clock import paris_day, utc_now


def sites_of(request: HttpRequest) -> frozenset[int] | None:
    """Where this agent handles requests (None: everywhere); asked once a page."""
    if not hasattr(request, "request_sites"):
        day = paris_day(utc_now())
        request.request_sites = establishment_scope(request.user, Permission.HANDLE_REQUESTS, day)
    found: frozenset[int] | None = request.request_sites
    return found


def visible_requests(request: HttpRequest) -> QuerySet[Any]:
    """The requests of this agent, as a queryset to narrow."""
    return queries.for_agent(request.permissions, sites=sites_of(request))


def request_or_404(request: HttpRequest, reference: str) -> Any:
    """One request, if this agent may see it."""
    return get_object_or_404(visible_requests(request), reference=reference)
