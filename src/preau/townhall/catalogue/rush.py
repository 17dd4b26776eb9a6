"""The opening day: what opens next, and the waiting room."""

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from preau.accounts.enums import Permission as P
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.openings.queries import coming_windows
from preau.openings.rules import estimate_minutes
from preau.openings.rush import get_gate, keep_room_open, let_everyone_in
from preau.townhall.access import agent_required
from preau.townhall.catalogue.tables import SECTION, tabs_for

PAGE = 50
HOURS = (1, 2, 4)


@agent_required(P.MANAGE_CATALOGUE)
@require_http_methods(["GET", "POST"])
def rush(request: HttpRequest) -> HttpResponse:
    """What opens next; whether people wait, how many, how fast they come in; opened and closed."""
    now = utc_now()
    if request.method == "POST":
        _act(request)
        return redirect("townhall:catalogue-rush")
    gate = get_gate()
    waiting = max(gate.last_ticket - gate.admitted, 0) if gate.is_on else 0
    rate = gate.rate_milli / 1000
    return render(
        request,
        "townhall/catalogue/rush.html",
        {
            "section": SECTION,
            "tabs": tabs_for("affluence"),
            "gate": gate,
            "waiting": waiting,
            "rate": round(rate),
            "minutes": estimate_minutes(waiting, rate) if waiting else 0,
            "is_kept": gate.kept_on_until is not None and now < gate.kept_on_until,
            "hours": HOURS,
            "page": Paginator(coming_windows(now), PAGE).get_page(request.GET.get("page")),
        },
    )


def _act(request: HttpRequest) -> None:
    now = utc_now()
    if request.POST.get("act") == "close":
        let_everyone_in(now=now, actor=request.actor)
        messages.success(request, _("La salle d’attente est fermée : tout le monde entre."))
        return
    hours = request.POST.get("hours", "")
    try:
        if hours not in {str(n) for n in HOURS}:
            raise Refusal(_("Choisissez pour combien d’heures."))
        keep_room_open(until=now + timedelta(hours=int(hours)), now=now, actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("La salle d’attente est ouverte."))
