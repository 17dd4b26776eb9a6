"""Sectors: which streets go to which school; tried on an address, edited, imported, exported."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.catalogue.queries import establishments
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.schools import sectors
from preau.schools.enums import Cycle, Side
from preau.townhall.access import agent_required
from preau.townhall.schools.forms import SectorFileForm, SectorFilters, SegmentForm
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 60
COLUMNS = [
    Column("voie", "street"),
    Column("cote", lambda row: {"EVEN": "pair", "ODD": "impair"}.get(row.side, "tous")),
    Column("du", "first"),
    Column("au", lambda row: row.last or ""),
    Column("cycle", lambda row: Cycle(row.cycle).label),
    Column("ecole", "establishment.name"),
]


@agent_required(Permission.MANAGE_SCHOOLS)
@require_safe
def segments(request: HttpRequest) -> HttpResponseBase:
    """Every stretch of street with its school, and the school of an address."""
    schools = list(establishments("SCHOOL"))
    form = SectorFilters(request.GET or None, schools=schools)
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    found = sectors.list_segments(
        text=chosen.get("q", ""), school_id=chosen.get("school"), cycle=chosen.get("cycle", "")
    )
    if export := request.GET.get("export"):
        return export_table(export, "secteurs", COLUMNS, found.iterator(2000))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.words = sectors.describe(row)
    address = request.GET.get("adresse", "").strip()[:200]
    return render(
        request,
        "townhall/schools/sectors.html",
        {
            "form": form,
            "page": page,
            "address": address,
            "answers": sectors.schools_for_address(address) if address else {},
            "streets": sectors.known_streets(address) if address else [],
            "formats": FORMATS,
            "section": "townhall:schools",
        },
    )


@agent_required(Permission.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def segment(request: HttpRequest, segment_id: int | None = None) -> HttpResponse:
    """One stretch, written or changed; two schools for one address are refused."""
    row = sectors.get_segment(segment_id) if segment_id else None
    if segment_id and row is None:
        raise Http404
    initial = (
        {
            "street": row.street,
            "side": row.side,
            "first": row.first,
            "last": row.last,
            "cycle": row.cycle,
            "school": row.establishment_id,
        }
        if row
        else {"side": Side.BOTH, "first": 1}
    )
    form = SegmentForm(request.POST or None, schools=establishments("SCHOOL"), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            sectors.save_segment(
                pk=segment_id,
                street=data["street"],
                side=data["side"],
                first=data["first"] or 1,
                last=data["last"],
                cycle=data["cycle"],
                school_id=data["school"],
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Tronçon enregistré."))
            return redirect("townhall:sectors")
    return render(
        request,
        "townhall/schools/segment.html",
        {"form": form, "row": row, "section": "townhall:schools"},
    )


@agent_required(Permission.MANAGE_SCHOOLS)
@require_POST
def segment_delete(request: HttpRequest, segment_id: int) -> HttpResponse:
    sectors.delete_segment(pk=segment_id, now=utc_now(), actor=request.actor)
    messages.success(request, _("Tronçon retiré."))
    return redirect("townhall:sectors")


@agent_required(Permission.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def sectors_import(request: HttpRequest) -> HttpResponse:
    """A CSV of all the sectors: read first (each wrong line told), then put in place."""
    form = SectorFileForm(request.POST or None, request.FILES or None)
    read = None
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            read = sectors.read_sectors(content)
            if not read.problems and request.POST.get("act") == "apply":
                count = sectors.replace_sectors(content=content, now=utc_now(), actor=request.actor)
                messages.success(request, _("%s tronçons en place.") % count)
                return redirect("townhall:sectors")
        except Refusal as refusal:
            form.add_error("file", str(refusal))
    return render(
        request,
        "townhall/schools/sectors_import.html",
        {"form": form, "read": read, "section": "townhall:schools"},
    )
