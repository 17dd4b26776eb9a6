"""An agent acts for a family from its file: the same steps as on the portal, the channel kept."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.attendance.queries import active_cards
from preau.families.queries import children_of
from preau.kernel.clock import paris_day, utc_now
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404
from preau.townhall.sites.cards import printed_cards
from preau.ui.days import absences, cards, checkout, planning
from preau.ui.days.desk import Desk
from preau.ui.days.pattern import pattern_page


def desk_of(request: HttpRequest, code: str, subject: str) -> Desk:
    """The agent's desk on a family that he may see. Raises Http404."""
    family = get_family_or_404(request, code)
    return Desk(
        request,
        family,
        request.actor,
        "townhall:family-",
        f"townhall/family_days/{subject}/",
        {"code": family.code},
    )


# --- Planning -----------------------------------------------------------------------------------


@agent_required(Permission.BOOK)
@require_http_methods(["GET", "POST"])
def planning_page(request: HttpRequest, code: str) -> HttpResponse:
    return planning.planning_page(desk_of(request, code, "planning"))


@agent_required(Permission.BOOK)
@require_http_methods(["GET", "POST"])
def pattern(request: HttpRequest, code: str) -> HttpResponse:
    return pattern_page(desk_of(request, code, "planning"))


@agent_required(Permission.BOOK)
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, code: str) -> HttpResponse:
    return checkout.review_page(desk_of(request, code, "planning"))


@agent_required(Permission.BOOK)
@require_GET
def receipt(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    return checkout.receipt_page(desk_of(request, code, "planning"), reference)


@agent_required(Permission.BOOK)
@require_POST
def offer(request: HttpRequest, code: str, booking_id: int) -> HttpResponse:
    return checkout.answer_offer(desk_of(request, code, "planning"), booking_id)


# --- Absences -----------------------------------------------------------------------------------


@agent_required(Permission.BOOK)
@require_GET
def absence_list(request: HttpRequest, code: str) -> HttpResponse:
    return absences.absences_page(desk_of(request, code, "absences"))


@agent_required(Permission.BOOK)
@require_http_methods(["GET", "POST"])
def absence_new(request: HttpRequest, code: str) -> HttpResponse:
    return absences.report_page(desk_of(request, code, "absences"))


@agent_required(Permission.BOOK)
@require_http_methods(["GET", "POST"])
def absence_detail(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    return absences.detail_page(desk_of(request, code, "absences"), reference)


@agent_required(Permission.BOOK)
@require_GET
def absence_document(request: HttpRequest, code: str, file_id: UUID) -> HttpResponse:
    return absences.document_page(desk_of(request, code, "absences"), file_id)


# --- Cards --------------------------------------------------------------------------------------


@agent_required(Permission.SEE_FAMILIES)
@require_GET
def card_list(request: HttpRequest, code: str) -> HttpResponse:
    return cards.cards_page(desk_of(request, code, "cards"))


@agent_required(Permission.BOOK, Permission.CHANGE_FAMILIES)
@require_http_methods(["GET", "POST"])
def card_lost(request: HttpRequest, code: str, card_id: int) -> HttpResponse:
    return cards.lost_page(desk_of(request, code, "cards"), card_id)


@agent_required(Permission.BOOK, Permission.CHANGE_FAMILIES)
@require_POST
def card_order(request: HttpRequest, code: str, child_id: int) -> HttpResponse:
    return cards.order_step(desk_of(request, code, "cards"), child_id)


@agent_required(Permission.BOOK, Permission.CHANGE_FAMILIES)
@require_POST
def card_issue(request: HttpRequest, code: str, child_id: int) -> HttpResponse:
    return cards.issue_step(desk_of(request, code, "cards"), child_id)


@agent_required(Permission.SEE_FAMILIES)
@require_GET
def card_print(request: HttpRequest, code: str, card_id: int) -> HttpResponse:
    """One card with its QR, to print."""
    family = get_family_or_404(request, code)
    ids = [child.pk for child in children_of(family, paris_day(utc_now()))]
    found: list[Any] = [c for c in active_cards(ids) if c.pk == card_id]
    if not found:
        raise Http404
    return printed_cards(request, found, family.name, family=family)
