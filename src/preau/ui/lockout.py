"""Too many wrong passwords: said on the page, with how to go on."""

from typing import Any

from axes.helpers import get_client_ip_address
from axes.utils import reset
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def locked_out(
    request: HttpRequest, original_response: Any = None, credentials: Any = None
) -> HttpResponse:
    """The answer of django-axes when a pair (identifier, address) is held back."""
    wait = settings.AXES_COOLOFF_TIME
    minutes = int(wait.total_seconds() // 60) if wait else 0
    html = render_to_string("ui/errors/locked.html", {"minutes": minutes}, request)
    return HttpResponse(html, status=429)


def forget_failures(request: HttpRequest, username: str) -> None:
    """The right password was given: what failed before it, from this address, is forgotten.

    django-axes would look under the account's own name, which is its number here.
    """
    reset(username=username, ip=get_client_ip_address(request))
