"""Taking over another software's files: a file in, a preview, the worker, a reconciliation."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.journeys.takeover import services
from preau.journeys.takeover.format import TABLES, template
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.imports.forms import NoteFilters, TakeOverForm
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 50
TITLES = {table.name: table.title for table in TABLES}


@agent_required(Permission.IMPORT)
@require_http_methods(["GET", "POST"])
def take_overs(request: HttpRequest) -> HttpResponse:
    """Past take-overs, and the file of a new one."""
    form = TakeOverForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        uploaded = form.cleaned_data["file"]
        try:
            row = services.start_take_over(
                uploaded=uploaded,
                name=uploaded.name,
                as_of=form.cleaned_data["as_of"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("townhall:take-over", take_over_id=row.pk)
    page = Paginator(services.list_take_overs(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/imports/take_overs.html",
        {"form": form, "page": page, "section": "townhall:take-overs"},
    )


@agent_required(Permission.IMPORT)
@require_GET
def take_over(request: HttpRequest, take_over_id: int) -> HttpResponse:
    """What a take-over would write, or wrote, and what it says of each line."""
    row = _get(take_over_id)
    form = NoteFilters(request.GET or None, tables=row.counts)
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    refused = {"refused": True, "kept": False}.get(chosen.get("outcome", ""))
    notes = services.notes_of(row, table=chosen.get("table", ""), refused=refused)
    counts = [(TITLES.get(name, name), row.counts[name]) for name in TITLES if name in row.counts]
    return render(
        request,
        "townhall/imports/take_over.html",
        {
            "row": row,
            "counts": counts,
            "balances": services.reconciliation(row),
            "encodings": ", ".join(sorted(set(row.encodings.values()))),
            "form": form,
            "notes": Paginator(notes, PAGE).get_page(request.GET.get("page")),
            "is_moving": row.status in ("READING", "APPLYING"),
            "formats": FORMATS,
            "section": "townhall:take-overs",
        },
    )


@agent_required(Permission.IMPORT)
@require_POST
def approve(request: HttpRequest, take_over_id: int) -> HttpResponse:
    _get(take_over_id)
    try:
        services.approve_take_over(take_over_id=take_over_id, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("La reprise est partie : vous pouvez quitter cette page."))
    return redirect("townhall:take-over", take_over_id=take_over_id)


@agent_required(Permission.IMPORT)
@require_POST
def abandon(request: HttpRequest, take_over_id: int) -> HttpResponse:
    _get(take_over_id)
    try:
        services.abandon_take_over(take_over_id=take_over_id, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Reprise abandonnée : rien n’a été écrit."))
    return redirect("townhall:take-overs")


@agent_required(Permission.IMPORT)
@require_GET
def notes(request: HttpRequest, take_over_id: int) -> HttpResponseBase:
    """Every remark, for a spreadsheet: what to correct in the old software, or by hand."""
    row = _get(take_over_id)
    columns = [
        Column(_("Table"), lambda note: TITLES.get(note.table, note.table)),
        Column(_("Ligne"), "line"),
        Column(_("Famille"), "family"),
        Column(_("Suite"), lambda note: _("refusée") if note.is_refused else _("à vérifier")),
        Column(_("Raison"), "reason"),
    ]
    found = services.notes_of(row)
    return export_table(
        request.GET.get("export", "csv"), f"reprise-{row.pk}", columns, found.iterator(2000)
    )


@agent_required(Permission.IMPORT)
@require_GET
def model(request: HttpRequest) -> HttpResponse:
    """The empty workbook to fill."""
    response = HttpResponse(template(), content_type=FORMATS["xlsx"][1])
    response.headers["Content-Disposition"] = 'attachment; filename="reprise-modele.xlsx"'
    return response


def _get(take_over_id: int) -> Any:
    row = services.get_take_over(take_over_id)
    if row is None:
        raise Http404
    return row
