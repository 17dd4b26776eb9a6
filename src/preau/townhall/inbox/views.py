"""The inbox: the queue on the left, one request on the right; on a phone, a page each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.casework import queries, services
from preau.casework.errors import AlreadyDecided, HeldByAnother
from preau.casework.kinds import all_kinds, get_kind
from preau.casework.kinds.base import Asking
from preau.families import queries as families
from preau.kernel.clock import paris, paris_day, utc_now
from preau.kernel.enums import Channel
from preau.schools import queries as schools
from preau.town import queries as town_queries
from preau.townhall.access import agent_required
from preau.townhall.inbox.scope import request_or_404, visible_requests
from preau.ui.casework import PiecesForm
from preau.ui.exports import Column, export_table

PER_PAGE = 14
TABS = (
    ("todo", gettext_lazy("À traiter")),
    ("mine", gettext_lazy("Chez moi")),
    ("waiting", gettext_lazy("En attente")),
    ("done", gettext_lazy("Terminées")),
)
KEEP = ("onglet", "kind", "service", "channel", "late", "q", "page")


class InboxFilters(forms.Form):
    """What narrows the queue; kept in the address."""

    onglet = forms.CharField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=gettext_lazy("Acte"), required=False)
    service = forms.ChoiceField(label=gettext_lazy("Service"), required=False)
    channel = forms.ChoiceField(label=gettext_lazy("Canal"), required=False)
    late = forms.BooleanField(label=gettext_lazy("En retard"), required=False)
    q = forms.CharField(
        label=gettext_lazy("Chercher"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = [("", _("Tous"))]
        self.fields["kind"].choices = everything + [
            (kind.kind, kind.title) for kind in all_kinds() if kind.kind in kinds
        ]
        self.fields["service"].choices = everything + [
            (service.pk, service.name) for service in town_queries.list_services()
        ]
        self.fields["channel"].choices = everything + list(Channel.choices)


class DecisionForm(forms.Form):
    """The one form of a case: a word, perhaps a choice, and the button that was pressed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    message = forms.CharField(
        label=gettext_lazy("Un mot pour la famille"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self,
        *args: Any,
        choices: Sequence[tuple[str, str]] = (),
        must_choose: bool = True,
        conflicts: Sequence[Any] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if conflicts:
            self.fields["despite"] = forms.BooleanField(
                label=_("J’ai vu ce qui a changé : appliquer la demande malgré tout"),
                required=False,
                widget=forms.CheckboxInput(attrs={"data-key": "c"}),
            )
        if choices:
            self.fields["choice"] = forms.ChoiceField(
                label=_("Avant d’approuver, dites"),
                choices=choices,
                required=must_choose,
                widget=forms.RadioSelect,
                error_messages={"required": _("Dites si c’est déjà connu, ou nouveau.")},
            )


@dataclass(frozen=True, slots=True)
class Queue:
    """One tab of the inbox as the page draws it."""

    found: QuerySet[Any]
    page: Any
    tab: str
    tabs: list[dict[str, Any]]
    counts: Any
    form: InboxFilters
    query: str
    now: datetime


@require_safe
@agent_required(Permission.HANDLE_REQUESTS)
def inbox(request: HttpRequest) -> HttpResponse:
    """The queue alone; a request is opened by choosing it."""
    queue = read_queue(request)
    return render(
        request, "townhall/inbox/inbox.html", {"queue": queue, "section": "townhall:inbox"}
    )


@require_safe
@agent_required(Permission.HANDLE_REQUESTS)
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """One request beside the queue. Opening it holds it for the agent, if nobody else does."""
    found = request_or_404(request, reference)
    now = utc_now()
    if found.status in ("SUBMITTED", "WAITING_FAMILY"):
        try:
            found = services.hold(request_id=found.pk, now=now, actor=request.actor)
        except (HeldByAnother, AlreadyDecided):
            found = request_or_404(request, reference)
    return show_case(request, found)


@require_safe
@agent_required(Permission.HANDLE_REQUESTS)
def export(request: HttpRequest) -> HttpResponseBase:
    """The tab as it is filtered, whole, for a spreadsheet."""
    queue = read_queue(request)
    columns = [
        Column(_("Référence"), "reference"),
        Column(_("Acte"), lambda row: str(get_kind(row.kind).title)),
        Column(_("Famille"), lambda row: str(row.family or row.applicant_name)),
        Column(_("Code famille"), lambda row: row.family.printed_code if row.family else ""),
        Column(_("Objet"), "summary"),
        Column(_("Canal"), "get_channel_display"),
        Column(_("Reçue le"), lambda row: paris(row.submitted_at).strftime("%d/%m/%Y %H:%M")),
        Column(_("Répondre avant le"), lambda row: row.due_on.strftime("%d/%m/%Y")),
        Column(_("État"), "get_status_display"),
        Column(_("Service"), lambda row: row.service.name if row.service else ""),
        Column(_("Décidée par"), "decided_by_label"),
    ]
    return export_table(
        request.GET.get("format", "csv"), "demandes", columns, queue.found.iterator(500)
    )


def read_queue(request: HttpRequest) -> Queue:
    """The tab that the address names, its figures and its page."""
    now = utc_now()
    visible = visible_requests(request)
    form = InboxFilters(request.GET or None, kinds=queries.visible_kinds(request.permissions))
    values: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    tab = request.GET.get("onglet", "todo")
    tab = tab if tab in dict(TABS) else "todo"
    found = queries.list_inbox(
        visible,
        tab=tab,
        user_id=request.user.pk,
        now=now,
        kind=values.get("kind", ""),
        service_id=int(values["service"]) if values.get("service") else None,
        channel=values.get("channel", ""),
        late=values.get("late", False),
        text=values.get("q", ""),
    )
    counts = queries.inbox_counts(visible, user_id=request.user.pk, now=now)
    figures = {"todo": counts.to_handle, "mine": counts.mine, "waiting": counts.waiting}
    kept = request.GET.copy()
    for name in list(kept):
        if name not in KEEP:
            kept.pop(name)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    _describe(page.object_list, request.user.pk, now)
    return Queue(
        found=found,
        page=page,
        tab=tab,
        tabs=[
            {
                "url": f"?onglet={name}",
                "label": label,
                "current": name == tab,
                "count": figures.get(name),
            }
            for name, label in TABS
        ],
        counts=counts,
        form=form
        if form.is_bound
        else InboxFilters(
            initial={"onglet": tab}, kinds=queries.visible_kinds(request.permissions)
        ),
        query=kept.urlencode(),
        now=now,
    )


def _describe(rows: list[Any], user_id: int, now: datetime) -> None:
    """Words of each line: how old, how late, who has it open."""
    today = paris_day(now)
    for row in rows:
        row.title = get_kind(row.kind).title
        hours = int((now - row.submitted_at).total_seconds() // 3600)
        row.age = f"{hours // 24}\u00a0j" if hours >= 24 else f"{max(hours, 0)}\u00a0h"
        row.late_days = max((today - row.due_on).days, 0) if row.status == "SUBMITTED" else 0
        held = row.held_by_id and row.held_until and row.held_until > now
        row.held_name = str(row.held_by) if held and row.held_by_id != user_id else ""
        row.held_by_me = bool(held) and row.held_by_id == user_id


def show_case(
    request: HttpRequest,
    found: Any,
    *,
    form: DecisionForm | None = None,
    decision: Any = None,
    status: int = 200,
) -> HttpResponse:
    """Draw the case and the queue beside it."""
    now = utc_now()
    day = paris_day(now)
    kind = get_kind(found.kind)
    is_open = found.status in ("SUBMITTED", "WAITING_FAMILY")
    queue = read_queue(request)
    before, after = queries.neighbours(queue.found, found)
    held_by_other = bool(
        is_open
        and found.held_by_id
        and found.held_by_id != request.user.pk
        and found.held_until
        and found.held_until > now
    )
    choices = kind.choices(found, day) if is_open else []
    signers = queries.signers_of(found, day)
    conflicts = kind.conflicts(found, day) if is_open else []
    if form is None:
        form = DecisionForm(
            initial={"version": found.version, "seen": kind.fingerprint(found, day)},
            choices=choices,
            conflicts=conflicts,
        )
    files = list(found.files.select_related("file", "document_kind"))
    given = [joined.document_kind_id for joined in files]
    return render(
        request,
        "townhall/inbox/case.html",
        {
            "queue": queue,
            "found": found,
            "kind": kind,
            "changes": kind.changes(found, day) if is_open else [],
            "facts": kind.facts(found),
            "conflicts": conflicts,
            "consequences": kind.consequences(found, day) if is_open else [],
            "missing": kind.missing(found, given, day) if is_open else [],
            "duplicates": kind.duplicates(found) if is_open and found.kind == "NEW_FAMILY" else [],
            "files": files,
            "piece": _wanted_file(request, files),
            "events": queries.events_of(found, internal=True),
            "people": _people(found, day),
            "form": form,
            "decision": decision or (kind.decision(found, day) if is_open else None),
            "pieces": PiecesForm(
                wanted=kind.wanted_documents(Asking.of(found, day), found.payload)
            ),
            "is_open": is_open,
            "signers": signers,
            "waits_for_parent": any(not one.agrees for one in signers),
            "held_by_other": held_by_other,
            "can_undo": queries.can_undo(found, now),
            "previous": before,
            "next": after,
            "ack": queries.acknowledgement(found),
            "section": "townhall:inbox",
        },
        status=status,
    )


def _wanted_file(request: HttpRequest, files: list[Any]) -> Any:
    """The piece to show beside the case («?piece=…»), one of its own."""
    wanted = request.GET.get("piece", "")
    return next((joined for joined in files if str(joined.file_id) == wanted), None)


def _people(found: Any, day: Any) -> list[str]:
    """Adults, then children with their class: three queries."""
    if found.family_id is None:
        return []
    children = families.children_of(found.family_id, day)
    levels = schools.schooling_on([child.pk for child in children], day)
    named = [str(adult) for adult in families.guardians_of(found.family_id)]
    for child in children:
        level = levels.get(child.pk)
        named.append(f"{child.first_name} ({level.level})" if level else child.first_name)
    return named
