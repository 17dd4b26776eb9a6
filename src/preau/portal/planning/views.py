"""The family's planning; its steps are shared with the file at the town hall (ui.days)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.portal.access import family_required
from preau.ui.days import checkout
from preau.ui.days import planning as steps
from preau.ui.days.desk import Desk
from preau.ui.days.pattern import pattern_page


def desk_of(request: HttpRequest, subject: str) -> Desk:
    """The family at its own space."""
    return Desk(request, request.family, request.actor, "portal:", f"portal/{subject}/")


@family_required
@require_http_methods(["GET", "POST"])
def planning(request: HttpRequest) -> HttpResponse:
    return steps.planning_page(desk_of(request, "planning"))


@family_required
@require_GET
def opening(request: HttpRequest) -> HttpResponse:
    return steps.opening_page(desk_of(request, "planning"))


@family_required
@require_http_methods(["GET", "POST"])
def pattern(request: HttpRequest) -> HttpResponse:
    return pattern_page(desk_of(request, "planning"))


@family_required
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    return checkout.review_page(desk_of(request, "planning"))


@family_required
@require_GET
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    return checkout.receipt_page(desk_of(request, "planning"), reference)


@family_required
@require_POST
def offer(request: HttpRequest, booking_id: int) -> HttpResponse:
    return checkout.answer_offer(desk_of(request, "planning"), booking_id)
