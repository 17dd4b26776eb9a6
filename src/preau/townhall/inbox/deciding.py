"""What an agent does of a request: approve, ask, refuse, write, note, keep, release, undo."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from preau.accounts.enums import Permission
from preau.casework import queries, services
from preau.casework.kinds import get_kind
from preau.casework.kinds.base import Asking
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.inbox.scope import request_or_404
from preau.townhall.inbox.views import DecisionForm, read_queue, show_case
from preau.ui.casework import PiecesForm


@require_POST
@agent_required(Permission.HANDLE_REQUESTS)
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """One button, one act. What cannot be done is said above the same page; nothing is lost."""
    found = request_or_404(request, reference)
    now = utc_now()
    kind = get_kind(found.kind)
    queue = read_queue(request)
    _before, after = queries.neighbours(queue.found, found)
    act = request.POST.get("decision", "")
    form = DecisionForm(
        request.POST,
        choices=kind.choices(found, paris_day(now)),
        must_choose=act == "approve",
        conflicts=kind.conflicts(found, paris_day(now)),
    )
    decision = kind.decision(found, paris_day(now), request.POST) if act == "approve" else None
    decided = decision is None or decision.is_valid()
    if not form.is_valid() or not decided:
        if "version" in form.errors:
            form.add_error(None, _("La page était trop ancienne : relisez-la."))
        return show_case(request, found, form=form, decision=decision, status=422)
    answers = form.cleaned_data
    given: dict[str, Any] = {"request_id": found.pk, "now": now, "actor": request.actor}
    message = answers["message"]
    try:
        if act == "approve":
            services.approve(
                **given,
                version=answers["version"],
                seen=answers["seen"] or None,
                message=message,
                choice=answers.get("choice", ""),
                decided=decision.decided() if decision else None,
                despite=bool(answers.get("despite")),
            )
            said = _("Demande %(ref)s acceptée : le dossier est à jour, la famille est prévenue.")
        elif act == "refuse":
            services.refuse(**given, reason=message, version=answers["version"])
            said = _("Demande %(ref)s refusée : la famille en lit le motif.")
        elif act == "ask":
            services.ask_piece(**given, message=message, version=answers["version"])
            said = _("Demande %(ref)s : la famille est prévenue de ce qu’il manque.")
        elif act == "undo":
            services.undo(**given)
            messages.success(request, _("La décision est annulée, la famille est prévenue."))
            return _to(request, reference)
        elif act == "message":
            services.send_message(**given, message=message)
            messages.success(request, _("Votre message est envoyé."))
            return _to(request, reference)
        elif act == "note":
            services.add_note(**given, message=message)
            messages.success(request, _("La note est enregistrée ; la famille ne la voit pas."))
            return _to(request, reference)
        elif act == "keep":
            services.keep(**given)
            messages.success(request, _("La demande reste chez vous pour la journée."))
            return _to(request, reference)
        elif act == "release":
            services.release(**given)
            return redirect(f"{reverse('townhall:inbox')}?{queue.query}")
        else:
            return _to(request, reference)
    except Refusal as refusal:
        fresh = request_or_404(request, reference)
        form = DecisionForm(
            {
                **request.POST.dict(),
                "version": fresh.version,
                "seen": kind.fingerprint(fresh, paris_day(now)),
            },
            choices=kind.choices(fresh, paris_day(now)),
            must_choose=False,
            conflicts=kind.conflicts(fresh, paris_day(now)),
        )
        form.is_valid()
        form.add_error("message" if not message and act != "approve" else None, str(refusal))
        return show_case(request, fresh, form=form, decision=decision, status=422)
    messages.success(
        request,
        format_html(
            '{} <a href="{}">{}</a>',
            said % {"ref": reference},
            reverse("townhall:request", args=[reference]),
            _("La revoir"),
        ),
    )
    return _to(request, after) if after else redirect(f"{reverse('townhall:inbox')}?{queue.query}")


@require_POST
@agent_required(Permission.HANDLE_REQUESTS)
def renew(request: HttpRequest, reference: str) -> HttpResponse:
    """Called by the page every few minutes while it is open: the lease goes on."""
    found = request_or_404(request, reference)
    try:
        services.hold(request_id=found.pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        return HttpResponse(str(refusal), status=409)
    return HttpResponse(status=204)


@require_POST
@agent_required(Permission.HANDLE_REQUESTS)
def add_piece(request: HttpRequest, reference: str) -> HttpResponse:
    """A piece that the family gave at the counter, by post or by e-mail."""
    found = request_or_404(request, reference)
    now = utc_now()
    wanted = get_kind(found.kind).wanted_documents(Asking.of(found, paris_day(now)), found.payload)
    pieces = PiecesForm(request.POST, request.FILES, wanted=wanted)
    if pieces.is_valid():
        stored = pieces.store(family_id=found.family_id, actor=request.actor, now=now)
        if pieces.is_valid():
            try:
                services.give_piece(
                    request_id=found.pk,
                    files=[given for given, _file in stored],
                    now=now,
                    actor=request.actor,
                )
            except Refusal as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("La pièce est jointe à la demande."))
            return _to(request, reference)
    for errors in pieces.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return _to(request, reference)


@require_POST
@agent_required(Permission.HANDLE_REQUESTS)
def sign(request: HttpRequest, reference: str) -> HttpResponse:
    """The other parent answered on paper; or it is written to again."""
    found = request_or_404(request, reference)
    who = {"request_id": found.pk, "now": utc_now(), "actor": request.actor}
    signer, answer = request.POST.get("signer", ""), request.POST.get("answer", "")
    try:
        if answer == "ask":
            asked = services.ask_signatures(**who)
            if asked:
                messages.success(request, _("L’autre parent reçoit un e-mail."))
            else:
                messages.warning(request, _("Aucune adresse e-mail : téléphonez ou écrivez-lui."))
        elif answer in ("yes", "no"):
            services.sign_request(
                guardian_id=int(signer) if signer.isdecimal() else None,
                agrees=answer == "yes",
                note=request.POST.get("note", ""),
                **who,
            )
            messages.success(request, _("La réponse est notée."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return _to(request, reference)


def _to(request: HttpRequest, reference: str) -> HttpResponse:
    query = request.GET.urlencode()
    address = reverse("townhall:request", args=[reference])
    return redirect(f"{address}?{query}" if query else address)
