"""The tablet at the door, the day's list, and corrections that leave a trace."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from preau.accounts.enums import Permission
from preau.attendance.enums import CardStatus
from preau.attendance.queries import find_card
from preau.childcare import queries, services
from preau.childcare.enums import PunchSource
from preau.childcare.errors import UnknownCode
from preau.kernel import french
from preau.kernel.clock import paris, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.childcare.forms import HoursForm
from preau.townhall.childcare.scope import (
    SECTION,
    asked_day,
    contract_or_404,
    site_or_404,
    sites,
    today,
)

TAKE = Permission.TAKE_ATTENDANCE


@require_safe
@agent_required(Permission.MANAGE_CRECHE, TAKE)
def punch_sites(request: HttpRequest) -> HttpResponse:
    """Which crèche's door? Straight to it when there is one."""
    found = sites(request, TAKE)
    if len(found) == 1:
        return redirect("townhall:childcare-door", found[0].pk)
    return render(
        request, "townhall/childcare/punch_sites.html", {"sites": found, "section": SECTION}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(TAKE)
def punch(request: HttpRequest, pk: int) -> HttpResponse:
    """The tablet: a code or a QR, or a name touched; who is there, who is awaited."""
    site = site_or_404(request, pk, TAKE)
    if request.method == "POST":
        try:
            said = _punch(request, site.pk)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _said(said))
        return redirect("townhall:childcare-punch", site.pk)
    rows = queries.expected_on([site.pk], today())
    here = [row for row in rows if row.state == "here"]
    return render(
        request,
        "townhall/childcare/punch.html",
        {
            "site": site,
            "rows": rows,
            "counts": {
                "here": len(here),
                "expected": len(rows),
                "left": sum(row.state == "left" for row in rows),
                "away": sum(row.state == "away" for row in rows),
            },
            "clock": paris(utc_now()).time(),
            "day": today(),
        },
    )


def _punch(request: HttpRequest, site_id: int) -> Any:
    by: dict[str, Any] = {"now": utc_now(), "actor": request.actor}
    chosen = request.POST.get("contract", "")
    if is_number(chosen):
        known = {row.contract.pk for row in queries.expected_on([site_id], today())}
        if int(chosen) not in known:
            raise UnknownCode
        return services.punch(contract_id=int(chosen), source=PunchSource.AGENT, **by)
    code = request.POST.get("code", "")[:40]
    source = PunchSource.QR if request.POST.get("source") == "qr" else PunchSource.CODE
    try:
        return services.punch_code(code=code, establishment_id=site_id, source=source, **by)
    except UnknownCode:
        card = find_card(code)
        if card is None or card.status != CardStatus.ACTIVE:
            raise
        return services.punch_child(
            child_id=card.child_id, establishment_id=site_id, source=PunchSource.QR, **by
        )


def _said(said: Any) -> str:
    words = {
        "arrived": _("%(name)s est arrivé à %(at)s. Bonne journée !"),
        "left": _("%(name)s est parti à %(at)s. À bientôt !"),
        "again": _("C’est déjà noté : %(name)s, %(at)s."),
    }
    return words[said.kind] % {"name": said.name, "at": french.clock_time(said.at)}


@require_safe
@agent_required(Permission.MANAGE_CRECHE, TAKE)
def day(request: HttpRequest) -> HttpResponse:
    """Who was expected and who came on a day, in every crèche of the agent."""
    on = asked_day(request)
    found = sites(request, TAKE if TAKE in request.permissions else Permission.MANAGE_CRECHE)
    rows = queries.expected_on([site.pk for site in found], on)
    return render(
        request,
        "townhall/childcare/day.html",
        {
            "rows": rows,
            "day": on,
            "previous": f"?jour={(on - timedelta(days=1)).isoformat()}",
            "next": f"?jour={(on + timedelta(days=1)).isoformat()}",
            "is_past": on <= today(),
            "section": SECTION,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """The hours of a child on a day, as they were; why is kept."""
    row = contract_or_404(request, pk)
    on = asked_day(request)
    noted = next((p for p in queries.presences_of(row.pk, on) if p.day == on), None)
    form = HoursForm(
        request.POST if request.method == "POST" else None,
        initial={
            "arrived": paris(noted.arrived_at).time() if noted else None,
            "left": paris(noted.left_at).time() if noted and noted.left_at else None,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.correct_presence(
                contract_id=row.pk, day=on, now=utc_now(), actor=request.actor, **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Le pointage est corrigé."))
            return redirect(f"{reverse('townhall:childcare-day')}?jour={on.isoformat()}")
    return render(
        request,
        "townhall/childcare/correct.html",
        {
            "row": row,
            "day": on,
            "form": form,
            "corrections": [c for c in queries.corrections_of(row.pk) if c.day == on],
            "section": SECTION,
        },
        status=422 if form.is_bound else 200,
    )
