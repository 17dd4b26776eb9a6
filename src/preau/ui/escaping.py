"""Escaping for parts drawn hundreds of times a page: Django's own also looks for lazy texts."""

from html import escape
from typing import Any


def esc(text: Any) -> str:
    """The text ready for HTML, in an element or between quotes; what is HTML already stays so."""
    if hasattr(text, "__html__"):
        return str(text.__html__())
    return escape(text if isinstance(text, str) else str(text))
