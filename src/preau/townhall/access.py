"""Who may come into the town hall's side: an agent whose roles give the permission asked."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from preau.accounts.queries import permissions_of
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.ui.access import Access, View, declare


def agent_required(*permissions: str) -> Callable[[View], View]:
    """Let in an agent who holds at least one of `permissions` (any agent when none is named).

    `request.actor` and `request.permissions` say who. A family's account is told 404, an agent
    without the right 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not user.is_authenticated:
                return redirect_to_login(request.get_full_path(), "townhall:sign-in")
            if not user.is_agent:
                raise Http404
            held = permissions_of(user, paris_day(utc_now()))
            if permissions and not held.intersection(permissions):
                raise PermissionDenied
            request.permissions = held
            request.actor = Actor(
                user_id=user.pk, label=str(user), channel=Channel.COUNTER, is_agent=True
            )
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return declare(inner, Access("agent", " ".join(permissions)))

    return decorate
