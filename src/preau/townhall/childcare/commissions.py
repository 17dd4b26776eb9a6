"""The commission: its places, the files without a name, its decisions, its minutes."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries, services
from preau.childcare.enums import Outcome
from preau.childcare.queries.commissions import minutes_of
from preau.documents.render import render_pdf
from preau.kernel import french
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.childcare.forms import CommissionForm, PlaceForm
from preau.townhall.childcare.scope import SECTION, scope_of, today

PER_PAGE = 20


def _whole_town(request: HttpRequest) -> None:
    """The commission gives the places of every crèche: for who manages them all."""
    if scope_of(request) is not None:
        raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def commissions(request: HttpRequest) -> HttpResponse:
    """The sessions, and a new one."""
    _whole_town(request)
    form = CommissionForm(
        request.POST if request.method == "POST" else None, initial={"held_on": today()}
    )
    if request.method == "POST" and form.is_valid():
        row = services.open_commission(now=utc_now(), actor=request.actor, **form.cleaned_data)
        return redirect("townhall:childcare-commission", row.pk)
    page = Paginator(queries.commissions(), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/childcare/commissions.html",
        {"page": page, "form": form, "section": SECTION},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def commission(request: HttpRequest, pk: int) -> HttpResponse:
    """One session: places, files by points for the chosen place, decisions."""
    _whole_town(request)
    row = queries.get_commission(pk)
    if row is None:
        raise Http404
    form = PlaceForm(
        request.POST if request.POST.get("act") == "place" else None,
        sections=queries.sections(),
        initial={"starts_on": row.held_on},
    )
    if request.method == "POST" and (done := _act(request, row, form)):
        return done
    places = queries.places_of(row.pk)
    chosen = next(
        (place for place in places if str(place.pk) == request.GET.get("place")),
        places[0] if places else None,
    )
    return render(
        request,
        "townhall/childcare/commission.html",
        {
            "row": row,
            "places": [
                (place, french.and_join(french.WEEKDAYS[day] for day in place.weekdays))
                for place in places
            ],
            "chosen": chosen,
            "files": queries.candidates(row.pk, chosen) if chosen and not row.closed_at else [],
            "form": form,
            "outcomes": Outcome.choices,
            "section": SECTION,
        },
        status=422 if form.is_bound else 200,
    )


def _act(request: HttpRequest, row: Any, form: PlaceForm) -> HttpResponse | None:
    by: dict[str, Any] = {"now": utc_now(), "actor": request.actor}
    act = request.POST.get("act", "")
    try:
        if act == "place":
            if not form.is_valid():
                return None
            data = form.cleaned_data
            services.save_place(
                commission_id=row.pk,
                section_id=data["section"],
                starts_on=data["starts_on"],
                weekdays=[int(day) for day in data["weekdays"]],
                count=data["count"],
                **by,
            )
        elif act == "remove":
            services.remove_place(commission_id=row.pk, place_id=_number(request, "place"), **by)
        elif act == "members":
            services.set_members(
                commission_id=row.pk, members=request.POST.get("members", "")[:2000], **by
            )
        elif act == "close":
            offers = services.close_commission(commission_id=row.pk, **by)
            messages.success(
                request,
                _("Commission close. Places proposées aux familles : %(n)s.") % {"n": len(offers)},
            )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("townhall:childcare-commission", row.pk)


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not is_number(text):
        raise Http404
    return int(text)


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a place, put on the complementary list, or keep waiting."""
    _whole_town(request)
    row = queries.get_commission(pk)
    if row is None:
        raise Http404
    place = _number(request, "place")
    if place not in {one.pk for one in queries.places_of(row.pk)}:
        raise Http404
    file_id = _number(request, "file")
    if queries.get_preregistration(file_id) is None:
        raise Http404
    outcome = request.POST.get("outcome", "")
    if outcome not in Outcome.values:
        raise Http404
    try:
        services.decide(
            commission_id=row.pk,
            preregistration_id=file_id,
            outcome=Outcome(outcome),
            place_id=None if outcome == Outcome.WAIT else place,
            reason=request.POST.get("reason", ""),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{_url(row.pk)}?place={place}#d{file_id}")


def _url(pk: int) -> str:
    return reverse("townhall:childcare-commission", args=[pk])


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """The minutes as a PDF: frozen once the session is closed, a draft before."""
    _whole_town(request)
    row = queries.get_commission(pk)
    if row is None:
        raise Http404
    known = row.minutes if row.closed_at else minutes_of(row)
    pdf = render_pdf(
        "commission",
        {
            "title": _("Procès-verbal de la commission d’attribution")
            if row.closed_at
            else _("Projet de procès-verbal"),
            "number": f"{row.label}, {french.day(row.held_on, year=True)}",
            "day": french.day(row.closed_at or row.held_on, year=True, weekday=False),
            "closed_by": row.closed_by,
            **known,
        },
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = (
        f'inline; filename="commission-{row.held_on:%Y-%m-%d}.pdf"'
    )
    return response
