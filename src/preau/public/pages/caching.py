"""Public pages are the same for all: browsers and proxies may keep them for a moment."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import conditional_page

from preau.ui.access import View, public


def public_page(seconds: int = 60) -> Callable[[View], View]:
    """Open to all, kept `seconds` by caches, answered 304 when nothing changed.

    Someone who is signed in (or carries a message from one page to the next) gets it fresh.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = view(request, *args, **kwargs)
            carries = {settings.SESSION_COOKIE_NAME, "messages"} & set(request.COOKIES)
            if response.status_code != 200 or carries:
                patch_cache_control(response, private=True, no_cache=True)
            else:
                patch_cache_control(response, public=True, max_age=seconds)
            patch_vary_headers(response, ["Cookie"])
            return response

        return public(conditional_page(inner))

    return decorate
