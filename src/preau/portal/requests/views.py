"""A family's requests: the list, each one followed step by step, a piece added, a withdrawal."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from preau.casework import queries, services
from preau.casework.errors import AlreadyDecided
from preau.casework.kinds import get_kind
from preau.casework.kinds.base import Asking, Wanted
from preau.enrolments.queries import open_campaign_on
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.portal.access import family_required
from preau.town.queries import get_town
from preau.ui.casework import PiecesForm

PER_PAGE = 20


class AnswerForm(forms.Form):
    message = forms.CharField(
        label=gettext_lazy("Votre message"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_safe
@family_required
def request_list(request: HttpRequest) -> HttpResponse:
    """What the household asked, the latest first, each with its state in words."""
    page = Paginator(queries.for_family(request.family.pk), PER_PAGE).get_page(
        request.GET.get("page")
    )
    rows = [
        {"request": row, "kind": get_kind(row.kind), "status": queries.status_for_family(row)}
        for row in page
    ]
    return render(
        request,
        "portal/requests/list.html",
        {
            "page": page,
            "rows": rows,
            "open_rows": [r for r in rows if r["status"].step < 4],
            "done_rows": [r for r in rows if r["status"].step == 4],
            "waiting": [r for r in rows if r["request"].status == "WAITING_FAMILY"],
            "campaign": open_campaign_on(paris_day(utc_now())),
            "section": "portal:requests",
        },
    )


@require_safe
@family_required
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """One request, its steps and what is asked of the family."""
    return _show(request, _own(request, reference))


@require_POST
@family_required
def give_piece(request: HttpRequest, reference: str) -> HttpResponse:
    """Join a piece, or answer."""
    found = _own(request, reference)
    form = AnswerForm(request.POST)
    pieces = PiecesForm(request.POST, request.FILES, wanted=_wanted(found))
    if form.is_valid() and pieces.is_valid():
        now = utc_now()
        stored = pieces.store(family_id=request.family.pk, actor=request.actor, now=now)
        if pieces.is_valid():
            try:
                services.give_piece(
                    request_id=found.pk,
                    files=[given for given, _file in stored],
                    message=form.cleaned_data["message"],
                    now=now,
                    actor=request.actor,
                )
            except AlreadyDecided as refusal:
                messages.error(request, str(refusal))
                return redirect("portal:request", reference)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("C’est envoyé. La mairie a été prévenue."))
                return redirect("portal:request", reference)
    return _show(request, found, form=form, pieces=pieces, status=422)


@require_POST
@family_required
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a request back."""
    found = _own(request, reference)
    try:
        services.withdraw(request_id=found.pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Votre demande est retirée."))
    return redirect("portal:request", reference)


def _own(request: HttpRequest, reference: str) -> Any:
    return get_object_or_404(queries.for_family(request.family.pk), reference=reference)


def _wanted(found: Any) -> list[Wanted]:
    """What is still missing by name, then any piece."""
    kind = get_kind(found.kind)
    asking = Asking.of(found, paris_day(utc_now()))
    given = {joined.document_kind_id for joined in found.files.all()}
    missing = [
        wanted
        for wanted in kind.wanted_documents(asking, found.payload)
        if wanted.kind_id is not None and wanted.kind_id not in given
    ]
    return [*missing, Wanted(name=_("Une autre pièce") if missing else _("Une pièce"))]


def _show(
    request: HttpRequest, found: Any, *, form: Any = None, pieces: Any = None, status: int = 200
) -> HttpResponse:
    kind = get_kind(found.kind)
    state = queries.status_for_family(found)
    events = list(queries.events_of(found, internal=False))
    asked = next((e for e in reversed(events) if e.kind == "PIECE_ASKED"), None)
    return render(
        request,
        "portal/requests/detail.html",
        {
            "found": found,
            "kind": kind,
            "state": state,
            "events": events,
            "waits_for_parent": found.status in ("SUBMITTED", "WAITING_FAMILY")
            and any(not one.signature for one in queries.signers_of(found, paris_day(utc_now()))),
            "asked": asked if found.status == "WAITING_FAMILY" else None,
            "facts": kind.facts(found),
            "files": found.files.select_related("file"),
            "ack": queries.acknowledgement(found),
            "just_sent": "envoyee" in request.GET,
            "is_open": found.status in ("SUBMITTED", "WAITING_FAMILY"),
            "form": form or AnswerForm(),
            "pieces": pieces or PiecesForm(wanted=_wanted(found)),
            "appeal": get_town().appeal_text
            if found.status == "REFUSED" and kind.is_decision
            else "",
            "section": "portal:requests",
        },
        status=status,
    )
