"""The monthly billing run: open, look, approve; the worker does the rest."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.billing import queries, services
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.billing.forms import OpenRunForm
from preau.ui.exports import FORMATS, Column, export_table

PAGE = 30
SHOWN = 40
"""Of each kind of what looks wrong, on the page; the export has more."""
# In the order of what must be settled first; the last ones are only to be known.
ANOMALIES = (
    ("undecided", gettext_lazy("Prix que le règlement ne dit pas : jours non facturés")),
    ("no_payer", gettext_lazy("Dossiers sans redevable : rien n’est émis pour eux")),
    ("negative", gettext_lazy("Totaux négatifs : rien n’est émis")),
    ("credited", gettext_lazy("Mois de crèche négatifs : portés au crédit du compte")),
    ("unassigned", gettext_lazy("Activités sans régie")),
    ("contracts_open", gettext_lazy("Relevés de crèche à arrêter")),
    ("late", gettext_lazy("Jours d’un mois passé, facturés maintenant")),
    ("walk_in", gettext_lazy("Présences sans réservation")),
    ("unseen", gettext_lazy("Réservations sans pointage : facturées comme présentes")),
    ("no_quotient", gettext_lazy("Dossiers sans quotient")),
    ("unusual", gettext_lazy("Montants inhabituels")),
    ("zero", gettext_lazy("Factures à zéro")),
)


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def runs(request: HttpRequest) -> HttpResponse:
    """Past runs, and the month to bill next."""
    now = utc_now()
    offices = list(queries.cash_offices(only_active=True))
    form = OpenRunForm(
        request.POST if request.method == "POST" else None, offices=offices, today=paris_day(now)
    )
    if request.method == "POST" and form.is_valid():
        office = next(o for o in offices if o.code == form.cleaned_data["office"])
        try:
            run = services.open_run(
                cash_office_id=office.pk,
                month=dt.date.fromisoformat(form.cleaned_data["month"]),
                actor=request.actor,
                now=now,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("townhall:billing-run", run.pk)
    page = Paginator(queries.runs(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/billing/runs.html",
        {"section": "townhall:billing", "form": form, "page": page},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.BILL)
@require_GET
def run(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """One run: where it is, what it would issue, what looks wrong; that list exported."""
    found = queries.get_run(run_id)
    if found is None:
        raise Http404
    preview = found.preview
    if "export" in request.GET:
        return _export(request.GET["export"], found)
    counts = preview.get("anomaly_counts", {})
    listed = preview.get("anomalies", [])
    codes = queries.family_codes(
        {item["family_id"] for item in [*listed, *preview.get("largest", [])] if item["family_id"]}
    )
    return render(
        request,
        "townhall/billing/run.html",
        {
            "section": "townhall:billing",
            "run": found,
            "preview": preview,
            "anomalies": [
                {
                    "label": label,
                    "count": counts[kind],
                    "rows": [
                        {"text": i["text"], "code": codes.get(i["family_id"])}
                        for i in listed
                        if i["kind"] == kind
                    ][:SHOWN],
                    "more": max(counts[kind] - SHOWN, 0),
                }
                for kind, label in ANOMALIES
                if counts.get(kind)
            ],
            "formats": FORMATS,
            "largest": [
                item | {"code": codes.get(item["family_id"])} for item in preview.get("largest", [])
            ],
        },
    )


def _export(form: str, found: Any) -> HttpResponseBase:
    """What looks wrong, as the preview kept it (the first hundreds of each kind)."""
    listed = found.preview.get("anomalies", [])
    codes = queries.family_codes({item["family_id"] for item in listed if item["family_id"]})
    labels = {kind: str(label) for kind, label in ANOMALIES}
    columns = (
        Column("À regarder", lambda item: labels.get(item["kind"], item["kind"])),
        Column("Code famille", lambda item: codes.get(item["family_id"], "")),
        Column("Ce qui est dit", lambda item: item["text"]),
    )
    name = f"a-regarder-{found.cash_office.code}-{found.month:%Y-%m}"
    return export_table(form, name, columns, listed)


@agent_required(Permission.BILL)
@require_POST
def approve(request: HttpRequest, run_id: int) -> HttpResponse:
    """Approve what was previewed, and nothing else."""
    return _act(
        request, run_id, services.approve_run, fingerprint=request.POST.get("fingerprint", "")
    )


@agent_required(Permission.BILL)
@require_POST
def recompute(request: HttpRequest, run_id: int) -> HttpResponse:
    """Preview again."""
    return _act(request, run_id, services.recompute_run)


@agent_required(Permission.BILL)
@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    """Give it up."""
    return _act(request, run_id, services.cancel_run)


def _act(request, run_id, service, **more):  # type: ignore[no-untyped-def]
    if queries.get_run(run_id) is None:
        raise Http404
    try:
        service(run_id=run_id, actor=request.actor, now=utc_now(), **more)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("C’est noté."))
    return redirect("townhall:billing-run", run_id)
