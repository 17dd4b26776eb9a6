"""Absences that families report: the inbox, and the decision."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.attendance.enums import AbsenceStatus
from preau.attendance.queries import absences_to_decide, list_absences
from preau.attendance.services import justify_absence
from preau.documents.queries import get_file
from preau.journeys.family_file import visible_families
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.ui.days.absences import STATUS_TAGS
from preau.ui.files import file_response

PAGE = 50


def _visible(request: HttpRequest):
    families = visible_families(request.user, paris_day(utc_now()))
    return {"family__in": families.values("pk")}


@agent_required(Permission.HANDLE_REQUESTS)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Those to decide, oldest first; or all of them."""
    every = request.GET.get("etat") == "toutes"
    found = (list_absences() if every else absences_to_decide()).filter(**_visible(request))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = []
    for report in page.object_list:
        kind, word = STATUS_TAGS[AbsenceStatus(report.status)]
        rows.append((report, french.period(report.starts_on, report.ends_on), kind, word))
    tabs = [
        {"url": "?", "label": _("À décider"), "current": not every},
        {"url": "?etat=toutes", "label": _("Toutes"), "current": every},
    ]
    return render(
        request,
        "townhall/sites/absences.html",
        {"page": page, "rows": rows, "tabs": tabs, "section": "townhall:inbox"},
    )


def _report_or_404(request: HttpRequest, reference: str):
    report = list_absences().filter(**_visible(request), reference=reference).first()
    if report is None:
        raise Http404
    return report


@agent_required(Permission.HANDLE_REQUESTS)
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """One report: its days, its document; justified or not, and why."""
    report = _report_or_404(request, reference)
    error = ""
    comment = request.POST.get("comment", "")
    if request.method == "POST":
        justified = request.POST.get("decision") == "yes"
        try:
            justify_absence(
                report_id=report.pk,
                justified=justified,
                comment=comment,
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            error = str(refusal)
        else:
            messages.success(
                request,
                _("Absence %(reference)s : %(word)s. La famille est prévenue.")
                % {
                    "reference": report.reference,
                    "word": AbsenceStatus("JUSTIFIED" if justified else "NOT_JUSTIFIED").label,
                },
            )
            return redirect("townhall:absences")
    kind, word = STATUS_TAGS[AbsenceStatus(report.status)]
    return render(
        request,
        "townhall/sites/absence.html",
        {
            "report": report,
            "kind": kind,
            "word": word,
            "when": french.period(report.starts_on, report.ends_on),
            "effects": [
                (french.day(date.fromisoformat(e["day"])), e["activity"], e["sentence"])
                for e in report.effects
            ],
            "error": error,
            "comment": comment,
            "section": "townhall:inbox",
        },
        status=422 if error else 200,
    )


@agent_required(Permission.HANDLE_REQUESTS)
@require_GET
def document(request: HttpRequest, reference: str, file_id: UUID) -> HttpResponse:
    """The certificate of a report, and nothing else."""
    report = _report_or_404(request, reference)
    stored = get_file(file_id) if report.document_id == file_id else None
    if stored is None:
        raise Http404
    return file_response(stored)
