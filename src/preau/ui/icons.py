"""Lucide icons as inline SVG strings, kept in memory: a planning page draws hundreds."""

import functools

import lucide
from django.utils.safestring import SafeString


@functools.cache
def icon(name: str, css: str = "") -> SafeString:
    """The icon `name` (lucide.dev), sized on its text, hidden from screen readers.

    Raises lucide.IconDoesNotExist: a misspelt icon is a bug of the template.
    """
    drawing = lucide._render_icon(name, None)
    inner = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]
    inner = "".join(line.strip() for line in inner.splitlines()).replace(" />", "/>")
    classes = f"i {css}".strip()
    return SafeString(
        f'<svg class="{classes}" viewBox="0 0 24 24" aria-hidden="true">{inner}</svg>'
    )
