"""What the other parent asks for a child, where both must agree: read, agreed to or opposed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from preau.casework import queries, services
from preau.casework.kinds import get_kind
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.portal.access import family_required

LAST = 30


@require_safe
@family_required
def agreements(request: HttpRequest) -> HttpResponse:
    """What waits for this parent, then what it answered."""
    waiting = queries.to_sign(request.guardian, paris_day(utc_now()))
    return render(
        request,
        "portal/requests/agreements.html",
        {
            "waiting": [
                {"request": row, "kind": get_kind(row.kind), "facts": _facts(row)}
                for row in waiting
            ],
            "answered": [
                {"signature": one, "kind": get_kind(one.request.kind)}
                for one in queries.signed_by(request.guardian)[:LAST]
            ],
            "section": "portal:requests",
        },
    )


@require_POST
@family_required
def agree(request: HttpRequest, request_id: int) -> HttpResponse:
    """Yes or no, once; the town alone reads the word that goes with it."""
    waiting = queries.to_sign(request.guardian, paris_day(utc_now()))
    answer = request.POST.get("answer", "")
    if request_id not in {row.pk for row in waiting} or answer not in ("yes", "no"):
        raise Http404
    try:
        services.sign_request(
            request_id=request_id,
            guardian_id=request.guardian.pk,
            agrees=answer == "yes",
            note=request.POST.get("note", ""),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("Votre accord est enregistré.")
            if answer == "yes"
            else _("Votre opposition est enregistrée : la mairie ne donnera pas suite sans vous."),
        )
    return redirect("portal:agreements")


def _facts(row):
    return [fact for fact in get_kind(row.kind).shared_facts(row) if fact.value]
