"""Lucide icons as inline SVG strings, kept in memory: a planning page draws hundreds."""

import functools
import logging

import lucide
from django.utils.html import escape
from django.utils.safestring import SafeString

logger = logging.getLogger(__name__)


@functools.lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """The icon `name` (lucide.dev), sized on its text, hidden from screen readers.

    An unknown name (one may come from the town's own settings) draws a plain circle.
    """
    try:
        drawing = lucide._render_icon(name, None)
    except lucide.IconDoesNotExist:
        logger.error("no icon is called %r", name)
        drawing = lucide._render_icon("circle", None)
    inner = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]
    inner = "".join(line.strip() for line in inner.splitlines()).replace(" />", "/>")
    classes = escape(f"i {css}".strip())
    opening = f'<svg class="{classes}" viewBox="0 0 24 24" aria-hidden="true">'
    return SafeString(f"{opening}{inner}</svg>")
