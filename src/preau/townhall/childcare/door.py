"""The tablet of a crèche's door: the site's own tablet, on contracts; works without network."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.attendance.enums import CardStatus
from preau.attendance.queries import find_card
from preau.childcare import queries, services
from preau.families.queries import get_children
from preau.journeys.care_tablet import door_day
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.ticks import TickData
from preau.townhall.access import agent_required
from preau.townhall.childcare.scope import SECTION, site_or_404
from preau.townhall.sites import tablet as shared

TAKE = Permission.TAKE_ATTENDANCE


@agent_required(TAKE)
@require_GET
def door(request: HttpRequest, site_id: int) -> HttpResponse:
    """The shell: nothing personal in it, so that the tablet may keep it."""
    site = site_or_404(request, site_id, TAKE)
    return render(
        request,
        "townhall/sites/tablet.html",
        {
            "site": site,
            "name": f"creche-{site.pk}",
            "is_door": True,
            "plain": reverse("townhall:childcare-punch", args=[site.pk]),
            "urls": shared.tablet_urls("childcare-door", site.pk),
            "section": SECTION,
        },
    )


@agent_required(TAKE)
@require_GET
def data(request: HttpRequest, site_id: int) -> HttpResponse:
    """Today's children for the tablet, and the key with which it sends."""
    site = site_or_404(request, site_id, TAKE)
    now = utc_now()
    return JsonResponse(
        door_day(site, paris_day(now), now) | shared.who_holds(request, site.pk, now)
    )


@agent_required(TAKE)
@require_POST
def ticks(request: HttpRequest, site_id: int) -> HttpResponse:
    """What the tablet queued: each line answered, once and only once."""
    site = site_or_404(request, site_id, TAKE)
    sent = shared.read_sent(request)
    if sent is None:
        return shared.unreadable()
    return shared.answered(
        services.receive_punches(
            ticks=sent.ticks,
            establishment_id=site.pk,
            sent_at=sent.at,
            device=sent.device,
            cards=_cards(sent.ticks),
            now=utc_now(),
            actor=request.actor,
        )
    )


def _cards(sent: list[TickData]) -> dict[str, int]:
    """The children of codes that the tablet could not name: their own card, if it is valid."""
    found = {}
    for code in {tick.code for tick in sent if tick.code and tick.child_id is None}:
        card = find_card(code)
        if card is not None and card.status == CardStatus.ACTIVE:
            found[code] = card.child_id
    return found


def _child_here(request: HttpRequest, site_id: int, child_id: int, permission: str) -> Any:
    """A child expected or seen today. Raises Http404."""
    site = site_or_404(request, site_id, permission)
    rows = queries.expected_on([site.pk], paris_day(utc_now()))
    child = get_children([child_id]).get(child_id)
    if child is None or child_id not in {row.contract.child_id for row in rows}:
        raise Http404
    return child


@agent_required(Permission.SEE_HEALTH)
@require_POST
def health(request: HttpRequest, site_id: int, child_id: int) -> HttpResponse:
    """The words of a child's health, asked for by a touch; the reading is journaled."""
    return shared.health_words(
        request, _child_here(request, site_id, child_id, Permission.SEE_HEALTH)
    )


@agent_required(TAKE)
@require_GET
def photo(request: HttpRequest, site_id: int, child_id: int) -> HttpResponse:
    """The face of a child of the day, where its home gave it and consents."""
    return shared.face_of(_child_here(request, site_id, child_id, TAKE).pk)
