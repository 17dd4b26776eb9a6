"""Cards at the town hall: those that families wait for, and their printing with a QR code."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.attendance.queries import open_orders
from preau.attendance.services import issue_card
from preau.documents.squares import card_square
from preau.journeys.card_prints import about, ask_cards, cards_at
from preau.journeys.family_file import visible_families
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.schools.queries import schooling_on
from preau.townhall.access import agent_required
from preau.townhall.papers import Paper, follow, serve
from preau.townhall.sites.scope import get_site_or_404

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
    page = Paginator(cards_at(site.pk, utc_now()), PAGE).get_page(request.GET.get("page"))
    return printed_cards(request, page.object_list, site.name, page=page, site=site)


@agent_required(Permission.SEE_REGISTER)
@require_POST
def print_all(request: HttpRequest, site_id: int) -> HttpResponse:
    """Have all the cards of a school set in one PDF by the worker, ten to a page."""
    site = get_site_or_404(request, site_id)
    try:
        row = ask_cards(establishment_id=site.pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:site-cards", site_id=site.pk)
    return redirect("townhall:site-cards-print", site_id=site.pk, print_id=row.pk)


def _paper(site: Any) -> Paper:
    return Paper(
        about=about(site.pk),
        back=reverse("townhall:site-cards", args=[site.pk]),
        back_label=_("Cartes"),
        again=reverse("townhall:site-cards-ask", args=[site.pk]),
        section="townhall:sites",
        file_name=f"cartes-{site.slug}",
        route="townhall:site-cards-print",
        args=(site.pk,),
        unit="carte",
    )


@agent_required(Permission.SEE_REGISTER)
@require_safe
def follow_print(request: HttpRequest, site_id: int, print_id: int) -> HttpResponse:
    """How far the print is; the page asks again by itself while the worker sets it."""
    return follow(request, _paper(get_site_or_404(request, site_id)), print_id)


@agent_required(Permission.SEE_REGISTER)
@require_GET
@never_cache
def print_pdf(request: HttpRequest, site_id: int, print_id: int) -> HttpResponseBase:
    """The PDF, once it is set."""
    return serve(_paper(get_site_or_404(request, site_id)), print_id)


def printed_cards(
    request: HttpRequest,
    cards: Any,
    title: str,
    *,
    page: Any = None,
    site: Any = None,
    family: Any = None,
) -> HttpResponse:
    """A page of cards to print."""
    found = list(cards)
    schooling = schooling_on([c.child_id for c in found], paris_day(utc_now()))
    rows = [(card, schooling.get(card.child_id), qr(card.code)) for card in found]
    return render(
        request,
        "townhall/sites/cards_print.html",
        {
            "rows": rows,
            "title": title,
            "page": page,
            "site": site,
            "family": family,
            "section": "townhall:families" if family else "townhall:sites",
        },
    )


def qr(code: str) -> str:
    """The QR of a card as inline SVG."""
    return mark_safe(card_square(code))  # noqa: S308 - drawn by the library from a code of ours
