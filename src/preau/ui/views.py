"""What the layout itself serves: the town's colours and logo, both cached by browsers."""

from django.http import HttpRequest, HttpResponse
from django.http.response import Http404
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from preau.kernel.colours import Accent, TownColours, colour_problems
from preau.town import queries
from preau.ui.access import public
from preau.ui.theme import render_theme_css

# A logo is shown in an <img>; never a type that a browser would run when opened alone.
LOGO_TYPES = {"image/png", "image/jpeg", "image/webp"}


@public
@require_safe
@cache_control(public=True, max_age=3600)
def theme_css(request: HttpRequest) -> HttpResponse:
    """The town's colours; the default ones when what is stored does not pass the checks."""
    town = queries.get_town()
    colours = TownColours(
        light=Accent(town.colour_light, town.colour_light_on, town.colour_light_soft),
        dark=Accent(town.colour_dark, town.colour_dark_on, town.colour_dark_soft),
    )
    css = "" if colour_problems(colours) else render_theme_css(colours)
    return HttpResponse(css, content_type="text/css; charset=utf-8")


@public
@require_safe
@cache_control(public=True, max_age=3600)
def logo(request: HttpRequest) -> HttpResponse:
    """The town's logo, as it was uploaded."""
    town = queries.get_town()
    if not town.logo or town.logo_type not in LOGO_TYPES:
        raise Http404
    return HttpResponse(bytes(town.logo), content_type=town.logo_type)


@public
@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("ui/favicon.svg"))
