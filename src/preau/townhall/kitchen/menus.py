"""What each dish holds, a day at a time; menus and allergens taken from a file."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission
from preau.catalogue import queries as catalogue
from preau.catalogue.services import save_allergens
from preau.catalogue.services.menus import CONTENTS, DISHES
from preau.journeys.menu_import import MenuFileError, apply_menus, read_menus
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.periods import read_day, week_start
from preau.townhall.access import agent_required

SECTION = "townhall:kitchen"


def _monday(text: str) -> date:
    try:
        return week_start(read_day(text))
    except ValueError:
        return week_start(paris_day(utc_now()))


@agent_required(Permission.MANAGE_CATALOGUE, Permission.WRITE_PAGES)
@require_http_methods(["GET", "POST"])
def allergens(request: HttpRequest) -> HttpResponse:
    """The dishes of a week against the fourteen allergens, pork and meat."""
    monday = _monday(request.GET.get("semaine", ""))
    friday = monday + timedelta(days=4)
    found = list(catalogue.menus(monday, friday))
    if request.method == "POST":
        try:
            for menu in found:
                save_allergens(
                    day=menu.day,
                    allergens={
                        course: request.POST.getlist(f"{menu.day.isoformat()}-{course}")
                        for course in DISHES
                    },
                    now=utc_now(),
                    actor=request.actor,
                )
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Les allergènes de la semaine sont publiés."))
        response = redirect("townhall:kitchen-allergens")
        response["Location"] += f"?semaine={monday.isoformat()}"
        return response
    days = [
        {
            "day": menu.day,
            "dishes": [
                {
                    "field": f"{menu.day.isoformat()}-{course}",
                    "course": label,
                    "name": getattr(menu, course),
                    "held": set(menu.allergens.get(course, [])),
                }
                for course, label in DISHES.items()
                if getattr(menu, course)
            ],
        }
        for menu in found
    ]
    return render(
        request,
        "townhall/kitchen/allergens.html",
        {
            "days": days,
            "contents": list(CONTENTS.items()),
            "title": french.period(monday, friday, year=True),
            "monday": monday,
            "before": monday - timedelta(days=7),
            "after": monday + timedelta(days=7),
            "section": SECTION,
        },
    )


@agent_required(Permission.MANAGE_CATALOGUE, Permission.WRITE_PAGES)
@require_http_methods(["GET", "POST"])
def import_menus(request: HttpRequest) -> HttpResponse:
    """A CSV or XLSX of days and dishes: previewed, each bad line told, then taken whole."""
    rows: list[Any] = []
    errors: list[str] = []
    text = ""
    if request.method == "POST":
        given = request.FILES.get("file")
        text = request.POST.get("kept", "")
        try:
            if given is not None:
                rows, errors, text = read_menus(given.name or "", given.read())
            elif text:
                rows, errors, text = read_menus("menus.csv", text.encode())
            else:
                errors = [_("Choisissez un fichier CSV ou Excel.")]
        except MenuFileError as error:
            errors = [str(error)]
        if request.POST.get("act") == "apply" and rows and not errors:
            try:
                count = apply_menus(rows, now=utc_now(), actor=request.actor)
            except Refusal as refusal:
                errors = [str(refusal)]
            else:
                messages.success(request, _("%s de menus publiés.") % french.count(count, "jour"))
                response = redirect("townhall:kitchen-allergens")
                response["Location"] += f"?semaine={rows[0].day.isoformat()}"
                return response
    return render(
        request,
        "townhall/kitchen/import.html",
        {
            "rows": rows,
            "errors": errors,
            "kept": text if rows and not errors else "",
            "dishes": DISHES,
            "contents": CONTENTS,
            "section": SECTION,
        },
        status=422 if errors else 200,
    )
