"""Joining two files, parting a household: chosen, read again, done, undone."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.families import queries as families
from preau.families.duplicates import find_likely_duplicates
from preau.families.enums import FamilyStatus
from preau.families.values import AddressData, ChildData, GuardianData
from preau.journeys.family_file import visible_families
from preau.journeys.merging.merge import merge_families, preview_merge
from preau.journeys.merging.split import preview_split, split_family
from preau.journeys.merging.undo import get_act, undo_act, why_not
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.french import quotient as quotient_words
from preau.townhall.access import agent_required
from preau.townhall.families.merging_forms import MergeForm, SplitForm
from preau.townhall.families.scope import get_family_or_404

FOUND = 12


@dataclass(frozen=True, slots=True)
class Side:
    """One of two files, as they are compared."""

    family: Any
    address: AddressData
    adults: list[Any]
    children: list[Any]
    quotient: str


def _side(family: Any, day: Any) -> Side:
    quotient = families.quotient_on(family.pk, day)
    return Side(
        family,
        families.address_of(family),
        list(families.guardians_of(family)),
        families.children_of(family, day),
        quotient_words(quotient.value_cents) if quotient else "",
    )


@agent_required(Permission.MERGE_FAMILIES)
@require_GET
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Files that look like this one, and a search for any other."""
    family = get_family_or_404(request, code)
    day = paris_day(utc_now())
    side = _side(family, day)
    text = request.GET.get("q", "").strip()[:200]
    likely = find_likely_duplicates(
        guardians=[
            GuardianData(
                last_name=a.last_name,
                first_name=a.first_name,
                usage_name=a.usage_name,
                birth_on=a.birth_on,
                email=a.email,
                mobile_phone=a.mobile_phone,
                home_phone=a.home_phone,
            )
            for a in side.adults
        ],
        children=[
            ChildData(
                last_name=c.last_name,
                first_name=c.first_name,
                usage_name=c.usage_name,
                birth_on=c.birth_on,
            )
            for c in side.children
        ],
        address=side.address,
        exclude_family_id=family.pk,
    )
    visible = visible_families(request.user, day)
    allowed = set(
        visible.filter(pk__in=[match.family_id for match in likely]).values_list("pk", flat=True)
    )
    found: list[Any] = []
    if text:
        others = visible_families(request.user, day, text).filter(status=FamilyStatus.ACTIVE)
        found = list(families.with_people(others.exclude(pk=family.pk)[:FOUND], day))
    return render(
        request,
        "townhall/families/merge_choose.html",
        {
            "family": family,
            "likely": [match for match in likely if match.family_id in allowed],
            "found": found,
            "q": text,
            "section": "townhall:families",
        },
    )


@agent_required(Permission.MERGE_FAMILIES)
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, code: str, other: str) -> HttpResponse:
    """Side by side; «voir ce que cela change» does it and rolls it back; «réunir» does it."""
    family, second = get_family_or_404(request, code), get_family_or_404(request, other)
    now = utc_now()
    day = paris_day(now)
    kept, gone = _side(family, day), _side(second, day)
    form = MergeForm(request.POST or None, kept=kept, other=gone)
    told = None
    if request.method == "POST" and form.is_valid():
        given = {"kept_id": family.pk, "other_id": second.pk, "choices": form.choices()}
        try:
            if request.POST.get("act") == "confirm":
                act = merge_families(
                    **given, key=form.cleaned_data["key"], now=now, actor=request.actor
                )
                messages.success(request, _("Les deux dossiers n’en font plus qu’un."))
                return redirect("townhall:family-act", code=family.code, act_id=act.pk)
            told = preview_merge(**given, now=now, actor=request.actor)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(
        request,
        "townhall/families/merge.html",
        {
            "family": family,
            "kept": kept,
            "other": gone,
            "form": form,
            "told": told,
            "section": "townhall:families",
        },
    )


@agent_required(Permission.MERGE_FAMILIES)
@require_http_methods(["GET", "POST"])
def split(request: HttpRequest, code: str) -> HttpResponse:
    """Who leaves, from when; read again; done."""
    family = get_family_or_404(request, code)
    now = utc_now()
    day = paris_day(now)
    form = SplitForm(
        request.POST or None,
        adults=families.guardians_of(family),
        children=families.children_of(family, day),
        initial={"from_on": day, "country": "FRANCE"},
    )
    told = None
    if request.method == "POST" and form.is_valid():
        given = {"family_id": family.pk, "parting": form.parting()}
        try:
            if request.POST.get("act") == "confirm":
                act = split_family(
                    **given, key=form.cleaned_data["key"], now=now, actor=request.actor
                )
                messages.success(
                    request,
                    _("Le foyer est séparé : nouveau dossier %s.") % act.other.printed_code,
                )
                return redirect("townhall:family-act", code=family.code, act_id=act.pk)
            told = preview_split(**given, now=now, actor=request.actor)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return render(
        request,
        "townhall/families/split.html",
        {"family": family, "form": form, "told": told, "section": "townhall:families"},
    )


@agent_required(Permission.MERGE_FAMILIES)
@require_GET
def act(request: HttpRequest, code: str, act_id: int) -> HttpResponse:
    """What a merge or a split did, and whether it can be undone."""
    family = get_family_or_404(request, code)
    found = _act(family, act_id)
    return render(
        request,
        "townhall/families/act.html",
        {
            "family": family,
            "act": found,
            "why_not": why_not(found, utc_now()),
            "section": "townhall:families",
        },
    )


@agent_required(Permission.MERGE_FAMILIES)
@require_POST
def undo(request: HttpRequest, code: str, act_id: int) -> HttpResponse:
    family = get_family_or_404(request, code)
    found = _act(family, act_id)
    try:
        undo_act(act_id=found.pk, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("C’est défait : tout est revenu comme avant."))
    return redirect("townhall:family-act", code=family.code, act_id=act_id)


def _act(family: Any, act_id: int) -> Any:
    found = get_act(act_id)
    if found is None or family.pk not in (found.family_id, found.other_id):
        raise Http404
    return found
