"""Coming in once the password is right: a second factor where there is one, then the session."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from preau.accounts.enums import Permission
from preau.accounts.queries import get_user, permissions_of
from preau.accounts.second_factor import has_second_factor, must_have_second_factor, trust_mark
from preau.kernel.clock import paris_day, utc_now
from preau.town.queries import get_town
from preau.townhall.access import FACTOR_MISSING_KEY, IDLE_KEY, SEEN_KEY
from preau.ui.routes import route

if TYPE_CHECKING:
    from preau.accounts.models import User

BACKEND = "preau.accounts.auth.AgentBackend"
# Between the password and the code: the session holds who is waited for, and nothing is open.
PENDING_KEY = "factor_pending"
PENDING_SECONDS = 600
TRUST_COOKIE = "preau_factor"
TRUST_SECONDS = 30 * 24 * 3600
_TRUST_SALT = "preau.second-factor"
# Where an agent starts the day, by what he may do.
_FIRST_PAGES = (
    (Permission.HANDLE_REQUESTS, "townhall:inbox"),
    (Permission.TAKE_ATTENDANCE, "townhall:sites"),
    (Permission.BILL, "townhall:billing"),
    (Permission.SEE_FAMILIES, "townhall:families"),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """An agent whose password was right, and whose code is waited for."""

    user: "User"
    to: str


def first_page(request: HttpRequest) -> str:
    """The page asked for, when it is ours; else where this agent's day starts."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if (
        wanted.startswith("/mairie/")
        and ".." not in wanted
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    ):
        return wanted
    held = permissions_of(request.user, paris_day(utc_now()))
    for permission, name in _FIRST_PAGES:
        if permission in held and route(name):
            return route(name)
    return reverse("townhall:password")


def enter(request: HttpRequest, user: "User") -> HttpResponse:
    """The answer to a right password: the page of the code, or the agent's own first page."""
    if has_second_factor(user) and not _is_trusted(request, user):
        wanted = request.POST.get("next", "")
        request.session.cycle_key()
        request.session[PENDING_KEY] = [user.pk, int(time.time()), wanted[:500]]
        return redirect("townhall:factor-code")
    return open_session(request, user)


def pending(request: HttpRequest) -> Pending | None:
    """Who is waited for on this browser, for ten minutes."""
    user_id, since, to = request.session.get(PENDING_KEY, (None, 0, ""))
    if user_id is None or time.time() - since > PENDING_SECONDS:
        return None
    user = get_user(user_id)
    if user is None or not user.is_agent or not user.is_active:
        return None
    return Pending(user, to)


def open_session(request: HttpRequest, user: "User") -> HttpResponse:
    """Sign in, for ten hours at most and less when nobody is there."""
    request.session.pop(PENDING_KEY, None)
    login(request, user, backend=BACKEND)
    town = get_town()
    request.session.set_expiry(settings.AGENT_SESSION_AGE)
    request.session[IDLE_KEY] = town.agent_idle_minutes
    request.session[SEEN_KEY] = int(time.time())
    held = permissions_of(user, paris_day(utc_now()))
    if must_have_second_factor(town.second_factor, held) and not has_second_factor(user):
        request.session[FACTOR_MISSING_KEY] = True
    if user.must_change_password:
        return redirect("townhall:first-password")
    return redirect(first_page(request))


def trust(response: HttpResponse, user: "User") -> HttpResponse:
    """No code on this device for thirty days, as long as password and application stay."""
    response.set_cookie(
        TRUST_COOKIE,
        signing.dumps(trust_mark(user), salt=_TRUST_SALT),
        max_age=TRUST_SECONDS,
        path="/mairie/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _is_trusted(request: HttpRequest, user: "User") -> bool:
    try:
        mark = signing.loads(
            request.COOKIES.get(TRUST_COOKIE, ""), salt=_TRUST_SALT, max_age=TRUST_SECONDS
        )
    except signing.BadSignature:
        return False
    return isinstance(mark, str) and constant_time_compare(mark, trust_mark(user))
