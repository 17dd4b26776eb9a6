"""Derogations, as a commission reads them: with the sector's school, the reasons, the places."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.casework import queries as casework
from preau.casework.kinds.derogation import LABELS, RANK, Derogation
from preau.catalogue.queries import establishments
from preau.kernel import french
from preau.townhall.access import agent_required
from preau.townhall.schools.forms import CommissionFilters
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 50


@agent_required(Permission.MANAGE_SCHOOLS)
@require_safe
def derogations(request: HttpRequest) -> HttpResponseBase:
    """The requests of the commission, those with the strongest reason first; exported."""
    schools = {site.pk: site for site in establishments("SCHOOL")}
    form = CommissionFilters(request.GET or None, schools=schools.values())
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = (
        casework.for_agent(request.permissions)
        .filter(kind="DEROGATION")
        .select_related("child", "family")
    )
    state = chosen.get("state") or "open"
    if state == "open":
        found = found.filter(status__in=("SUBMITTED", "WAITING_FAMILY"))
    elif state == "decided":
        found = found.filter(status__in=("APPROVED", "REFUSED"))
    if chosen.get("school"):
        found = found.filter(payload__establishment=chosen["school"])
    kind = Derogation()
    rows = list(found.order_by("submitted_at")[:1000])
    for row in rows:
        row.wanted = schools.get(row.payload["establishment"])
        row.sector = kind.sector_school(row)
        row.words = [str(LABELS.get(reason, reason)) for reason in row.payload["reasons"]]
        row.rank = min((RANK.get(reason, 99) for reason in row.payload["reasons"]), default=99)
    rows.sort(key=lambda row: (row.rank, row.submitted_at))
    if export := request.GET.get("export"):
        columns = [
            Column(_("Référence"), "reference"),
            Column(_("Enfant"), lambda row: str(row.child)),
            Column(_("Né(e) le"), "child.birth_on"),
            Column(_("Niveau"), lambda row: row.payload["level"]),
            Column(_("École du secteur"), lambda row: str(row.sector or "")),
            Column(_("École demandée"), lambda row: str(row.wanted or "")),
            Column(_("Raisons"), lambda row: french.and_join(row.words)),
            Column(_("Explication"), lambda row: row.payload.get("comment", "")),
            Column(_("Reçue le"), "submitted_at"),
            Column(_("Décision"), "get_status_display"),
            Column(_("Motif"), "decision_message"),
        ]
        return export_table(export, "commission-derogations", columns, rows)
    return render(
        request,
        "townhall/schools/derogations.html",
        {
            "form": form,
            "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
            "section": "townhall:schools",
        },
    )
