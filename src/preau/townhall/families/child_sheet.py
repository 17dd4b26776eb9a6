"""An agent reads and types a child's sheet; what is health asks for its own right."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404
from preau.ui.childsheet import pages
from preau.ui.days.desk import Desk


def _desk(request: HttpRequest, code: str) -> Desk:
    family = get_family_or_404(request, code)
    return Desk(
        request,
        family,
        request.actor,
        "townhall:family-",
        "townhall/families/child_",
        {"code": family.code},
    )


@agent_required(Permission.SEE_FAMILIES)
@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, code: str, child_id: int) -> HttpResponse:
    return pages.sheet_page(_desk(request, code), child_id)


@agent_required(Permission.SEE_HEALTH)
@require_GET
def document(request: HttpRequest, code: str, child_id: int, file_id: UUID) -> HttpResponse:
    return pages.document_page(_desk(request, code), child_id, file_id)
