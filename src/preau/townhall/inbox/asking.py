"""An agent asks for a family, from its file: the same questions, the channel kept."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from preau.accounts.enums import Permission
from preau.billing import queries as billing
from preau.casework import queries, services
from preau.casework.errors import InvalidPayload
from preau.casework.kinds import all_kinds, get_kind, kind_by_slug
from preau.casework.kinds.base import Asking, Kind
from preau.casework.kinds.enrolment import open_offerings
from preau.casework.queries.preview import preview
from preau.families import queries as families
from preau.journeys.family_file import visible_family
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.inbox.scope import visible_requests
from preau.ui.casework import PiecesForm, dress

OPTIONS = ("enfant", "activite", "facture", "piece", "adulte")
BY_HAND = (Channel.COUNTER, Channel.PHONE, Channel.POST, Channel.EMAIL)


class SendForm(forms.Form):
    """By which way the family asked, and who of its adults."""

    channel = forms.ChoiceField(
        label=gettext_lazy("Reçue par"),
        choices=[(c.value, c.label) for c in BY_HAND],
        initial=Channel.COUNTER,
        widget=forms.RadioSelect,
    )
    adult = forms.TypedChoiceField(label=gettext_lazy("Demandée par"), coerce=int)

    def __init__(self, *args: Any, adults: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["adult"].choices = [(adult.pk, str(adult)) for adult in adults]


@require_safe
@agent_required(Permission.HANDLE_REQUESTS)
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Which request, for this family; and those that it has already."""
    family = _family(request, code)
    kinds = [kind for kind in all_kinds() if kind.on_portal]
    theirs = visible_requests(request).filter(family_id=family.pk)
    recent = list(theirs.order_by("-submitted_at")[:20])
    for row in recent:
        row.title = get_kind(row.kind).title
    return render(
        request,
        "townhall/inbox/choose.html",
        {"family": family, "kinds": kinds, "recent": recent, "section": "townhall:families"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.HANDLE_REQUESTS)
def new(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """The questions of one kind, for this family."""
    family = _family(request, code)
    handler = kind_by_slug(kind)
    if handler is None or not handler.on_portal:
        raise Http404
    now = utc_now()
    day = paris_day(now)
    draft = _draft(request, family, request.POST.get("brouillon") or request.GET.get("brouillon"))
    options = {name: request.GET[name] for name in OPTIONS if request.GET.get(name)}
    if draft is not None:
        options = {**draft.payload.get("_options", {}), **options}
    children = families.children_of(family, day)
    child = next((c for c in children if str(c.pk) == options.get("enfant")), None)
    missing = _next_question(handler, family, children, child, options, day)
    if missing is not None:
        title, choices = missing
        return render(
            request,
            "townhall/inbox/ask.html",
            {
                "family": family,
                "kind": handler,
                "title": title,
                "choices": choices,
                "section": "townhall:families",
            },
        )
    asking = Asking(
        family_id=family.pk,
        child_id=child.pk if child and handler.needs_child else None,
        day=day,
        by_agent=True,
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
                family_id=family.pk,
                child_id=asking.child_id,
                user=request.user,
                payload={},
                now=now,
            )
        if pieces_ok:
            for given, kept in pieces.store(family_id=family.pk, actor=request.actor, now=now):
                services.add_draft_file(
                    draft=draft, stored=kept, document_kind_id=given.document_kind_id
                )
            pieces_ok = pieces.is_valid()
        services.save_draft(
            draft=draft, payload={**(form.payload() if form_ok else {}), "_options": options}
        )
        if form_ok and pieces_ok:
            return redirect("townhall:family-request-check", family.code, draft.pk)
    else:
        form = dress(handler.form(asking=asking, initial=stored))
        pieces = PiecesForm(wanted=wanted)
    return render(
        request,
        "townhall/inbox/new.html",
        {
            "family": family,
            "kind": handler,
            "child": child,
            "form": form,
            "pieces": pieces,
            "draft": draft,
            "query": request.GET.urlencode(),
            "section": "townhall:families",
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.HANDLE_REQUESTS)
def check(request: HttpRequest, code: str, draft_id: UUID) -> HttpResponse:
    """Read again, with the channel; sent, it is applied at once when the agent may decide it."""
    family = _family(request, code)
    draft = _draft(request, family, str(draft_id))
    if draft is None:
        raise Http404
    handler = get_kind(draft.kind)
    now = utc_now()
    back = reverse("townhall:family-request-new", args=[family.code, handler.slug])
    back = f"{back}?brouillon={draft.pk}"
    adults = list(families.guardians_of(family))
    form = SendForm(request.POST if request.method == "POST" else None, adults=adults)
    if draft.sent_request_id:
        return _after(request, family, draft.sent_request_id)
    try:
        shown = preview(draft, now=now, by_agent=True)
    except InvalidPayload:
        return redirect(back)
    if request.method == "POST" and form.is_valid():
        adult = next(a for a in adults if a.pk == form.cleaned_data["adult"])
        channel = Channel(form.cleaned_data["channel"])
        actor = Actor(
            user_id=request.actor.user_id,
            label=request.actor.label,
            channel=channel,
            is_agent=True,
        )
        try:
            sent = services.send_draft(
                draft=draft,
                applicant_name=str(adult),
                applicant_email=adult.email or (adult.user.email if adult.user else "") or "",
                channel=channel,
                now=now,
                actor=actor,
            )
            if request.POST.get("decision") == "apply" and sent.status == "SUBMITTED":
                services.approve(request_id=sent.pk, now=now, actor=actor)
        except InvalidPayload:
            return redirect(back)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            if draft.sent_request_id:
                return _after(request, family, draft.sent_request_id)
        else:
            return _after(request, family, sent.pk)
    may_apply = handler.permission in request.permissions and not handler.needs_answer
    return render(
        request,
        "townhall/inbox/check.html",
        {
            "family": family,
            "draft": draft,
            "kind": handler,
            "shown": shown,
            "back": back,
            "form": form,
            "may_apply": may_apply,
            "section": "townhall:families",
        },
        status=422 if form.is_bound else 200,
    )


def _next_question(
    kind: Kind, family: Any, children: list[Any], child: Any, options: dict[str, str], day: Any
) -> tuple[str, list[tuple[str, str]]] | None:
    """What must be known before the form, with a link for each answer; None when all is."""
    if kind.needs_child and child is None and options.get("enfant") != "a-naitre":
        rows = [(f"?enfant={c.pk}", str(c)) for c in children]
        if kind.slug == "creche":
            rows.append(("?enfant=a-naitre", _("Un enfant à naître")))
        return _("Pour quel enfant ?"), rows
    if kind.slug == "inscription" and not options.get("activite"):
        activities = {o.activity.slug: o.activity for o in open_offerings(day)}
        found = sorted(activities.values(), key=lambda a: (a.position, a.name))
        return _("À quelle activité ?"), [
            (f"?enfant={child.pk}&activite={a.slug}", a.name) for a in found
        ]
    if kind.slug == "facture" and not options.get("facture"):
        invoices = billing.family_invoices(family.pk).filter(kind="INVOICE")[:24]
        return _("Quelle facture ?"), [(f"?facture={i.number}", i.number) for i in invoices]
    if kind.slug == "coordonnees" and not options.get("adulte"):
        adults = families.guardians_of(family)
        return _("Quel adulte ?"), [(f"?adulte={a.pk}", str(a)) for a in adults]
    return None


def _after(request: HttpRequest, family: Any, request_id: int) -> HttpResponse:
    """To the case when the agent may see it; otherwise to the file, with the reference."""
    found = visible_requests(request).filter(pk=request_id).first()
    if found is not None:
        messages.success(
            request,
            _(
                "Demande %(ref)s enregistrée. L’accusé de réception est parti si l’adulte a une "
                "adresse e-mail."
            )
            % {"ref": found.reference},
        )
        return redirect("townhall:request", found.reference)
    reference = queries.for_family(family.pk).get(pk=request_id).reference
    messages.success(
        request,
        _("Demande %(ref)s enregistrée : un autre service la traite.") % {"ref": reference},
    )
    return redirect("townhall:family-request", family.code)


def _family(request: HttpRequest, code: str) -> Any:
    family = visible_family(request.user, code, paris_day(utc_now()))
    if family is None:
        raise Http404
    return family


def _draft(request: HttpRequest, family: Any, draft_id: str | None) -> Any:
    if not draft_id:
        return None
    try:
        wanted = UUID(draft_id)
    except ValueError:
        raise Http404 from None
    draft = queries.get_draft(wanted, now=utc_now(), family_id=family.pk, user_id=request.user.pk)
    if draft is None:
        raise Http404
    return draft
