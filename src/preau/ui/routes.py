"""Links of the layout: a page must not fail because a face of the house is not installed."""

from functools import lru_cache

from django.conf import settings
from django.urls import NoReverseMatch, get_script_prefix, reverse


def route(name: str, *args: object) -> str:
    """The address of a named route, or "" when no face serves it.

    A page asks for some twenty, the same for everybody: those without a value are remembered.
    """
    if args:
        return _address(name, args)
    return _known(name, settings.ROOT_URLCONF, get_script_prefix())


@lru_cache(maxsize=1_000)
def _known(name: str, table: str, prefix: str) -> str:
    return _address(name, ())


def _address(name: str, args: tuple[object, ...]) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def token_address(name: str) -> str:
    """The full address of a route that takes a secret, with `{token}` in its place."""
    return f"{settings.BASE_URL}{reverse(name, args=['TOKEN'])}".replace("TOKEN", "{token}")
