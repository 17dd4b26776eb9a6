"""Each panel of a family's file, whole: searched, filtered, paged, exported («tout voir»).

The file itself shows the latest of each; what is here has no limit. The lists are in `lists.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.townhall.access import agent_required
from preau.townhall.families.lists import PANELS, Panel
from preau.townhall.families.scope import get_family_or_404
from preau.ui.exports import FORMATS, Cents, export_table

PAGE = 60
# What of a document tells of money is for who may see accounts.
OF_MONEY = ("INVOICE", "CREDIT_NOTE", "RECEIPT", "STATEMENT", "TAX_CERTIFICATE")


@agent_required(Permission.SEE_FAMILIES)
@require_safe
def panel(request: HttpRequest, code: str, what: str) -> HttpResponseBase:
    """One list of the file, whole: `?q= &etat= &page=`; `?export=csv|xlsx|ods`."""
    shown = PANELS.get(what)
    if shown is None or shown.permission not in request.permissions:
        raise Http404
    family = get_family_or_404(request, code)
    day = paris_day(utc_now())
    text = request.GET.get("q", "").strip()[:80]
    state = request.GET.get("etat", "")
    rows = shown.rows(family)
    if what == "documents" and Permission.SEE_ACCOUNTS not in request.permissions:
        rows = rows.exclude(kind__in=OF_MONEY)
    conditions = {one.value: one.keeps for one in shown.states}
    if shown.states:
        state = state if state in conditions else shown.states[0].value
        rows = rows.filter(conditions[state](day))
    for word in text.split()[:6]:
        rows = rows.filter(_any(shown.search, word))
    if what == "jours" and state != "venir":
        rows = rows.order_by("-slot__day", "slot__starts_at", "child_id", "pk")
    if export := request.GET.get("export"):
        return export_table(export, f"{what}-{family.code}", shown.columns, rows.iterator(500))
    return _draw(request, family, what, shown, rows, state=state, text=text)


def _any(names: Sequence[str], word: str) -> Q:
    condition = Q()
    for name in names:
        condition |= Q(**{f"{name}__icontains": word})
    return condition


def _draw(
    request: HttpRequest,
    family: Any,
    what: str,
    shown: Panel,
    rows: QuerySet[Any],
    *,
    state: str,
    text: str,
) -> HttpResponse:
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    may_open = what != "demandes" or Permission.HANDLE_REQUESTS in request.permissions
    head, *others = shown.columns
    lines = [
        {
            "url": shown.link(row) if may_open else "",
            "head": cell(head.of(row)),
            "cells": [
                (column.title, cell(column.of(row)), "r amount" if column.is_amount else "")
                for column in others
            ],
        }
        for row in page
    ]
    tabs = [
        {
            "label": other.title,
            "url": reverse("townhall:family-panel", args=[family.code, key]),
            "current": key == what,
        }
        for key, other in PANELS.items()
        if other.permission in request.permissions
    ]
    return render(
        request,
        "townhall/families/panel.html",
        {
            "family": family,
            "shown": shown,
            "what": what,
            "heads": [(column.title, "r" if column.is_amount else "") for column in shown.columns],
            "tabs": tabs,
            "page": page,
            "lines": lines,
            "q": text,
            "state": state,
            "formats": FORMATS,
            "section": "townhall:families",
        },
    )


def cell(value: Any) -> str:
    """A cell as a person reads it."""
    if value is None or value == "":
        return ""
    if isinstance(value, Cents):
        return french.euros(value.cents)
    if isinstance(value, datetime):
        return f"{french.day_short(value, year=True)}, {french.clock_time(value)}"
    if isinstance(value, date):
        return french.day_short(value, year=True)
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    return str(value)
