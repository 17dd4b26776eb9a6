"""What robots and security researchers ask for."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from preau.catalogue import queries as catalogue
from preau.kernel.clock import utc_now
from preau.town import queries as town
from preau.ui.access import public
from preau.ui.routes import route

PAGES = ("home", "activities", "prices", "menus", "help", "legal", "accessibility", "privacy")


@public
@require_safe
@cache_control(public=True, max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines read the public part alone."""
    private = ("/espace/", "/mairie/", "/connexion/", "/encart/", "/api/")
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in private),
        f"Sitemap: {settings.BASE_URL}{reverse('public:sitemap')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@public
@require_safe
@cache_control(public=True, max_age=86400)
def security(request: HttpRequest) -> HttpResponse:
    """RFC 9116: whom to tell about a flaw."""
    found = town.get_town()
    contact = (
        f"mailto:{found.email}"
        if found.email
        else (found.website or f"{settings.BASE_URL}{reverse('public:legal')}")
    )
    expires = (utc_now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.BASE_URL}{request.path}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@public
@require_safe
@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page, activities included."""
    paths = [found for name in PAGES if (found := route(f"public:{name}"))]
    paths += [reverse("public:activity", args=[a.slug]) for a in catalogue.list_activities()]
    urls = "".join(f"<url><loc>{escape(settings.BASE_URL + path)}</loc></url>" for path in paths)
    return HttpResponse(
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>',
        content_type="application/xml; charset=utf-8",
    )
