"""The canteen's menus, a week at a time."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from preau.accounts.enums import Permission as P
from preau.catalogue import queries, services
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.periods import read_day, week_start
from preau.townhall.access import agent_required
from preau.townhall.catalogue.tables import SECTION, tabs_for
from preau.ui.exports import Column, export_table

COURSES = (
    ("starter", _("Entrée"), 120),
    ("main", _("Plat"), 120),
    ("side", _("Accompagnement"), 120),
    ("dairy", _("Laitage"), 120),
    ("dessert", _("Dessert"), 120),
    ("note", _("Remarque"), 160),
)
COLUMNS = (Column(_("Jour"), "day"), *(Column(label, name) for name, label, _size in COURSES))


def _monday(text: str) -> date:
    today = paris_day(utc_now())
    try:
        monday = week_start(read_day(text)) if text else week_start(today)
    except ValueError:
        monday = week_start(today)
    if abs((monday - today).days) > 800:
        raise Http404
    return monday


@agent_required(P.MANAGE_CATALOGUE, P.WRITE_PAGES)
@require_http_methods(["GET", "POST"])
def menus(request: HttpRequest) -> HttpResponse:
    """Write the five days of a week; a day left empty has no menu."""
    monday = _monday(request.GET.get("semaine", ""))
    days = [monday + timedelta(days=n) for n in range(5)]
    written = {menu.day: menu for menu in queries.menus(days[0], days[-1])}
    calendar = queries.day_calendar(days[0], days[-1])
    posted = request.POST if request.method == "POST" else None
    rows: list[dict[str, Any]] = []
    too_long = ""
    for day in days:
        cells = []
        for name, label, size in COURSES:
            field = f"{day.isoformat()}-{name}"
            value = (
                posted.get(field, "") if posted is not None else getattr(written.get(day), name, "")
            )
            if len(value) > size:
                too_long = _("%(day)s, %(course)s : %(size)s signes au plus.") % {
                    "day": french.day(day),
                    "course": label.lower(),
                    "size": size,
                }
            cells.append(
                {
                    "field": field,
                    "name": name,
                    "label": label,
                    "value": value,
                    "size": size,
                    "sr": f"{label}, {french.day(day)}",
                }
            )
        info = calendar[day]
        rows.append({"day": day, "cells": cells, "closed": info.closed_reason or info.holiday_name})
    if posted is not None and not too_long:
        try:
            services.save_week_menus(
                days={row["day"]: {c["name"]: c["value"] for c in row["cells"]} for row in rows},
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            too_long = str(refusal)
        else:
            messages.success(request, _("Les menus de la semaine sont publiés."))
            return redirect(f"{reverse('townhall:menus')}?semaine={monday.isoformat()}")
    return render(
        request,
        "townhall/catalogue/menus.html",
        {
            "section": SECTION,
            "rows": rows,
            "courses": COURSES,
            "error": too_long,
            "title": french.period(days[0], days[-1], year=True),
            "previous": monday - timedelta(days=7),
            "next": monday + timedelta(days=7),
            "tabs": tabs_for("menus") if P.MANAGE_CATALOGUE in request.permissions else None,
        },
        status=422 if too_long else 200,
    )


@agent_required(P.MANAGE_CATALOGUE, P.WRITE_PAGES)
@require_safe
def menus_export(request: HttpRequest, file_format: str) -> HttpResponseBase:
    """Every menu, the latest first."""
    return export_table(file_format, "menus", COLUMNS, queries.list_menus().iterator(500))
