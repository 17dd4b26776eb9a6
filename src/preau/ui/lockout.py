"""Too many wrong passwords: said on the page, with how to go on.

django-axes holds back a pair (identifier, address). One address that tries one password on many
accounts never meets that lock: here it is counted by the accounts it missed. Nobody can turn this
against a family: a device that already signed in to an account still may, and so does whoever
follows the link of a forgotten password.
"""

from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac

from preau.kernel.clock import utc_now

DEVICE_COOKIE = "preau_device"
DEVICE_SECONDS = int(timedelta(days=400).total_seconds())
KEPT_MARKS = 6


def client_address(request: HttpRequest) -> str:
    """Who asks: the visitor's own address, read behind PREAU_PROXY_COUNT proxies of ours.

    Each proxy adds the address that it saw at the end of `X-Forwarded-For`; what stands before
    those of ours is what the visitor wrote, and is not believed.
    """
    seen: str = request.META.get("REMOTE_ADDR", "")
    if count := settings.PROXY_COUNT:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(told) >= count:
            with suppress(ValueError):
                return str(ip_address(told[-count].strip()))
    return seen


def locked_out(
    request: HttpRequest, original_response: Any = None, credentials: Any = None
) -> HttpResponse:
    """The answer of django-axes when a pair (identifier, address) is held back."""
    wait = settings.AXES_COOLOFF_TIME
    minutes = int(wait.total_seconds() // 60) if wait else 0
    html = render_to_string("ui/errors/locked.html", {"minutes": minutes}, request)
    return HttpResponse(html, status=429)


def tries_many_accounts(request: HttpRequest, username: str) -> bool:
    """Whether this address missed too many different accounts lately, on a device unknown to
    the account that it tries now."""
    if _device_mark(username) in _known_marks(request):
        return False
    since = utc_now() - (settings.AXES_COOLOFF_TIME or timedelta(minutes=15))
    missed = (
        AccessAttempt.objects.filter(ip_address=client_address(request), attempt_time__gte=since)
        .values("username")
        .distinct()
        .count()
    )
    return missed >= settings.SIGN_IN_ACCOUNTS


def remember_device(request: HttpRequest, response: HttpResponse, username: str) -> HttpResponse:
    """This device signed in to this account: a lock on its address will not hold it back.

    The cookie opens nothing; it holds a keyed mark of what was typed, not the identifier.
    """
    mark = _device_mark(username)
    marks = [mark, *(known for known in _known_marks(request) if known != mark)][:KEPT_MARKS]
    response.set_signed_cookie(
        DEVICE_COOKIE,
        ".".join(marks),
        salt=DEVICE_COOKIE,
        max_age=DEVICE_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def _known_marks(request: HttpRequest) -> list[str]:
    kept = request.get_signed_cookie(
        DEVICE_COOKIE, default="", salt=DEVICE_COOKIE, max_age=DEVICE_SECONDS
    )
    return kept.split(".") if kept else []


def _device_mark(username: str) -> str:
    return salted_hmac(DEVICE_COOKIE, username, algorithm="sha256").hexdigest()[:32]


def forget_failures(request: HttpRequest, username: str) -> None:
    """The right password was given: what failed before it, from this address, is forgotten.

    django-axes would look under the account's own name, which is its number here.
    """
    reset(username=username, ip=client_address(request))
