"""Who may come into the town hall's side: an agent whose roles give the permission asked."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from preau.accounts.queries import permissions_of, read_roles_once
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.townhall.exporting import watched
from preau.ui.access import Access, View, declare

# What the session keeps: minutes without a click that end it, when the last one was (seconds), and
# whether the town asks for a second factor that this agent has not set up yet.
IDLE_KEY, SEEN_KEY, FACTOR_MISSING_KEY = "idle", "seen", "factor_missing"
SEEN_EVERY = 60
# Where the session keeps by which channel the family that the agent serves came.
CHANNEL_KEY = "channel"
CHANNELS = (Channel.COUNTER, Channel.PHONE, Channel.POST, Channel.EMAIL)


def channel_of(request: HttpRequest) -> Channel:
    """By which channel the agent is acting for families now; the counter unless he said so."""
    kept = request.session.get(CHANNEL_KEY, "")
    return Channel(kept) if kept in CHANNELS else Channel.COUNTER


def agent_required(*permissions: str) -> Callable[[View], View]:
    """Let in an agent who holds at least one of `permissions` (any agent when none is named).

    `request.actor` and `request.permissions` say who. A family's account is told 404, an agent
    without the right 403. A one-time password opens one page only: the one that changes it.
    """
    return _guarded(permissions)


def agent_with_initial_password(view: View) -> View:
    """As `agent_required()`, for the one page that a one-time password opens."""
    guarded: View = _guarded((), allow_initial_password=True)(view)
    return guarded


def agent_without_factor(view: View) -> View:
    """As `agent_required()`, for the page where one who must sets up a second factor."""
    guarded: View = _guarded((), allow_missing_factor=True)(view)
    return guarded


def _is_idle(request: HttpRequest) -> bool:
    """Whether this session slept too long; else its clock is kept, at most once a minute."""
    idle, seen = request.session.get(IDLE_KEY), request.session.get(SEEN_KEY)
    if not idle or not seen:
        return False
    now = int(time.time())
    if now - seen > idle * 60:
        return True
    if now - seen > SEEN_EVERY:
        request.session[SEEN_KEY] = now
    return False


def _guarded(
    permissions: tuple[str, ...],
    *,
    allow_initial_password: bool = False,
    allow_missing_factor: bool = False,
) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not user.is_authenticated:
                return redirect_to_login(request.get_full_path(), "townhall:sign-in")
            if not user.is_agent:
                raise Http404
            if user.must_change_password and not allow_initial_password:
                return redirect("townhall:first-password")
            if _is_idle(request):
                logout(request)
                messages.info(request, _("Votre session s’est fermée : vous étiez parti."))
                return redirect_to_login(request.get_full_path(), "townhall:sign-in")
            if request.session.get(FACTOR_MISSING_KEY) and not (
                allow_missing_factor or allow_initial_password
            ):
                return redirect("townhall:factor")
            day = paris_day(utc_now())
            read_roles_once(user, day)
            held = permissions_of(user, day)
            if permissions and not held.intersection(permissions):
                raise PermissionDenied
            request.permissions = held
            request.actor = Actor(
                user_id=user.pk, label=str(user), channel=channel_of(request), is_agent=True
            )
            response = watched(request, lambda: view(request, *args, **kwargs))
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return declare(inner, Access("agent", " ".join(permissions)))

    return decorate
