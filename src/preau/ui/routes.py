"""Links of the layout: a page must not fail because a face of the house is not installed."""

from django.conf import settings
from django.urls import NoReverseMatch, reverse


def route(name: str, *args: object) -> str:
    """The address of a named route, or "" when no face serves it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def token_address(name: str) -> str:
    """The full address of a route that takes a secret, with `{token}` in its place."""
    return f"{settings.BASE_URL}{reverse(name, args=['TOKEN'])}".replace("TOKEN", "{token}")
