"""Pages that exist for the tests of the layout only."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from preau.ui.styleguide import sample


def styleguide(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/styleguide.html", sample(int(request.GET.get("children", "2"))))


def office(request: HttpRequest) -> HttpResponse:
    messages.success(request, "Demande approuvée.")
    request.permissions = {"see_families"}  # type: ignore[attr-defined]
    actions = [
        {"label": "Approuver", "value": "approve", "icon": "check", "key": "a"},
        {"label": "Refuser", "value": "refuse", "kind": "stop", "icon": "x", "key": "r"},
    ]
    return render(request, "tests/office.html", {**sample(), "actions": actions})


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug")


TOWNHALL = ("inbox", "families", "sites", "billing", "dashboard", "settings", "search", "sign-out")
PORTAL = ("home", "planning", "requests", "account", "sign-out", "sign-in")

urlpatterns = [
    path("", include("preau.ui.urls")),
    path("forbidden", forbidden),
    path("broken", broken),
    path("mairie/", include(([path(n, office, name=n) for n in TOWNHALL], "townhall"))),
    path("famille/", include(([path(n, styleguide, name=n) for n in PORTAL], "portal"))),
]
handler400 = "preau.ui.errors.bad_request"
handler403 = "preau.ui.errors.forbidden"
handler404 = "preau.ui.errors.not_found"
handler500 = "preau.ui.errors.server_error"
