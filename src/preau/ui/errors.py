"""Pages for what went wrong: plain, helpful, and for 500 without touching the database."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from preau.ui.access import public


def _page(request: HttpRequest | None, name: str, status: int) -> HttpResponse:
    """The error page; its bare form when even the layout cannot be drawn."""
    try:
        html = render_to_string(f"ui/errors/{name}.html", {"town_bare": False}, request)
    except Exception:  # the layout reads the town, the session, the database: any may be down
        html = render_to_string("ui/errors/500.html")
    return HttpResponse(html, status=status)


@public
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "400", 400)


@public
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "403", 403)


@public
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "404", 404)


@public
def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render_to_string("ui/errors/500.html"), status=500)


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or cookies are refused: say it and how to go on."""
    return _page(request, "csrf", 403)
