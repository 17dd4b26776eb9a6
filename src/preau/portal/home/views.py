"""The family's home: what to do now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.journeys.family_home import family_home
from preau.kernel.clock import utc_now
from preau.portal.access import family_required
from preau.portal.home.cards import draw_cards
from preau.ui.routes import route


@family_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    page = family_home(request.family, utc_now(), guardian=request.guardian)
    cards = draw_cards(
        page.cards,
        planning=route("portal:planning"),
        has_rights=bool(page.lines or page.warnings or page.missing),
    )
    return render(
        request,
        "portal/home/home.html",
        {"home": page, "guardian": request.guardian, "cards": cards},
    )
