"""The week's menus, each dish against what this home said its children may not eat."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from preau.families.queries import children_of
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.periods import read_day, week_start
from preau.kitchen.queries import menu_days
from preau.portal.access import family_required


@family_required
@require_safe
def menus(request: HttpRequest) -> HttpResponse:
    """Monday to Friday of a week (this one unless `semaine` names another)."""
    today = paris_day(utc_now())
    try:
        monday = week_start(read_day(request.GET.get("semaine", "")))
    except ValueError:
        monday = week_start(today + timedelta(days=2 if today.weekday() >= 5 else 0))
    if abs((monday - today).days) > 400:
        monday = week_start(today)
    friday = monday + timedelta(days=4)
    children = children_of(request.family, today)
    return render(
        request,
        "portal/menus/week.html",
        {
            "days": menu_days(monday, friday, children, with_health=True),
            "children": children,
            "title": french.period(monday, friday),
            "before": monday - timedelta(days=7),
            "after": monday + timedelta(days=7),
            "today": today,
            "section": "portal:menus",
        },
    )
