"""Cards of the household's children; the steps are shared with its file (ui.days)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.portal.access import family_required
from preau.ui.days import cards as steps
from preau.ui.days.desk import Desk


def _desk(request: HttpRequest) -> Desk:
    return Desk(request, request.family, request.actor, "portal:", "portal/cards/")


@family_required
@require_GET
def cards(request: HttpRequest) -> HttpResponse:
    return steps.cards_page(_desk(request))


@family_required
@require_http_methods(["GET", "POST"])
def lost(request: HttpRequest, card_id: int) -> HttpResponse:
    return steps.lost_page(_desk(request), card_id)


@family_required
@require_POST
def order(request: HttpRequest, child_id: int) -> HttpResponse:
    return steps.order_step(_desk(request), child_id)
