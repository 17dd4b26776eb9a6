"""Links of the layout: a page must not fail because a face of the house is not installed."""

from django.urls import NoReverseMatch, reverse


def route(name: str, *args: object) -> str:
    """The address of a named route, or "" when no face serves it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
