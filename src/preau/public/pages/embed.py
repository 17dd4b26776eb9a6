"""The panel that the town's own site includes: nothing of anyone, and the way in."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from preau.catalogue import queries as catalogue
from preau.kernel.clock import paris_day, utc_now
from preau.public.pages.menus import menu_week, shown_monday
from preau.public.pages.soon import coming
from preau.public.pages.words import ICONS
from preau.town import queries as town
from preau.ui.access import public

AFTER_LUNCH = timedelta(hours=10)


@public
@xframe_options_exempt
@require_safe
def panel(request: HttpRequest) -> HttpResponse:
    """The one route that other sites may show in a frame: those that the town listed."""
    now = utc_now()
    today = paris_day(now)
    # After lunch, what matters is tomorrow.
    next_day = paris_day(now + AFTER_LUNCH)
    week = menu_week(shown_monday(next_day), today)
    sessions = catalogue.next_sessions(
        next_day, school_year=catalogue.current_school_year(next_day)
    )
    response = render(
        request,
        "public/pages/embed.html",
        {
            "notices": town.current_notices(today)[:2],
            "sessions": [(s, ICONS.get(s.activity.kind, "tent-tree")) for s in sessions[:4]],
            "soon": coming(now)[:3],
            "menu": next((d for d in week.days if d.courses and d.day >= next_day), None),
        },
    )
    origins = town.get_town().embed_origins
    if origins:
        # Read by django-csp's middleware, as its decorators write it: origins are a setting.
        response._csp_replace = {"frame-ancestors": list(origins)}
    response.headers["Cache-Control"] = "public, max-age=120"
    return response
