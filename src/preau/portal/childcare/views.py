"""`/espace/creche/`: where a family reads its rank, answers an offer, follows its contract."""

from datetime import date, timedelta
from typing import Any

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.childcare import queries, services
from preau.childcare.enums import OPEN_WISHES, CareAbsence, WishStatus
from preau.childcare.queries.points import claims_of
from preau.childcare.queries.waiting import recently_offered
from preau.childcare.rules.points import score_of
from preau.childcare.rules.week import lengths, read_week, span_words, week_words
from preau.documents.services import store_upload
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.portal.access import family_required
from preau.portal.childcare.forms import AbsenceForm, BirthForm, PieceForm
from preau.ui.care import statement_data, statement_paper
from preau.ui.files import file_response

SECTION = "portal:requests"
A_YEAR = timedelta(days=365)


@require_safe
@family_required
def home(request: HttpRequest) -> HttpResponse:
    """Everything of the crèche: what is to answer, who waits, who has a contract, the months."""
    family_id = request.family.pk
    offers = [_offer(row) for row in queries.pending_offers_of(family_id)]
    return render(
        request,
        "portal/childcare/home.html",
        {
            "offers": offers,
            "wishes": [
                row
                for row in queries.preregistrations_of(family_id)
                if row.status != WishStatus.ADMITTED
            ],
            "to_sign": queries.to_sign_by(family_id),
            "contracts": list(queries.contracts_of(family_id)),
            "statements": list(queries.statements_of_family(family_id)[:24]),
            "section": SECTION,
        },
    )


def _offer(row: Any) -> Any:
    row.week_words = week_words(lengths(read_week(row.week)))
    return row


def _wish_or_404(request: HttpRequest, pk: int) -> Any:
    if not queries.preregistrations_of(request.family.pk).filter(pk=pk).exists():
        raise Http404
    return queries.get_preregistration(pk)


@require_http_methods(["GET", "HEAD", "POST"])
@family_required
def wish(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: its rank in each crèche, its points, the proofs awaited; the birth, once known."""
    row = _wish_or_404(request, pk)
    now = utc_now()
    birth = BirthForm(
        request.POST if request.POST.get("act") == "birth" else None,
        initial={"last_name": row.child.last_name},
    )
    if request.POST.get("act") == "withdraw":
        try:
            services.withdraw(
                preregistration_id=row.pk,
                reason=_("retirée par la famille"),
                now=now,
                actor=request.actor,
            )
            messages.success(request, _("Votre préinscription est retirée."))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect("portal:childcare")
    if birth.is_bound and birth.is_valid():
        try:
            services.complete_birth(
                preregistration_id=row.pk, now=now, actor=request.actor, **birth.cleaned_data
            )
            messages.success(request, _("Félicitations ! La naissance est enregistrée."))
            return redirect("portal:childcare-wish", row.pk)
        except Refusal as refusal:
            birth.add_error(None, str(refusal))
    score = score_of(claims_of(row))
    pieces = list(row.pieces.all())
    is_open = row.status in OPEN_WISHES
    since = paris_day(now) - A_YEAR
    return render(
        request,
        "portal/childcare/wish.html",
        {
            "row": row,
            "ranks": [
                (rank, recently_offered(rank.wish.establishment_id, since))
                for rank in queries.ranks_of(row)
            ],
            "score": score,
            "pieces": pieces,
            "awaited": [p for p in pieces if p.status in ("WANTED", "REFUSED")],
            "offers": [_offer(o) for o in row.offers.all() if o.status == "PENDING"],
            "past_offers": [o for o in row.offers.all() if o.status in ("DECLINED", "LAPSED")],
            "hours": week_words(row.weekly_minutes),
            "is_open": is_open,
            "birth": birth if is_open and row.child.birth_on is None else None,
            "form": PieceForm(),
            "section": SECTION,
        },
        status=422 if birth.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@family_required
def give(request: HttpRequest, pk: int, piece: int) -> HttpResponse:
    """A proof, from the phone that took its picture."""
    row = _wish_or_404(request, pk)
    found = next((one for one in row.pieces.all() if one.pk == piece), None)
    if found is None or row.status not in OPEN_WISHES:
        raise Http404
    form = PieceForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            stored = store_upload(
                uploaded=form.cleaned_data["file"],
                family_id=request.family.pk,
                now=utc_now(),
                actor=request.actor,
            )
            services.give_piece(
                preregistration_id=row.pk,
                piece_id=found.pk,
                file_id=stored.pk,
                now=utc_now(),
                actor=request.actor,
            )
            messages.success(request, _("Votre pièce est reçue : le service la vérifie."))
            return redirect("portal:childcare-wish", row.pk)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
    return render(
        request,
        "portal/childcare/give.html",
        {"row": row, "piece": found, "form": form, "section": SECTION},
        status=422 if form.is_bound else 200,
    )


@require_POST
@family_required
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes or no to a place offered."""
    if not queries.pending_offers_of(request.family.pk).filter(pk=pk).exists():
        raise Http404
    accepted = request.POST.get("answer") == "yes"
    try:
        services.answer_offer(
            offer_id=pk,
            accepted=accepted,
            reason=request.POST.get("reason", ""),
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("Vous avez accepté la place. Le service vous propose le contrat.")
            if accepted
            else _("Vous avez refusé la place ; vous gardez votre rang dans la liste."),
        )
    return redirect("portal:childcare")


def _contract_or_404(request: HttpRequest, pk: int) -> Any:
    row = queries.get_contract(pk)
    if row is None or row.family_id != request.family.pk:
        raise Http404
    return row


@require_safe
@family_required
def contract(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract, its price with the sums, the code of the door, absences, months."""
    row = _contract_or_404(request, pk)
    today = paris_day(utc_now())
    terms = queries.terms_on(row, today)
    return render(
        request,
        "portal/childcare/contract.html",
        {
            "row": row,
            "terms": terms,
            "week": [
                (french.WEEKDAYS[i].capitalize(), span_words(span))
                for i, span in enumerate(read_week(terms.week))
            ]
            if terms
            else [],
            "arithmetic": (
                f"{french.minutes(terms.minutes)} de contrat × "
                f"{french.euros(terms.hourly_cents)} de l’heure ÷ "
                f"{french.count(terms.months, 'mois', 'mois')} = "
                f"{french.euros(terms.instalment_cents)} par mois."
            )
            if terms
            else "",
            "papers": [p for p in queries.papers_of(row, today) if p.signing],
            "steps": [
                (date.fromisoformat(step[0]), span_words((step[1], step[2])))
                for step in row.adaptation
            ],
            "qr": _qr(row.punch_code) if row.punch_code and row.ends_on >= today else "",
            "absences": queries.absences_of(row.pk)[:12],
            "statements": queries.statements_of_contract(row.pk)[:12],
            "may_report": row.ends_on >= today,
            "section": SECTION,
        },
    )


def _qr(code: str) -> str:
    drawing = segno.make_qr(code, error="m").svg_inline(
        scale=5, border=2, svgclass=None, lineclass=None, omitsize=True
    )
    return mark_safe(drawing)  # noqa: S308 - drawn here from our own letters


@require_http_methods(["GET", "HEAD", "POST"])
@family_required
def absence(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the child does not come; what it costs is said before it is sent."""
    row = _contract_or_404(request, pk)
    today = paris_day(utc_now())
    if row.ends_on < today:
        raise Http404
    form = AbsenceForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
    )
    if request.method == "POST" and form.is_valid():
        data, now = form.cleaned_data, utc_now()
        try:
            stored = None
            if data["file"]:
                stored = store_upload(
                    uploaded=data["file"], family_id=request.family.pk, now=now, actor=request.actor
                )
            services.report_absence(
                contract_id=row.pk,
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                reason=CareAbsence(data["reason"]),
                certificate_id=stored.pk if stored else None,
                channel=Channel.PORTAL,
                now=now,
                actor=request.actor,
            )
            messages.success(request, _("L’absence est signalée à la crèche."))
            return redirect("portal:childcare-contract", row.pk)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(
        request,
        "portal/childcare/absence.html",
        {"row": row, "form": form, "section": SECTION},
        status=422 if form.is_bound else 200,
    )


def _statement_or_404(request: HttpRequest, pk: int) -> Any:
    found = queries.statements_of_family(request.family.pk).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
@family_required
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """A month: contracted, real, invoiced, line by line and day by day."""
    row = _statement_or_404(request, pk)
    return render(
        request,
        "portal/childcare/statement.html",
        {"row": row, "data": statement_data(row), "section": SECTION},
    )


@require_safe
@family_required
def statement_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    row = _statement_or_404(request, pk)
    return file_response(statement_paper(row, now=utc_now()))
