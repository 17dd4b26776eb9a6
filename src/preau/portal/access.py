"""Who may come into the family's space: a signed-in adult of the household, and nobody else."""

from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from preau.families.queries import get_guardian_of
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.ui.access import Access, View, declare


def family_required(view: View) -> View:
    """Let in an adult of a family; `request.family`, `.guardian` and `.actor` say who.

    A password that came by letter opens one page only: the one that changes it.
    An agent's account is told 404: the family's space does not exist for it.
    """
    return declare(_guarded(view, allow_initial_password=False), Access("family"))


def family_with_initial_password(view: View) -> View:
    """As `family_required`, for the one page that a letter's password opens."""
    return declare(_guarded(view, allow_initial_password=True), Access("family"))


def _guarded(view: View, *, allow_initial_password: bool) -> View:
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path(), "portal:sign-in")
        if not user.is_family:
            raise Http404
        if user.must_change_password and not allow_initial_password:
            return redirect("portal:first-password")
        guardian = get_guardian_of(user)
        if guardian is None:
            raise Http404
        request.guardian = guardian
        request.family = guardian.family
        request.actor = Actor(user_id=user.pk, label=str(guardian), channel=Channel.PORTAL)
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return inner
