"""Absences of the household; the steps are shared with its file at the town hall (ui.days)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from preau.portal.access import family_required
from preau.ui.days import absences as steps
from preau.ui.days.desk import Desk


def _desk(request: HttpRequest) -> Desk:
    return Desk(request, request.family, request.actor, "portal:", "portal/absences/")


@family_required
@require_GET
def absences(request: HttpRequest) -> HttpResponse:
    return steps.absences_page(_desk(request))


@family_required
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    return steps.report_page(_desk(request))


@family_required
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    return steps.detail_page(_desk(request), reference)


@family_required
@require_GET
def document(request: HttpRequest, file_id: UUID) -> HttpResponse:
    return steps.document_page(_desk(request), file_id)
