"""A closed day, a strike, a class on a trip, a teacher absent: chosen, read, then done at once."""

import uuid
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.catalogue.queries import active_classes, establishments, list_activities, school_year_of
from preau.families.queries import get_families
from preau.journeys.mass_acts import (
    Back,
    MassAct,
    Preview,
    Wish,
    acts_within,
    ask_mass_act,
    ask_undo,
    get_act,
    preview_mass_act,
    preview_undo,
    undone_rows,
)
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.sites.scope import MANAGING, asked_day, managed_scope

PAGE = 50
# The kind of tag of each word on what becomes of a booking.
FATES: dict[str, str] = {
    MassAct.Fate.BACK: "ok",
    MassAct.Fate.WAITS: "wait",
    MassAct.Fate.QUEUED: "wait",
    MassAct.Fate.MISSED: "bad",
}
TAGS = {
    "QUEUED": "wait",
    "RUNNING": "wait",
    "DONE": "ok",
    "UNDOING": "wait",
    "UNDONE": "past",
}


def _day_input() -> forms.DateInput:
    # A browser's date field reads ISO days alone.
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class UndoForm(forms.Form):
    motif = forms.CharField(
        label=_l("Pourquoi vous revenez sur cet acte"),
        max_length=160,
        help_text=_l("Les familles le liront, le journal le garde."),
    )


class MassActForm(forms.Form):
    """What is done, when and where; sites and classes are among those of the agent."""

    acte = forms.ChoiceField(
        label=_l("Que se passe-t-il ?"),
        widget=forms.RadioSelect,
        # Sessions one by one are chosen on their site's day.
        choices=[
            (value, label.capitalize())
            for value, label in MassAct.Kind.choices
            if value != MassAct.Kind.SESSIONS
        ],
    )
    du = forms.DateField(label=_l("Du"), widget=_day_input())
    au = forms.DateField(
        label=_l("Au"),
        required=False,
        widget=_day_input(),
        help_text=_l("Vide : un seul jour."),
    )
    site = forms.TypedMultipleChoiceField(
        label=_l("Sites"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_l("Aucun coché : tous vos sites."),
    )
    activite = forms.TypedChoiceField(
        label=_l("Activité"), required=False, coerce=int, empty_value=None
    )
    classe = forms.TypedChoiceField(
        label=_l("Classe"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_l("Pour une sortie ou un enseignant absent."),
    )
    motif = forms.CharField(
        label=_l("Motif"), max_length=160, help_text=_l("Les familles le liront.")
    )

    def __init__(self, *args: Any, scope: frozenset[int] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        sites = [s for s in establishments() if scope is None or s.pk in scope]
        year = school_year_of(paris_day(utc_now()))
        classes = [
            c
            for c in (active_classes(year) if year else ())
            if scope is None or c.establishment_id in scope
        ]
        activities = list_activities(published=False).prefetch_related(None)
        self.fields["site"].choices = [(s.pk, s.name) for s in sites]
        self.fields["activite"].choices = [("", _("Toutes"))] + [(a.pk, a.name) for a in activities]
        self.fields["classe"].choices = [("", _("Aucune en particulier"))] + [
            (c.pk, f"{c.name}, {c.establishment.name}") for c in classes
        ]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not found.get("au"):
            found["au"] = found.get("du")
        return found

    def wish(self) -> Wish:
        """The wish of a valid form, never wider than the agent's sites."""
        asked = self.cleaned_data
        sites = asked["site"] or self.scope
        return Wish(
            asked["acte"],
            asked["motif"],
            asked["du"],
            asked["au"],
            None if sites is None else tuple(sorted(sites)),
            asked["activite"],
            asked["classe"],
        )

    def where(self) -> str:
        """Where it falls, in words."""
        asked = self.cleaned_data
        names = dict(self.fields["site"].choices)
        parts = [dict(self.fields["classe"].choices)[asked["classe"]]] if asked["classe"] else []
        if asked["activite"]:
            parts.append(dict(self.fields["activite"].choices)[asked["activite"]])
        sites = [names[pk] for pk in asked["site"]]
        if sites:
            more = f" et {len(sites) - 3} autres" if sites[3:] else ""
            parts.append(", ".join(sites[:3]) + more)
        elif not asked["classe"]:
            parts.append(_("toute la ville") if self.scope is None else _("tous mes sites"))
        return " – ".join(parts)


@agent_required(*MANAGING)
@require_GET
def acts(request: HttpRequest) -> HttpResponse:
    """The acts done, latest first."""
    found = acts_within(managed_scope(request))
    return render(
        request,
        "townhall/sites/mass_acts.html",
        {"acts": [(act, TAGS[act.status]) for act in found], "section": "townhall:sites"},
    )


@agent_required(*MANAGING)
@require_http_methods(["GET", "POST"])
def new_act(request: HttpRequest) -> HttpResponse:
    """Choose, then read who is concerned (a plain GET), then apply what was read (POST)."""
    now = utc_now()
    data = request.POST if request.method == "POST" else request.GET
    form = MassActForm(
        data if data.get("acte") else None,
        scope=managed_scope(request),
        initial={
            "du": asked_day(request) if request.GET.get("jour") else paris_day(now),
            "acte": MassAct.Kind.CLOSED_DAY,
            "site": [int(s) for s in request.GET.getlist("lieu") if is_number(s)],
        },
    )
    preview: Preview | None = None
    if form.is_bound and form.is_valid():
        try:
            if request.method == "POST":
                return _apply(request, form)
            preview = preview_mass_act(form.wish(), now)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            if request.method == "POST" and not _is_about_the_form(refusal):
                preview = preview_mass_act(form.wish(), now)
    page = Paginator(preview.rows if preview else [], PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/sites/mass_act_new.html",
        {
            "form": form,
            "preview": preview,
            "page": page,
            "key": uuid.uuid4(),
            "where": form.where() if preview else "",
            "asked": _asked(form) if preview else [],
            "section": "townhall:sites",
        },
        status=422 if form.errors else 200,
    )


def _apply(request: HttpRequest, form: MassActForm) -> HttpResponse:
    act = ask_mass_act(
        wish=form.wish(),
        where=form.where(),
        seen=request.POST.get("seen", ""),
        key=asked_key(request),
        now=utc_now(),
        actor=request.actor,
    )
    return redirect("townhall:mass-act", act_id=act.pk)


def asked_key(request: HttpRequest) -> uuid.UUID:
    """The key of the form, so that sent twice it acts once."""
    try:
        return uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid.uuid4()


def _is_about_the_form(refusal: Refusal) -> bool:
    return "aperçu" not in str(refusal)


def _asked(form: MassActForm) -> list[tuple[str, str]]:
    """The choices as hidden fields, for the form that applies what was read."""
    asked = form.cleaned_data
    rows = [
        ("acte", asked["acte"]),
        ("du", asked["du"].isoformat()),
        ("au", asked["au"].isoformat()),
        ("motif", asked["motif"]),
        ("activite", asked["activite"] or ""),
        ("classe", asked["classe"] or ""),
    ]
    return [*rows, *(("site", pk) for pk in asked["site"])]


def _act_or_404(request: HttpRequest, act_id: int) -> MassAct:
    act = get_act(act_id, site_ids=managed_scope(request))
    if act is None:
        raise Http404
    return act


@agent_required(*MANAGING)
@require_GET
def show(request: HttpRequest, act_id: int) -> HttpResponse:
    """One act: how far the worker is, what was done, and how to undo it."""
    act = _act_or_404(request, act_id)
    left = undone_rows(act) if act.status == "UNDONE" else []
    page = Paginator(left, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/sites/mass_act.html",
        {
            "act": act,
            "kind": TAGS[act.status],
            "page": page,
            "rows": _with_codes(request, page),
            "section": "townhall:sites",
            "runs": act.status in ("QUEUED", "RUNNING", "UNDOING"),
            "may_undo": act.status == "DONE",
        },
    )


def _with_codes(request: HttpRequest, page: Page) -> list[tuple[Back, str, str, str]]:
    """Rows with the code of their family, for who may open files, and the tag of their fate."""
    families = (
        get_families(row.family_id for row in page)
        if Permission.SEE_FAMILIES in request.permissions
        else {}
    )
    return [
        (
            row,
            families[row.family_id].code if families else "",
            FATES[row.fate],
            str(MassAct.Fate(row.fate).label),
        )
        for row in page
    ]


@agent_required(*MANAGING)
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, act_id: int) -> HttpResponse:
    """What becomes of each child if the act is undone (GET); then, with a reason, undone as it was
    read: open again, give back what was held, tell families (POST)."""
    act = _act_or_404(request, act_id)
    if act.status != "DONE":
        return redirect("townhall:mass-act", act_id=act.pk)
    now = utc_now()
    form = UndoForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            ask_undo(
                act_id=act.pk,
                reason=form.cleaned_data["motif"],
                seen=request.POST.get("seen", ""),
                now=now,
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("townhall:mass-act", act_id=act.pk)
    preview = preview_undo(act, now)
    page = Paginator(preview.rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/sites/mass_act_undo.html",
        {
            "act": act,
            "form": form,
            "preview": preview,
            "counts": [(FATES[fate], label, n) for fate, label, n in preview.counts],
            "page": page,
            "rows": _with_codes(request, page),
            "section": "townhall:sites",
        },
        status=422 if form.errors else 200,
    )
