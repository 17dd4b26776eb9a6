"""The parts of Préau's screens: `{% load preau %}` (already a builtin of every template).

docs/ui.md shows each one with an example. Parts drawn many times on a page (icons, tags, discs,
cells) join strings; the others are templates of `ui/parts/`.
"""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from preau.ui import routes
from preau.ui.icons import icon as draw_icon
from preau.ui.templatetags import asking, french_filters, lists, parts

register = template.Library()
for library in (asking, french_filters, lists, parts):
    register.tags.update(library.register.tags)
    register.filters.update(library.register.filters)


class KeptNode(template.Node):
    """See `kept`."""

    def __init__(self, nodelist: template.NodeList, keys: list[Any]) -> None:
        self.nodelist = nodelist
        self.keys = keys
        self.drawn: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        if settings.MODE == "test":
            return self.nodelist.render(context)
        name = context.template.name if context.template is not None else ""
        key = (name, *(key.resolve(context) for key in self.keys))
        found = self.drawn.get(key)
        if found is None:
            if len(self.drawn) >= 500:
                self.drawn.clear()
            found = self.drawn[key] = self.nodelist.render(context)
        return found


@register.tag
def kept(parser: Any, token: Any) -> KeptNode:
    """`{% kept town.updated_at %}…{% endkept %}`: drawn once by each process for a page's template
    and these values. Only for what is the same for everybody: never a form (its token), a name, a
    right or an amount."""
    keys = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, keys)


@register.simple_tag
def route(name: str, *args: object) -> str:
    """`{% route "portal:home" as url %}`: the address, or "" when nobody serves it."""
    return routes.route(name, *args)


@register.simple_tag
def back(label: str, name: str, *args: object) -> SafeString:
    """`{% back _("Absences signalées") "townhall:absences" %}`: the way back, above the title."""
    return format_html(
        '<p class="back small"><a href="{}">{}{}</a></p>',
        routes.route(name, *args) or "#contenu",
        draw_icon("arrow-left"),
        label,
    )


@register.simple_tag(takes_context=True)
def nav_link(
    context: Context, name: str, label: str, icon: str = "", badge: int | str = ""
) -> SafeString:
    """`{% nav_link "portal:planning" "Réservations" "calendar-days" %}`: an item of a menu.

    The current item is the one named by the context's `section`, else the one whose address
    starts that of the page.
    """
    url = routes.route(name)
    request = context.get("request")
    path = request.path if request else ""
    section = context.get("section")
    current = ""
    if section:
        current = "page" if section in (name, name.partition(":")[2]) else ""
        current = current if path == url or not current else "true"
    elif url and path == url:
        current = "page"
    elif url and not name.endswith(":home") and path.startswith(url):
        current = "true"
    return format_html(
        '<li><a href="{}"{}>{}{}{}</a></li>',
        url or "#contenu",
        format_html(' aria-current="{}"', current) if current else "",
        draw_icon(icon) if icon else "",
        label,
        format_html(' <span class="badge">{}</span>', badge) if badge else "",
    )
