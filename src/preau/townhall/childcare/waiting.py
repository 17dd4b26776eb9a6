"""Who waits for a place: the list, one file with its points, wishes, proofs and offers."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries, services
from preau.childcare.enums import OPEN_WISHES, WishStatus
from preau.childcare.queries.points import claims_of
from preau.childcare.rules.points import score_of
from preau.childcare.rules.week import read_week, span_words, week_short, week_words
from preau.documents.queries import get_file
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number, search_key
from preau.townhall.access import agent_required
from preau.townhall.childcare.forms import BirthForm, OfferForm
from preau.townhall.childcare.scope import SECTION, file_or_404, files, site_ids, sites, today
from preau.ui.exports import Column, export_table
from preau.ui.files import file_response

PER_PAGE = 30
STATES = (
    ("", _("En attente"), (WishStatus.WAITING,)),
    ("pieces", _("Pièces attendues"), (WishStatus.INCOMPLETE,)),
    ("proposees", _("Place proposée"), (WishStatus.OFFERED, WishStatus.ACCEPTED)),
    ("toutes", _("Toutes"), tuple(WishStatus)),
)
COLUMNS = [
    Column("Numéro", "number"),
    Column("Points", "score"),
    Column("Enfant", lambda row: str(row.child)),
    Column("Né(e) le", lambda row: row.child.birth_on),
    Column("Naissance prévue le", lambda row: row.child.expected_on),
    Column("Famille", lambda row: row.family.name),
    Column("Demandée le", lambda row: paris_day(row.created_at)),
    Column("À partir du", "wished_from"),
    Column("Semaine", lambda row: week_words(row.weekly_minutes)),
    Column("Crèche", lambda row: str(row.establishment or "")),
    Column("État", "get_status_display"),
    Column("Canal", "get_channel_display"),
]


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def waiting_list(request: HttpRequest) -> HttpResponseBase:
    """Who waits, most points first; filters by state, crèche and name; exports."""
    state = request.GET.get("etat", "")
    wanted = next((statuses for key, _l, statuses in STATES if key == state), STATES[0][2])
    found = files(request)
    counts = dict.fromkeys((key for key, _l, _s in STATES), 0)
    for status in found.order_by().values_list("status", flat=True):
        for key, _label, statuses in STATES:
            counts[key] += status in statuses
    found = found.filter(status__in=wanted)
    site = request.GET.get("creche", "")
    if is_number(site):
        found = found.filter(wishes__establishment_id=int(site))
    text = request.GET.get("q", "").strip()
    for word in search_key(text).split()[:4]:
        found = found.filter(child__search_key__contains=word)
    if "export" in request.GET:
        return export_table(
            request.GET["export"], "liste-attente-creche", COLUMNS, found.iterator(500)
        )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.week_words = week_short(row.weekly_minutes)
    return render(
        request,
        "townhall/childcare/waiting.html",
        {
            "page": page,
            "text": text,
            "state": state,
            "site": site,
            "sites": sites(request),
            "tabs": [
                {
                    "url": f"?etat={key}" if key else "?",
                    "label": label,
                    "count": counts[key],
                    "current": key == state,
                }
                for key, label, _statuses in STATES
            ],
            "section": SECTION,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: why it has its points, what is to check, what was offered; and the offer form."""
    row = file_or_404(request, pk)
    sections = queries.sections(site_ids(request))
    settings = queries.care_settings()
    form = OfferForm(
        request.POST if request.POST.get("act") == "offer" else None,
        sections=sections,
        initial={
            "starts_on": max(row.wished_from, today()),
            "days_to_answer": settings.offer_days,
            "section": _likely_section(row, sections),
        },
    )
    birth = BirthForm(
        request.POST if request.POST.get("act") == "birth" else None,
        initial={"last_name": row.child.last_name},
    )
    if request.method == "POST" and (done := _act(request, row, form, birth)):
        return done
    return render(
        request,
        "townhall/childcare/file.html",
        {
            "row": row,
            "score": score_of(claims_of(row)),
            "base": [piece for piece in row.pieces.all() if piece.criterion_id is None],
            "proofs": [piece for piece in row.pieces.all() if piece.criterion_id],
            "ranks": queries.ranks_of(row),
            "week": [
                (french.WEEKDAYS[i].capitalize(), span_words(span))
                for i, span in enumerate(read_week(row.week))
            ],
            "hours": week_words(row.weekly_minutes),
            "criteria": _claimable(row),
            "form": form,
            "birth": birth,
            "is_open": row.status in OPEN_WISHES,
            "may_offer": row.status == WishStatus.WAITING,
            "may_sign": row.status in (WishStatus.ACCEPTED, WishStatus.WAITING)
            and row.child.birth_on,
            "section": SECTION,
        },
        status=422 if form.is_bound or birth.is_bound else 200,
    )


def _act(request: HttpRequest, row: Any, form: OfferForm, birth: BirthForm) -> HttpResponse | None:
    now, actor = utc_now(), request.actor
    target: Any = form if request.POST.get("act") == "offer" else birth
    if not target.is_bound or not target.is_valid():
        return None
    try:
        if target is form:
            services.make_offer(
                preregistration_id=row.pk,
                section_id=form.cleaned_data["section"],
                starts_on=form.cleaned_data["starts_on"],
                days_to_answer=form.cleaned_data["days_to_answer"],
                now=now,
                actor=actor,
            )
            messages.success(request, _("La place est proposée : la famille est prévenue."))
        else:
            services.complete_birth(
                preregistration_id=row.pk, now=now, actor=actor, **birth.cleaned_data
            )
            messages.success(request, _("La naissance est enregistrée."))
    except Refusal as refusal:
        target.add_error(None, str(refusal))
        return None
    return redirect("townhall:childcare-file", row.pk)


def _likely_section(row: Any, sections: Any) -> int | None:
    birth_on = row.child.birth_on or row.child.expected_on
    months = queries.months_on(birth_on, max(row.wished_from, today()))
    for section in sections:
        if section.min_months <= months < section.max_months and (
            row.establishment_id in (None, section.establishment_id)
        ):
            return section.pk
    return None


def _claimable(row: Any) -> list[Any]:
    """The criteria of the file's scale that it does not claim."""
    scale = queries.get_scale(row.scale_id) if row.scale_id else None
    claimed = {piece.criterion_id for piece in row.pieces.all()}
    return [c for c in (scale.criteria.all() if scale else ()) if c.pk not in claimed]


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def decide_piece(request: HttpRequest, pk: int, piece: int) -> HttpResponse:
    """Accept or refuse a proof."""
    row = file_or_404(request, pk)
    if not any(one.pk == piece for one in row.pieces.all()):
        raise Http404
    try:
        services.decide_piece(
            preregistration_id=row.pk,
            piece_id=piece,
            accepted=request.POST.get("answer") == "yes",
            comment=request.POST.get("comment", "")[:200],
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("townhall:childcare-file", row.pk)


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """At the counter: a criterion holds, or no more."""
    row = file_or_404(request, pk)
    criterion, quantity = request.POST.get("criterion", ""), request.POST.get("quantity", "1")
    scale = queries.get_scale(row.scale_id) if row.scale_id else None
    known = {c.pk for c in scale.criteria.all()} if scale else set()
    if not is_number(criterion) or int(criterion) not in known or not is_number(quantity):
        raise Http404
    try:
        services.claim(
            preregistration_id=row.pk,
            criterion_id=int(criterion),
            quantity=int(quantity),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("townhall:childcare-file", row.pk)


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def piece_file(request: HttpRequest, pk: int, piece: int) -> HttpResponse:
    """The file that proves a criterion."""
    row = file_or_404(request, pk)
    found = next((one for one in row.pieces.all() if one.pk == piece and one.file_id), None)
    stored = get_file(found.file_id) if found else None
    if stored is None:
        raise Http404
    return file_response(stored)


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a child off the list."""
    row = file_or_404(request, pk)
    try:
        services.withdraw(
            preregistration_id=row.pk,
            reason=request.POST.get("reason", "")[:200],
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("L’enfant n’est plus sur la liste."))
    return redirect("townhall:childcare")
