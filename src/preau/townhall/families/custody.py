"""Two homes: whose days, previewed over eight weeks; days exchanged; disagreements, judgments."""

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

from preau.accounts.enums import Permission
from preau.documents.queries import get_sealed, open_sealed
from preau.documents.services import store_sealed
from preau.families import queries, services
from preau.families.custody import (
    CustodyCalendar,
    Stay,
    custody_calendars,
    other_days,
    other_holidays,
    other_weeks,
)
from preau.families.enums import CustodyHolidays, CustodyWeeks, ParentingBasis, ParentingEffect
from preau.families.rules import days_words
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404
from preau.ui.childsheet.pages import child_or_404
from preau.ui.childsheet.weeks import draw_weeks, rule_words
from preau.ui.days.desk import Desk
from preau.ui.files import sealed_response
from preau.ui.forms import DateField
from preau.ui.refusals import add_refusal

WEEKS = 8
WEEKDAYS = (
    _l("Lundi"),
    _l("Mardi"),
    _l("Mercredi"),
    _l("Jeudi"),
    _l("Vendredi"),
    _l("Samedi"),
    _l("Dimanche"),
)


class CalendarForm(forms.Form):
    """The rule of one home, and perhaps the complement for the other."""

    weeks = forms.ChoiceField(
        label=_l("Vit dans ce foyer"), choices=CustodyWeeks.choices, widget=forms.RadioSelect
    )
    even = forms.MultipleChoiceField(
        label=_l("Jours des semaines paires"),
        choices=[(str(n), name) for n, name in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    odd = forms.MultipleChoiceField(
        label=_l("Jours des semaines impaires"),
        choices=[(str(n), name) for n, name in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    holidays = forms.ChoiceField(
        label=_l("Pendant les vacances scolaires"), choices=CustodyHolidays.choices
    )
    starts_on = DateField(label=_l("À partir du"))
    ends_on = DateField(label=_l("Jusqu’au"), required=False)
    both = forms.BooleanField(
        label=_l("L’autre foyer a les jours restants, réglez-le aussi"), required=False
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["days"] = ""
        if data.get("weeks") == CustodyWeeks.DAYS:
            data["days"] = "".join(
                "1" if str(n) in data.get(name, []) else "0"
                for name in ("even", "odd")
                for n in range(7)
            )
            if "1" not in data["days"]:
                self.add_error("even", _("Cochez au moins un jour."))
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("Le dernier jour est avant le premier."))
        return data


class SwapForm(forms.Form):
    where = forms.ChoiceField(label=_l("L’enfant est"), widget=forms.RadioSelect)
    starts_on = DateField(label=_l("Du"))
    ends_on = DateField(label=_l("Au"))

    def __init__(self, *args: Any, homes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["where"].choices = homes


class ParentingForm(forms.Form):
    basis = forms.ChoiceField(label=_l("Ce que c’est"), choices=ParentingBasis.choices)
    effect = forms.ChoiceField(
        label=_l("Ce que cela change"), choices=ParentingEffect.choices, widget=forms.RadioSelect
    )
    guardian = forms.ChoiceField(label=_l("Adulte concerné"), required=False)
    person_name = forms.CharField(label=_l("Ou une autre personne"), max_length=160, required=False)
    reference = forms.CharField(
        label=_l("Référence de la décision"), max_length=160, required=False
    )
    starts_on = DateField(label=_l("À partir du"))
    ends_on = DateField(label=_l("Jusqu’au"), required=False)
    document = forms.FileField(
        label=_l("Copie de la décision"),
        required=False,
        help_text=_l("Photo ou PDF, gardée scellée."),
    )

    def __init__(self, *args: Any, adults: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["guardian"].choices = [("", _("Personne en particulier")), *adults]


@agent_required(Permission.CHANGE_FAMILIES)
@require_http_methods(["GET", "POST"])
def custody(request: HttpRequest, code: str, child_id: int) -> HttpResponse:
    """The custody calendar of a child: rule, preview, exchanges, decisions."""
    family = get_family_or_404(request, code)
    child = child_or_404(Desk(request, family, request.actor, "", ""), child_id)
    today = paris_day(utc_now())
    homes = list(queries.custodies_of_child(child, today))
    others = [home for home in homes if home.family_id != family.pk]
    calendar = custody_calendars([child.pk], today, today + timedelta(days=7 * WEEKS))[child.pk]
    act = request.POST.get("act", "save") if request.method == "POST" else ""
    stay = child.stay
    form = CalendarForm(
        request.POST if act in ("preview", "save") else None,
        initial={
            "weeks": stay.weeks,
            "even": [str(n) for n in range(7) if stay.days[n : n + 1] == "1"],
            "odd": [str(n) for n in range(7) if stay.days[n + 7 : n + 8] == "1"],
            "holidays": stay.holidays,
            "starts_on": today,
        },
    )
    names = [(str(home.family_id), home.family.name) for home in homes]
    swap_form = SwapForm(request.POST if act == "swap" else None, homes=names, prefix="s")
    adults = [
        (str(adult.pk), f"{adult} ({family_name(adult, homes)})")
        for _child, adult in queries.guardians_in([child.pk], today)
    ]
    parenting = ParentingForm(
        request.POST if act == "record" else None,
        request.FILES if act == "record" else None,
        adults=adults,
        initial={"starts_on": today},
        prefix="j",
    )
    done, error, draft = "", "", False
    if act:
        try:
            done, draft = _act(
                request, act, child, family, others, form, swap_form, parenting, calendar
            )
        except Refusal as refusal:
            error = str(refusal)
            for bound in (swap_form, parenting):
                if bound.is_bound and bound.is_valid():
                    add_refusal(bound, refusal)
                    error = ""
    if done:
        messages.success(request, done)
        return redirect("townhall:family-custody", code=family.code, child_id=child.pk)
    drawn = draw_weeks(
        calendar,
        today,
        words={home.family_id: home.family.name.split(" ")[0][:12] for home in homes},
        here=family.pk,
        weeks=WEEKS,
    )
    failed = bool(act) and not draft
    return render(
        request,
        "townhall/families/custody.html",
        {
            **drawn,
            "family": family,
            "child": child,
            "homes": [(home, rule_words(home)) for home in homes],
            "others": others,
            "form": form,
            "swap_form": swap_form,
            "parenting": parenting,
            "draft": draft,
            "error": error,
            "legend": [
                ("c-here", family.name),
                *[("c-there", home.family.name) for home in others],
                ("c-none", _("personne")),
                ("c-both", _("les deux foyers")),
            ],
            "swaps": [
                (
                    swap,
                    days_words(swap.starts_on, swap.ends_on),
                    dict(names).get(str(swap.family_id), ""),
                )
                for swap in queries.swaps_of_child(child.pk, today)
            ],
            "decisions": list(queries.parenting_of(child.pk)),
            "today": today,
            "sees_papers": Permission.SEE_PROTECTED in request.permissions
            or Permission.SEE_HEALTH in request.permissions,
            "section": "townhall:families",
        },
        status=422 if failed else 200,
    )


def family_name(adult: Any, homes: list[Any]) -> str:
    return next((h.family.name for h in homes if h.family_id == adult.family_id), "")


def _act(
    request: HttpRequest,
    act: str,
    child: Any,
    family: Any,
    others: list[Any],
    form: CalendarForm,
    swap_form: SwapForm,
    parenting: ParentingForm,
    calendar: CustodyCalendar,
) -> tuple[str, bool]:
    """(the sentence of what was done, whether a draft is to be drawn)."""
    who = {"now": utc_now(), "actor": request.actor}
    if act in ("preview", "save"):
        if not form.is_valid():
            return "", False
        data = form.cleaned_data
        wanted = [(family.pk, _rule(data))]
        if data["both"] and len(others) == 1:
            wanted.append((others[0].family_id, _complement(data)))
        if act == "preview":
            _draft(calendar, wanted, data["starts_on"], data["ends_on"])
            return "", True
        services.set_custody_of_homes(
            child_id=child.pk,
            rules=dict(wanted),
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            **who,
        )
        return _("Garde enregistrée."), False
    if act == "swap":
        if not swap_form.is_valid():
            return "", False
        services.type_swap(
            child_id=child.pk,
            to_family=int(swap_form.cleaned_data["where"]),
            starts_on=swap_form.cleaned_data["starts_on"],
            ends_on=swap_form.cleaned_data["ends_on"],
            **who,
        )
        return _("Échange enregistré, en vigueur aussitôt."), False
    if act == "swap-end":
        pk = request.POST.get("swap", "")
        known = {s.pk for s in queries.swaps_of_child(child.pk, paris_day(who["now"]))}
        if not is_number(pk) or int(pk) not in known:
            raise Http404
        services.withdraw_swap(swap_id=int(pk), family_id=None, **who)
        return _("Échange retiré."), False
    if act == "record":
        return _record(request, child, parenting, who), False
    if act == "lift":
        pk = request.POST.get("record", "")
        if not is_number(pk) or int(pk) not in {r.pk for r in queries.parenting_of(child.pk)}:
            raise Http404
        services.lift_parenting(record_id=int(pk), reason=request.POST.get("reason", ""), **who)
        return _("Décision levée. Rouvrez à la main ce qu’elle avait fermé."), False
    raise Http404


def _record(request: HttpRequest, child: Any, form: ParentingForm, who: dict[str, Any]) -> str:
    if not form.is_valid():
        return ""
    data = form.cleaned_data
    paper = (
        store_sealed(uploaded=data["document"], actor=request.actor, now=who["now"])
        if data["document"]
        else None
    )
    services.record_parenting(
        child_id=child.pk,
        data=services.ParentingData(
            basis=data["basis"],
            effect=data["effect"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            guardian_id=int(data["guardian"]) if data["guardian"] else None,
            person_name=data["person_name"],
            reference=data["reference"],
            sealed_file_id=paper.pk if paper else None,
        ),
        **who,
    )
    return _("Décision enregistrée.")


def _rule(data: dict[str, Any]) -> dict[str, Any]:
    return {"weeks": data["weeks"], "days": data["days"], "holidays": data["holidays"]}


def _complement(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "weeks": other_weeks(data["weeks"]),
        "days": other_days(data["days"]),
        "holidays": other_holidays(data["holidays"]),
    }


def _draft(calendar: CustodyCalendar, wanted: list[Any], starts_on: Any, ends_on: Any) -> None:
    """Draw the calendar as it would be: the rules asked for replace those from that day on."""
    asked = {family_id for family_id, _rule_of in wanted}
    kept = []
    for stay in calendar.stays:
        if stay.family_id not in asked:
            kept.append(stay)
        elif stay.starts_on < starts_on:
            kept.append(
                Stay(
                    stay.weeks,
                    stay.starts_on,
                    starts_on - timedelta(days=1),
                    stay.days,
                    stay.holidays,
                    stay.family_id,
                )
            )
    calendar.stays = kept + [
        Stay(rule["weeks"], starts_on, ends_on, rule["days"], rule["holidays"], family_id)
        for family_id, rule in wanted
    ]
    calendar.read_breaks(starts_on, starts_on + timedelta(days=7 * WEEKS + 7))


@agent_required(Permission.SEE_PROTECTED, Permission.SEE_HEALTH)
@require_GET
def judgment(request: HttpRequest, code: str, child_id: int, file_id: UUID) -> HttpResponse:
    """The sealed copy of a decision; the reading is journaled."""
    family = get_family_or_404(request, code)
    child = child_or_404(Desk(request, family, request.actor, "", ""), child_id)
    if file_id not in {r.document_id for r in queries.parenting_of(child.pk)}:
        raise Http404
    found = get_sealed(file_id)
    if found is None:
        raise Http404
    services.note_judgment_read(
        child_id=child.pk, family_id=family.pk, now=utc_now(), actor=request.actor
    )
    name, content = open_sealed(found)
    return sealed_response(name, found.content_type, content)
