"""Lists and tables: pages, sorted columns, tabs, facts, what a request changes."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.core.paginator import Page
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from preau.ui.icons import icon as draw_icon

register = template.Library()


def _query(context: Context, **changes: object) -> str:
    request = context.get("request")
    query = request.GET.copy() if request else None
    if query is None:
        from django.http import QueryDict

        query = QueryDict(mutable=True)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.inclusion_tag("ui/parts/pagination.html", takes_context=True)
def pagination(context: Context, page: Page, name: str = "page") -> dict[str, Any]:
    """`{% pagination page %}` for a django Page; keeps the rest of the query string."""
    shown = []
    if page.paginator.num_pages > 1:
        for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
            is_page = isinstance(number, int)
            shown.append((number, _query(context, **{name: number}) if is_page else ""))
    return {
        "page": page,
        "shown": shown,
        "previous": _query(context, **{name: page.number - 1}) if page.has_previous() else "",
        "next": _query(context, **{name: page.number + 1}) if page.has_next() else "",
    }


@register.simple_tag(takes_context=True)
def sort_header(
    context: Context, key: str, label: str, css: str = "", name: str = "sort", default: str = ""
) -> SafeString:
    """`{% sort_header "name" "Nom" %}`: a `<th>` whose link sorts by `key`, then by `-key`."""
    request = context.get("request")
    current = (request.GET.get(name) if request else "") or default
    state, wanted, drawing = "", key, ""
    if current == key:
        state, wanted, drawing = ' aria-sort="ascending"', f"-{key}", draw_icon("arrow-up")
    elif current == f"-{key}":
        state, drawing = ' aria-sort="descending"', draw_icon("arrow-down")
    return format_html(
        '<th scope="col" class="{}"{}><a href="{}">{}{}</a></th>',
        css,
        SafeString(state),
        _query(context, page=None, **{name: wanted}),
        label,
        drawing,
    )


@register.inclusion_tag("ui/parts/tabs.html")
def tabs(items: Iterable[Any], label: str) -> dict[str, Any]:
    """`{% tabs items "Activité" %}`: each item has url, label, current, and maybe icon, count."""
    return {"items": items, "label": label}


@register.inclusion_tag("ui/parts/facts.html")
def facts(rows: Iterable[Any]) -> dict[str, Any]:
    """`{% facts rows %}`: check-your-answers; rows have label, value, and maybe url, action."""
    return {"rows": rows}


@register.inclusion_tag("ui/parts/diff.html")
def diff(rows: Iterable[Any], caption: str = "Ce que la demande change") -> dict[str, Any]:
    """`{% diff rows %}`: before and after; rows have label, before, after."""
    return {"rows": rows, "caption": caption}
