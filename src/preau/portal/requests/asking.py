"""Asking: which request, about whom, its questions, then all is read again and sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from preau.billing import queries as billing
from preau.casework import queries, services
from preau.casework.errors import InvalidPayload
from preau.casework.kinds import all_kinds, kind_by_slug
from preau.casework.kinds.base import Asking, Kind
from preau.casework.kinds.enrolment import open_offerings, registration
from preau.casework.queries.preview import preview
from preau.enrolments import queries as enrolments
from preau.enrolments.queries import open_campaign_on
from preau.families import queries as families
from preau.families.state_quotient import is_available
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.portal.access import family_required
from preau.ui.casework import PiecesForm, dress

# What an address may carry to choose the questions: «?enfant=12&activite=cantine».
OPTIONS = ("enfant", "activite", "facture", "ligne", "piece", "adulte")


@require_safe
@family_required
def choose(request: HttpRequest) -> HttpResponse:
    """What do you want to ask? By group, one link each."""
    groups: dict[str, list[Kind]] = {"Vos enfants": [], "Votre dossier": [], "Autre": []}
    for kind in all_kinds():
        if kind.on_portal:
            groups[kind.group].append(kind)
    return render(
        request,
        "portal/requests/choose.html",
        {
            "groups": groups,
            "campaign": open_campaign_on(paris_day(utc_now())),
            "section": "portal:requests",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@family_required
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """The questions of one kind: first whom and what it is about, one a page, then the form."""
    handler = kind_by_slug(kind)
    if handler is None or not handler.on_portal:
        raise Http404
    now = utc_now()
    day = paris_day(now)
    draft = _draft(request, request.POST.get("brouillon") or request.GET.get("brouillon"))
    options = {name: request.GET[name] for name in OPTIONS if request.GET.get(name)}
    if draft is not None:
        options = {**draft.payload.get("_options", {}), **options}
    children = families.children_of(request.family, day)
    child = next((c for c in children if str(c.pk) == options.get("enfant")), None)
    unborn = options.get("enfant") == "a-naitre" and handler.slug == "creche"
    if handler.needs_child and child is None and not unborn:
        if len(children) == 1 and handler.slug != "creche":
            child = children[0]
        else:
            return _ask_child(request, handler, children, options)
    if handler.slug == "inscription" and not options.get("activite"):
        return _ask_activity(request, handler, child, now)
    if handler.slug == "facture" and not options.get("facture"):
        return _ask_invoice(request, handler)
    asking = Asking(
        family_id=request.family.pk,
        # A document's own form says for which child: the request itself is the household's.
        child_id=child.pk if child and handler.needs_child else None,
        day=day,
        user_id=request.user.pk,
        at=now,
        options=options,
    )
    stored = {k: v for k, v in (draft.payload if draft else {}).items() if k != "_options"}
    wanted = handler.wanted_documents(asking, stored)
    if request.method == "POST":
        form = dress(handler.form(request.POST, asking=asking))
        pieces = PiecesForm(request.POST, request.FILES, wanted=wanted)
        form_ok, pieces_ok = form.is_valid(), pieces.is_valid()
        if draft is None:
            draft = services.start_draft(
                kind=handler.kind,
                family_id=request.family.pk,
                child_id=asking.child_id,
                user=request.user,
                payload={},
                now=now,
            )
        if pieces_ok:
            pieces_ok = _keep_files(request, draft, pieces, now)
        services.save_draft(
            draft=draft,
            payload={**(form.payload() if form_ok else {}), "_options": options},
        )
        if form_ok and pieces_ok:
            return redirect("portal:request-check", draft.pk)
    else:
        form = dress(handler.form(asking=asking, initial=stored))
        pieces = PiecesForm(wanted=wanted)
    return render(
        request,
        "portal/requests/new.html",
        {
            "kind": handler,
            "child": child,
            "form": form,
            "pieces": pieces,
            "draft": draft,
            "query": request.GET.urlencode(),
            "asks_state": handler.slug == "quotient" and is_available(),
            "nothing_open": "offering" in form.fields and not form.fields["offering"].choices,
            "section": "portal:requests",
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@family_required
def check(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Everything read again; one button sends it, once."""
    draft = _draft(request, str(draft_id))
    if draft is None:
        raise Http404
    if draft.sent_request_id:
        return _sent(request, draft.sent_request_id)
    now = utc_now()
    handler = next(kind for kind in all_kinds() if kind.kind == draft.kind)
    back = f"{reverse('portal:request-new', args=[handler.slug])}?brouillon={draft.pk}"
    if request.method == "POST" and request.POST.get("drop"):
        services.drop_draft_file(draft=draft, file_id=request.POST["drop"])
        return redirect("portal:request-check", draft.pk)
    if request.method == "POST":
        try:
            sent = services.send_draft(
                draft=draft,
                applicant_name=str(request.guardian),
                applicant_email=request.guardian.email or request.user.email or "",
                channel=Channel.PORTAL,
                now=now,
                actor=request.actor,
            )
        except InvalidPayload:
            messages.error(request, _("Il manque une réponse : complétez-la, puis continuez."))
            return redirect(back)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("portal:request-check", draft.pk)
        return _sent(request, sent.pk)
    try:
        shown = preview(draft, now=now)
    except InvalidPayload:
        return redirect(back)
    return render(
        request,
        "portal/requests/check.html",
        {
            "draft": draft,
            "kind": handler,
            "shown": shown,
            "back": back,
            "email": request.guardian.email,
            "section": "portal:requests",
        },
    )


def _sent(request: HttpRequest, request_id: int) -> HttpResponseRedirect:
    found = queries.for_family(request.family.pk).get(pk=request_id)
    return redirect(f"{reverse('portal:request', args=[found.reference])}?envoyee=1")


def _draft(request: HttpRequest, draft_id: str | None) -> Any:
    """The adult's own draft, or None."""
    if not draft_id:
        return None
    try:
        wanted = UUID(draft_id)
    except (ValueError, ValidationError):
        raise Http404 from None
    draft = queries.get_draft(
        wanted, now=utc_now(), family_id=request.family.pk, user_id=request.user.pk
    )
    if draft is None:
        raise Http404
    return draft


def _keep_files(request: HttpRequest, draft: Any, pieces: PiecesForm, now: Any) -> bool:
    """Files are kept at once, even when an answer is wrong: they are never to be sent again."""
    for given, stored in pieces.store(family_id=request.family.pk, actor=request.actor, now=now):
        try:
            services.add_draft_file(
                draft=draft, stored=stored, document_kind_id=given.document_kind_id
            )
        except Refusal as refusal:
            pieces.add_error(None, str(refusal))
    return pieces.is_valid()


def _ask_child(
    request: HttpRequest, kind: Kind, children: list[Any], options: dict[str, str]
) -> HttpResponse:
    return render(
        request,
        "portal/requests/ask_child.html",
        {
            "kind": kind,
            "children": children,
            "options": {k: v for k, v in options.items() if k != "enfant"},
            "unborn": kind.slug == "creche",
            "section": "portal:requests",
        },
    )


def _ask_activity(request: HttpRequest, kind: Kind, child: Any, now: datetime) -> HttpResponse:
    """The activities that one may ask for, those the child has already said as such."""
    day = paris_day(now)
    held = {
        enrolment.offering.activity_id
        for enrolment in enrolments.active_enrolments(request.family.pk, day)
        if enrolment.child_id == child.pk
    }
    found: dict[int, dict[str, Any]] = {}
    for offering in open_offerings(day):
        row = found.setdefault(
            offering.activity_id,
            {"activity": offering.activity, "state": "closed", "opens_at": None},
        )
        state = registration(offering, now)
        if state == "open" or row["state"] == "closed":
            row["state"] = state
            row["opens_at"] = offering.registration_opens_at
    rows = sorted(found.values(), key=lambda row: row["activity"].position)
    for row in rows:
        row["held"] = row["activity"].pk in held
    return render(
        request,
        "portal/requests/ask_activity.html",
        {"kind": kind, "child": child, "rows": rows, "section": "portal:requests"},
    )


def _ask_invoice(request: HttpRequest, kind: Kind) -> HttpResponse:
    invoices = billing.family_invoices(request.family.pk).filter(kind="INVOICE")[:24]
    return render(
        request,
        "portal/requests/ask_invoice.html",
        {"kind": kind, "invoices": invoices, "section": "portal:requests"},
    )
