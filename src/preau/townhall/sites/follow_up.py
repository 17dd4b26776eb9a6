"""Sheets to follow: vaccinations awaited, plans to review; for those who may read health."""

from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from preau.accounts.enums import Permission
from preau.childsheet.queries import pais_to_review, provisional_children
from preau.kernel.clock import paris_day, utc_now
from preau.schools.queries import schooling_on, schoolings_at
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import scope_of
from preau.ui.exports import FORMATS, Column, export_table

SOON = timedelta(days=60)


@agent_required(Permission.SEE_HEALTH)
@require_GET
def follow_up(request: HttpRequest) -> HttpResponseBase:
    """What is awaited and until when, the most urgent first; never of what kind."""
    today = paris_day(utc_now())
    provisional, plans = provisional_children(), pais_to_review(today + SOON)
    scope = scope_of(request, Permission.SEE_HEALTH)
    if scope is not None:
        here = schoolings_at(scope, today).values("child_id")
        provisional, plans = provisional.filter(child__in=here), plans.filter(child__in=here)
    text = request.GET.get("q", "").strip().lower()[:60]
    if text:
        provisional = provisional.filter(child__search_key__contains=text)
        plans = plans.filter(child__search_key__contains=text)
    rows: list[dict[str, Any]] = [
        {
            "child": row.child,
            "what": _("pièce attendue pour rester admis"),
            "until": row.provisional_until,
            "reminded": row.provisional_reminded_on,
        }
        for row in provisional
    ] + [
        {
            "child": plan.child,
            "what": _("PAI à revoir"),
            "until": plan.review_on,
            "reminded": plan.reminded_on,
        }
        for plan in plans
    ]
    rows.sort(key=lambda row: (row["until"], row["child"].search_key))
    schooling = schooling_on([row["child"].pk for row in rows], today)
    for row in rows:
        place = schooling.get(row["child"].pk)
        row["school"] = place.establishment.name if place else ""
        row["late"] = row["until"] < today
    if request.GET.get("export"):
        columns = [
            Column("Enfant", lambda r: str(r["child"])),
            Column("École", lambda r: r["school"]),
            Column("Attendu", lambda r: r["what"]),
            Column("Avant le", lambda r: r["until"]),
            Column("Rappelé le", lambda r: r["reminded"]),
        ]
        return export_table(request.GET["export"], "fiches-a-suivre", columns, rows)
    return render(
        request,
        "townhall/sites/follow_up.html",
        {
            "page": Paginator(rows, 50).get_page(request.GET.get("page")),
            "q": text,
            "formats": FORMATS,
            "section": "townhall:sites",
        },
    )
