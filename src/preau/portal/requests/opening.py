"""A family unknown so far opens its file: a proved address, the home, adults, children, pieces.

One question a page; the answers stay on the server, the link opens them again on any device.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from preau.casework import queries, services
from preau.casework.errors import InvalidPayload
from preau.casework.kinds import get_kind
from preau.casework.kinds.base import Asking
from preau.casework.kinds.new_family import MAX_ADULTS, MAX_CHILDREN
from preau.casework.queries.preview import preview
from preau.families.errors import FamilyRefusal
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.ui.access import public
from preau.ui.casework import PiecesForm, dress

SESSION_KEY = "open_file_draft"
STEPS = (
    ("home", gettext_lazy("Adresse")),
    ("adults", gettext_lazy("Adultes")),
    ("children", gettext_lazy("Enfants")),
    ("pieces", gettext_lazy("Pièces")),
    ("summary", gettext_lazy("Résumé")),
)


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Votre adresse e-mail"),
        help_text=gettext_lazy("Nous y envoyons un lien pour continuer."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": gettext_lazy("Écrivez une adresse comme nom@exemple.fr.")},
    )


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """First an address: the link that it receives goes on. The answer is always the same."""
    form = EmailForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            services.send_open_file_link(email=email, now=utc_now())
        except FamilyRefusal as refusal:
            form.add_error("email", str(refusal))
        else:
            return render(request, "portal/opening/link_sent.html", {"email": email})
    return render(
        request,
        "portal/opening/start.html",
        {"form": form, "draft": _draft(request)},
        status=422 if form.is_bound else 200,
    )


@public
@never_cache
@require_safe
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the e-mail: the draft is open in this browser."""
    try:
        draft = services.use_open_file_link(token=token, now=utc_now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("portal:open-file")
    request.session[SESSION_KEY] = str(draft.pk)
    return redirect("portal:open-file-sent" if draft.sent_request_id else _next_step(draft))


def with_draft(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For who holds a link: `draft` is what was written so far; else back to the first page."""

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponse:
        draft = _draft(request)
        if draft is None:
            messages.info(request, _("Écrivez d’abord votre adresse e-mail."))
            return redirect("portal:open-file")
        if draft.sent_request_id:
            return redirect("portal:open-file-sent")
        response = view(request, draft)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return public(inner)


@with_draft
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest, draft: Any) -> HttpResponse:
    """Where the household lives."""
    form = _part_form("home", request, initial=draft.payload.get("home"))
    if request.method == "POST" and form.is_valid():
        services.save_draft(draft=draft, payload={"home": form.payload()})
        return redirect(_next_step(draft))
    return _page(request, draft, "home", form=form)


@with_draft
@require_http_methods(["GET", "HEAD", "POST"])
def adults(request: HttpRequest, draft: Any) -> HttpResponse:
    """The adults, one after the other."""
    return _people(request, draft, "adults", MAX_ADULTS)


@with_draft
@require_http_methods(["GET", "HEAD", "POST"])
def children(request: HttpRequest, draft: Any) -> HttpResponse:
    """The children, one after the other."""
    return _people(request, draft, "children", MAX_CHILDREN)


@with_draft
@require_http_methods(["GET", "HEAD", "POST"])
def pieces(request: HttpRequest, draft: Any) -> HttpResponse:
    """Pieces, now or later."""
    kind = get_kind(draft.kind)
    wanted = kind.wanted_documents(_asking(), draft.payload)
    if request.method == "POST" and request.POST.get("drop"):
        services.drop_draft_file(draft=draft, file_id=request.POST["drop"])
        return redirect("portal:open-file-pieces")
    form = PiecesForm(wanted=wanted)
    if request.method == "POST":
        form = PiecesForm(request.POST, request.FILES, wanted=wanted)
        if form.is_valid():
            for given, stored in form.store(family_id=None, actor=_actor(draft), now=utc_now()):
                services.add_draft_file(
                    draft=draft, stored=stored, document_kind_id=given.document_kind_id
                )
        if form.is_valid():
            services.save_draft(draft=draft, payload={"_pieces_seen": True})
            return redirect("portal:open-file-summary")
    return _page(request, draft, "pieces", form=form)


@with_draft
@require_http_methods(["GET", "HEAD", "POST"])
def summary(request: HttpRequest, draft: Any) -> HttpResponse:
    """Everything read again, then sent."""
    now = utc_now()
    try:
        shown = preview(draft, now=now)
    except InvalidPayload as invalid:
        messages.error(request, str(invalid))
        return redirect(_next_step(draft, strict=True))
    if request.method == "POST":
        services.send_draft(
            draft=draft,
            applicant_name=_name(draft),
            applicant_email=draft.email,
            channel=Channel.PORTAL,
            now=now,
            actor=_actor(draft),
        )
        return redirect("portal:open-file-sent")
    return _page(request, draft, "summary", shown=shown)


@public
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The acknowledgement, with its reference."""
    draft = _draft(request)
    if draft is None or not draft.sent_request_id:
        return redirect("portal:open-file")
    return render(
        request,
        "portal/opening/sent.html",
        {"ack": queries.sent_acknowledgement(draft), "draft": draft},
    )


def _people(request: HttpRequest, draft: Any, part: str, most: int) -> HttpResponse:
    people = list(draft.payload.get(part) or [])
    adding = not people or "ajouter" in request.GET or "modifier" in request.GET
    index = _index(request.GET.get("modifier"), len(people))
    if request.method == "POST" and request.POST.get("drop"):
        place = _index(request.POST["drop"], len(people))
        if place is not None:
            del people[place]
            services.save_draft(draft=draft, payload={part: people})
        return redirect(request.path)
    initial = people[index] if index is not None else _first_guess(draft, part, people)
    form = _part_form(part, request, initial=initial) if adding else None
    if request.method == "POST" and form is not None and form.is_valid():
        if index is not None:
            people[index] = form.payload()
        elif len(people) < most:
            people.append(form.payload())
        services.save_draft(draft=draft, payload={part: people})
        return redirect(request.path)
    return _page(
        request,
        draft,
        part,
        form=form,
        people=people,
        part=part,
        may_add=len(people) < most,
        index=index,
        query=request.GET.urlencode(),
    )


def _first_guess(draft: Any, part: str, people: list[Any]) -> dict[str, Any]:
    """Nothing that was said already is asked again."""
    if part == "adults":
        return {} if people else {"email": draft.email}
    last = (draft.payload.get("children") or [{}])[-1]
    adults = draft.payload.get("adults") or [{}]
    return {"last_name": last.get("last_name") or adults[0].get("last_name", "")}


def _index(text: str | None, length: int) -> int | None:
    return int(text) if text and is_number(text) and int(text) < length else None


def _part_form(part: str, request: HttpRequest, *, initial: Any = None) -> Any:
    kind: Any = get_kind("NEW_FAMILY")
    data = request.POST if request.method == "POST" else None
    return dress(kind.part(part, data, asking=_asking(), initial=initial or {}))


def _page(request: HttpRequest, draft: Any, step: str, **context: Any) -> HttpResponse:
    names = [name for name, _label in STEPS]
    form = context.get("form")
    return render(
        request,
        f"portal/opening/{'people' if step in ('adults', 'children') else step}.html",
        {
            "draft": draft,
            "step": step,
            "step_labels": [label for _name, label in STEPS],
            "step_number": names.index(step) + 1,
            **context,
        },
        status=422 if form is not None and form.is_bound and form.errors else 200,
    )


def _next_step(draft: Any, *, strict: bool = False) -> str:
    """The first page that still lacks an answer."""
    for name in ("home", "adults", "children"):
        if not draft.payload.get(name):
            return f"portal:open-file-{name}"
    if strict or draft.payload.get("_pieces_seen"):
        return "portal:open-file-home" if strict else "portal:open-file-summary"
    return "portal:open-file-pieces"


def _draft(request: HttpRequest) -> Any:
    known = request.session.get(SESSION_KEY)
    if not known:
        return None
    return queries.get_draft(UUID(known), now=utc_now(), family_id=None, user_id=None)


def _asking() -> Asking:
    return Asking(family_id=None, child_id=None, day=paris_day(utc_now()))


def _name(draft: Any) -> str:
    first = (draft.payload.get("adults") or [{}])[0]
    name = first.get("usage_name") or first.get("last_name", "")
    return f"{first.get('first_name', '')} {name}".strip() or draft.email


def _actor(draft: Any) -> Actor:
    return Actor(user_id=None, label=_name(draft), channel=Channel.PORTAL)
