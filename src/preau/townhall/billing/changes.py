"""Regularisations: what was learnt after the invoices, for the accountant to decide."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.billing import queries, regularising
from preau.billing.shares_back import parts_of_lines, shares_back
from preau.billing.tasks import defer_once, look_for_changes
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.billing.shares_forms import ChangesFilterForm, RefuseForm
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.refusals import add_refusal

PAGE = 40
COLUMNS = (
    Column("Trouvée le", "found_at"),
    Column("Facture", "line.invoice.number"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Ligne", "line.label"),
    Column("Sens", lambda row: row.get_kind_display()),
    Column("Montant", lambda row: Cents(row.cents)),
    Column("Part de tiers payeurs", lambda row: Cents(row.share_cents)),
    Column("État", lambda row: row.get_status_display()),
    Column("Par", "decided_by"),
    Column("Motif", "reason"),
)


@agent_required(Permission.BILL)
@require_GET
def changes(request: HttpRequest) -> HttpResponseBase:
    """The proposals, those to decide first."""
    offices = list(queries.cash_offices())
    form = ChangesFilterForm(request.GET or None, offices=offices)
    wanted: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    office = next((o for o in offices if o.code == wanted.get("office")), None)
    found = regularising.regularisations(
        status=wanted.get("status") or regularising.Status.PROPOSED,
        kind=wanted.get("kind", ""),
        cash_office_id=office.pk if office else None,
    )
    if "export" in request.GET:
        return export_table(request.GET["export"], "regularisations", COLUMNS, found.iterator())
    return render(
        request,
        "townhall/billing/changes.html",
        {
            "section": "townhall:billing",
            "form": form,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
        },
    )


@agent_required(Permission.BILL)
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Look now rather than tonight; the worker does it."""
    defer_once(look_for_changes, "billing.look")
    messages.info(request, _("La recherche est partie : cette liste se remplit dans la minute."))
    return redirect("townhall:billing-changes")


def _get(pk: int) -> Any:
    found = regularising.regularisations().filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: Any, form: RefuseForm) -> HttpResponse:
    return render(
        request,
        "townhall/billing/change.html",
        {
            "section": "townhall:billing",
            "change": found,
            "days": [day | {"on": dt.date.fromisoformat(day["day"])} for day in found.days],
            "form": form,
            "total_cents": found.cents + found.share_cents,
            "whole_shares": parts_of_lines([found.line_id]).get(found.line_id)
            if found.share_cents and not found.cents
            else [],
            "shares": shares_back({found.line_id: found.cents})
            if found.status == "PROPOSED" and found.kind == "CREDIT" and found.cents
            else [],
        },
        status=422 if form.errors else 200,
    )


@agent_required(Permission.BILL)
@require_GET
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One proposal, day by day."""
    return _page(request, _get(pk), RefuseForm())


@agent_required(Permission.BILL)
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Credit it now, or charge it on the next invoice."""
    found = _get(pk)
    try:
        done = regularising.accept(regularisation_id=pk, actor=request.actor, now=utc_now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:billing-change", pk)
    if done.kind == "CREDIT" and done.credit_note is None:
        messages.success(request, _("L’avoir au tiers payeur est émis."))
    elif done.credit_note is not None:
        messages.success(request, _("Avoir %(number)s émis.") % {"number": done.credit_note.number})
    else:
        messages.success(
            request,
            _("%(who)s le verra sur sa prochaine facture.") % {"who": found.family.name},
        )
    return redirect("townhall:billing-changes")


@agent_required(Permission.BILL)
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the invoice as it is."""
    found = _get(pk)
    form = RefuseForm(request.POST)
    if form.is_valid():
        try:
            regularising.refuse(
                regularisation_id=pk,
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("C’est noté : la facture ne change pas."))
            return redirect("townhall:billing-changes")
    return _page(request, found, form)
