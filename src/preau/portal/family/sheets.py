"""The child's sheet and its weeks, filled by its own home; nothing of the other one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods

from preau.families import queries, services
from preau.families.custody import custody_calendars
from preau.families.rules import days_words
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.portal.access import family_required
from preau.ui.childsheet import pages
from preau.ui.childsheet.weeks import draw_weeks, rule_words
from preau.ui.days.desk import Desk
from preau.ui.forms import DateField

WEEKS = 8


def _desk(request: HttpRequest) -> Desk:
    return Desk(request, request.family, request.actor, "portal:", "portal/family/")


@family_required
@require_http_methods(["GET", "POST"])
def child_sheet(request: HttpRequest, child_id: int) -> HttpResponse:
    return pages.sheet_page(_desk(request), child_id)


@family_required
@require_GET
def child_document(request: HttpRequest, child_id: int, file_id: UUID) -> HttpResponse:
    return pages.document_page(_desk(request), child_id, file_id)


class SwapForm(forms.Form):
    where = forms.ChoiceField(
        label=_l("Ces jours-là, l’enfant est"),
        choices=[("here", _l("chez vous")), ("there", _l("chez l’autre parent"))],
        widget=forms.RadioSelect,
        error_messages={"required": _l("Dites où sera l’enfant.")},
    )
    starts_on = DateField(label=_l("Du"))
    ends_on = DateField(label=_l("Au"))


@family_required
@require_http_methods(["GET", "POST"])
def child_custody(request: HttpRequest, child_id: int) -> HttpResponse:
    """Whose days the coming weeks are, and days exchanged with the other parent."""
    child = pages.child_or_404(_desk(request), child_id)
    today = paris_day(utc_now())
    here = request.family.pk
    last = today + timedelta(days=7 * WEEKS)
    calendar = custody_calendars([child.pk], today, last)[child.pk]
    other = next((s.family_id for s in calendar.stays if s.family_id != here), None)
    form = SwapForm(request.POST if request.POST.get("act") == "propose" else None)
    error = ""
    if request.method == "POST":
        try:
            done = _act(request, child, here, other, form)
        except Refusal as refusal:
            error = str(refusal)
        else:
            if done:
                messages.success(request, done)
                return redirect("portal:child-custody", child_id=child.pk)
    drawn = draw_weeks(
        calendar,
        today,
        words={here: _("vous"), **({other: _("l’autre")} if other else {})},
        here=here,
        weeks=WEEKS,
    )
    swaps = [_said(swap, here) for swap in queries.swaps_of_child(child.pk, today)]
    return render(
        request,
        "portal/family/custody.html",
        {
            **drawn,
            "legend": [
                ("c-here", _("chez vous : vous réservez et vous payez")),
                *([("c-there", _("chez l’autre parent"))] if other else []),
            ],
            "child": child,
            "shared": other is not None,
            "rule": rule_words(child.stay),
            "form": form,
            "error": error,
            "swaps": [s for s in swaps if not (s["status"] == "PROPOSED" and not s["mine"])],
            "to_answer": [s for s in swaps if s["status"] == "PROPOSED" and not s["mine"]],
            "section": "portal:family",
        },
        status=422 if error or form.errors else 200,
    )


def _said(swap: Any, here: int) -> dict[str, Any]:
    return {
        "pk": swap.pk,
        "words": days_words(swap.starts_on, swap.ends_on),
        "here": swap.family_id == here,
        "mine": swap.asked_by_id == here,
        "status": swap.status,
    }


def _act(request: HttpRequest, child: Any, here: int, other: int | None, form: SwapForm) -> str:
    """Propose, answer or withdraw; the sentence to show, "" when the form is to be corrected."""
    who = {"now": utc_now(), "actor": request.actor}
    act = request.POST.get("act", "")
    if act == "propose":
        if other is None:
            raise Http404
        if not form.is_valid():
            return ""
        services.propose_swap(
            child_id=child.pk,
            asked_by=here,
            to_family=here if form.cleaned_data["where"] == "here" else other,
            starts_on=form.cleaned_data["starts_on"],
            ends_on=form.cleaned_data["ends_on"],
            **who,
        )
        return _("C’est proposé. Rien ne change tant que l’autre parent n’a pas dit oui.")
    pk = request.POST.get("swap", "")
    if not is_number(pk) or int(pk) not in {
        s.pk for s in queries.swaps_of_child(child.pk, paris_day(utc_now()))
    }:
        raise Http404
    if act == "withdraw":
        services.withdraw_swap(swap_id=int(pk), family_id=here, **who)
        return _("Votre proposition est retirée.")
    if act not in ("agree", "refuse"):
        raise Http404
    services.answer_swap(swap_id=int(pk), family_id=here, agrees=act == "agree", **who)
    return _("C’est convenu.") if act == "agree" else _("C’est refusé : rien ne change.")
