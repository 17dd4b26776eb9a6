"""Imports of the pupils' register: two files in, a preview, then the worker."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.journeys.onde.changes import CHANGE_LABELS
from preau.journeys.onde.labels import COUNT_LABELS
from preau.journeys.onde.services import abandon_import, approve_import, preview_import
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.schools.queries import get_import, list_imports
from preau.townhall.access import agent_required
from preau.townhall.imports.forms import OndeForm
from preau.ui.exports import csv_response

PAGE = 50
SHOWN = 20


@agent_required(Permission.IMPORT)
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Past imports, and the two files of a new one."""
    form = OndeForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            import_id = preview_import(
                pupils=form.cleaned_data["pupils"].read(),
                adults=form.cleaned_data["adults"].read(),
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("townhall:import", import_id=import_id)
    page = Paginator(list_imports(), PAGE).get_page(request.GET.get("page"))
    return render(request, "townhall/imports/list.html", {"form": form, "page": page})


@agent_required(Permission.IMPORT)
@require_GET
def import_detail(request: HttpRequest, import_id: int) -> HttpResponse:
    """What an import would change, or changed."""
    found = get_import(import_id)
    if found is None:
        raise Http404
    problems = Paginator(found.problems, PAGE).get_page(request.GET.get("page"))
    counts = [
        (label, found.counts[name]) for name, label in COUNT_LABELS.items() if name in found.counts
    ]
    changes = [
        (label, lines[:SHOWN], max(0, len(lines) - SHOWN))
        for name, label in CHANGE_LABELS.items()
        if (lines := found.examples.get(name, []))
    ]
    return render(
        request,
        "townhall/imports/detail.html",
        {"found": found, "counts": counts, "changes": changes, "problems": problems},
    )


@agent_required(Permission.IMPORT)
@require_POST
def approve(request: HttpRequest, import_id: int) -> HttpResponse:
    try:
        approve_import(import_id=import_id, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("L’import est parti : il s’applique en quelques secondes."))
    return redirect("townhall:import", import_id=import_id)


@agent_required(Permission.IMPORT)
@require_POST
def abandon(request: HttpRequest, import_id: int) -> HttpResponse:
    try:
        abandon_import(import_id=import_id, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Import abandonné : rien n’a été écrit."))
    return redirect("townhall:imports")


@agent_required(Permission.IMPORT)
@require_GET
def problems_csv(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """The lines not understood, to send back to the schools."""
    found = get_import(import_id)
    if found is None:
        raise Http404
    rows = [
        (p["file"], p["line"], _("refusée") if p["refused"] else _("à vérifier"), p["reason"])
        for p in found.problems
    ]
    return csv_response(
        f"import-onde-{import_id}-problemes.csv",
        [_("Fichier"), _("Ligne"), _("Suite"), _("Raison")],
        rows,
    )


@agent_required(Permission.IMPORT)
@require_GET
def changes_csv(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """Every change that the import makes, one by one."""
    found = get_import(import_id)
    if found is None:
        raise Http404
    return csv_response(
        f"import-onde-{import_id}-changements.csv",
        [_("Changement"), _("Qui")],
        (
            (label, line)
            for name, label in CHANGE_LABELS.items()
            for line in found.examples.get(name, [])
        ),
    )
