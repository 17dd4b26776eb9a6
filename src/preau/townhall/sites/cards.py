"""Cards at the town hall: those that families wait for, and their printing with a QR code."""

from typing import Any

import segno
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.attendance.queries import active_cards, open_orders
from preau.attendance.services import issue_card
from preau.documents.render import render_pdf
from preau.journeys.family_file import visible_families
from preau.kernel.clock import paris_day, utc_now
from preau.schools.queries import schooling_on, schoolings_at
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import get_site_or_404

SHEET = 1000
PAGE = 60


@agent_required(Permission.CHANGE_FAMILIES)
@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """The cards asked for and not issued yet, oldest first."""
    families = visible_families(request.user, paris_day(utc_now()))
    found = list(open_orders().filter(family__in=families.values("pk"))[:200])
    return render(
        request,
        "townhall/sites/card_orders.html",
        {"orders": found, "section": "townhall:inbox"},
    )


@agent_required(Permission.CHANGE_FAMILIES)
@require_POST
def issue_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """Issue the card asked for."""
    families = visible_families(request.user, paris_day(utc_now()))
    order = open_orders().filter(family__in=families.values("pk"), pk=order_id).first()
    if order is None:
        raise Http404
    card = issue_card(
        child_id=order.child_id, family_id=order.family_id, now=utc_now(), actor=request.actor
    )
    messages.success(
        request,
        _("Carte n° %(rank)s de %(name)s éditée.") % {"rank": card.rank, "name": order.child},
    )
    return redirect("townhall:card-orders")


@agent_required(Permission.SEE_REGISTER)
@require_GET
def site_cards(request: HttpRequest, site_id: int) -> HttpResponse:
    """The active cards of a school's pupils, a page at a time; the PDF has them all."""
    site = get_site_or_404(request, site_id)
    page = Paginator(_cards_at(site), PAGE).get_page(request.GET.get("page"))
    return printed_cards(request, page.object_list, site.name, page=page, site=site)


@agent_required(Permission.SEE_REGISTER)
@require_GET
def site_cards_pdf(request: HttpRequest, site_id: int) -> HttpResponse:
    """All the cards of a school in one PDF, ten to a page."""
    site = get_site_or_404(request, site_id)
    cards = list(_cards_at(site)[:SHEET])
    if not cards:
        raise Http404
    schooling = schooling_on([c.child_id for c in cards], paris_day(utc_now()))
    pdf = render_pdf(
        "cards",
        {
            "title": _("Cartes, %s") % site.name,
            "cards": [
                {
                    "name": f"{card.child.first_name} {card.child.last_name}",
                    "place": _place(schooling.get(card.child_id)),
                    "code": card.code,
                    "qr": qr(card.code),
                }
                for card in cards
            ],
        },
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="cartes.pdf"'
    return response


def _cards_at(site: Any) -> Any:
    """By name, one query: the pupils are a subquery."""
    return active_cards(schoolings_at([site.pk], paris_day(utc_now())).values("child_id"))


def _place(schooling: Any) -> str:
    if schooling is None:
        return ""
    return str(schooling.school_class.name if schooling.school_class else schooling.level)


def printed_cards(
    request: HttpRequest, cards: Any, title: str, *, page: Any = None, site: Any = None
) -> HttpResponse:
    """A page of cards to print."""
    found = list(cards)
    schooling = schooling_on([c.child_id for c in found], paris_day(utc_now()))
    rows = [(card, schooling.get(card.child_id), qr(card.code)) for card in found]
    return render(
        request,
        "townhall/sites/cards_print.html",
        {"rows": rows, "title": title, "page": page, "site": site, "section": "townhall:sites"},
    )


def qr(code: str) -> str:
    """The QR of a card as inline SVG: it holds the code alone.

    The mask is given: trying the eight of them, as the library does, costs four times as much.
    """
    drawing = segno.make_qr(code, error="m", mask=2, boost_error=False).svg_inline(
        scale=3, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return mark_safe(drawing)  # noqa: S308 - drawn by the library from a code of ours
