"""The crèche's screens: who waits, who has a contract, giving a place."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.accounts.queries import establishment_scope
from preau.catalogue import queries as catalogue
from preau.catalogue.enums import EstablishmentKind
from preau.childcare import queries, services
from preau.childcare.rules import week_words
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.ui.exports import Column, export_table
from preau.ui.forms import DateField

PER_PAGE = 30


class ContractForm(forms.Form):
    """A place: where, from when to when, how long each day."""

    establishment = forms.TypedChoiceField(label=gettext_lazy("Crèche"), coerce=int)
    starts_on = DateField(label=gettext_lazy("Du"))
    ends_on = DateField(label=gettext_lazy("Au"))

    def __init__(self, *args: Any, sites: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["establishment"].choices = [(site.pk, site.name) for site in sites]
        for index in range(5):
            self.fields[f"day_{index}"] = forms.DecimalField(
                label=french.WEEKDAYS[index].capitalize(),
                min_value=0,
                max_value=12,
                decimal_places=2,
                required=False,
                localize=False,
                widget=forms.NumberInput(attrs={"step": "0.25", "class": "short"}),
                help_text=_("heures"),
            )

    def week(self) -> list[int]:
        """Minutes for each weekday, Monday first."""
        return [int((self.cleaned_data[f"day_{i}"] or 0) * 60) for i in range(5)]


class EndForm(forms.Form):
    ends_on = DateField(label=gettext_lazy("Dernier jour"))
    reason = forms.CharField(label=gettext_lazy("Motif"), max_length=200)


def _sites(request: HttpRequest) -> list[Any]:
    """The crèches that this agent manages."""
    scope = establishment_scope(request.user, Permission.MANAGE_CRECHE, paris_day(utc_now()))
    found = catalogue.establishments(EstablishmentKind.CRECHE)
    return list(found if scope is None else found.filter(pk__in=scope))


def _waiting(request: HttpRequest) -> Any:
    """The list that this agent sees: all of it, or its own crèches' wishes."""
    scope = establishment_scope(request.user, Permission.MANAGE_CRECHE, paris_day(utc_now()))
    found = queries.waiting_list()
    return found if scope is None else found.filter(establishment_id__in=scope)


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def waiting_list(request: HttpRequest) -> HttpResponseBase:
    """Who waits for a place, by rank."""
    found = _waiting(request)
    if "export" in request.GET:
        return export_table(
            request.GET["export"],
            "liste-attente-creche",
            [
                Column(_("Rang"), "rank"),
                Column(_("Enfant"), lambda row: str(row.child)),
                Column(_("Né(e) le"), lambda row: row.child.birth_on or row.child.expected_on),
                Column(_("Famille"), lambda row: row.family.name),
                Column(_("Demandée le"), lambda row: paris_day(row.created_at)),
                Column(_("À partir du"), "wished_from"),
                Column(_("Semaine"), lambda row: week_words(row.weekly_minutes)),
                Column(_("Crèche"), lambda row: row.establishment or ""),
            ],
            found,
        )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.week = week_words(row.weekly_minutes)
    return render(
        request,
        "townhall/childcare/waiting.html",
        {"page": page, "section": "townhall:childcare"},
    )


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def contracts(request: HttpRequest) -> HttpResponse:
    """The contracts in force or to begin."""
    sites = _sites(request)
    found = queries.running_contracts(paris_day(utc_now()), [site.pk for site in sites])
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.week = week_words(row.weekly_minutes)
    return render(
        request,
        "townhall/childcare/contracts.html",
        {"page": page, "section": "townhall:childcare"},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def admit(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a place to a child who waits: the contract is written."""
    row = _waiting(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    sites = _sites(request)
    initial: dict[str, Any] = {
        "establishment": row.establishment_id,
        "starts_on": row.wished_from,
        "ends_on": _summer_after(row.wished_from),
        **{f"day_{i}": value / 60 for i, value in enumerate(row.weekly_minutes) if value},
    }
    data = request.POST if request.method == "POST" else None
    form = ContractForm(data, sites=sites, initial=initial)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        try:
            services.admit(
                preregistration_id=row.pk,
                establishment_id=answers["establishment"],
                starts_on=answers["starts_on"],
                ends_on=answers["ends_on"],
                weekly_minutes=form.week(),
                now=utc_now(),
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("%(name)s a une place : le contrat est écrit.") % {"name": row.child}
            )
            return redirect("townhall:childcare-contracts")
    return render(
        request,
        "townhall/childcare/admit.html",
        {
            "row": row,
            "form": form,
            "week": week_words(row.weekly_minutes),
            "section": "townhall:childcare",
        },
        status=422 if form.is_bound else 200,
    )


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a child off the list."""
    row = _waiting(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        services.withdraw(
            preregistration_id=row.pk,
            reason=request.POST.get("reason", "")[:200],
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("L’enfant n’est plus sur la liste."))
    return redirect("townhall:childcare")


@require_http_methods(["GET", "HEAD", "POST"])
@agent_required(Permission.MANAGE_CRECHE)
def contract(request: HttpRequest, pk: int) -> HttpResponse:
    """One contract, and its end when it comes early."""
    row = queries.get_contract(pk)
    if row is None or row.establishment_id not in {site.pk for site in _sites(request)}:
        raise Http404
    form = EndForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.end_contract(
                contract_id=row.pk, now=utc_now(), actor=request.actor, **form.cleaned_data
            )
        except Refusal as refusal:
            form.add_error("ends_on", str(refusal))
        else:
            messages.success(request, _("La fin du contrat est enregistrée."))
            return redirect("townhall:childcare-contracts")
    return render(
        request,
        "townhall/childcare/contract.html",
        {
            "row": row,
            "form": form,
            "week": week_words(row.weekly_minutes),
            "days": [(french.WEEKDAYS[i], value) for i, value in enumerate(row.weekly_minutes)],
            "section": "townhall:childcare",
        },
        status=422 if form.is_bound else 200,
    )


def _summer_after(day: date) -> date:
    end = date(day.year, 7, 31)
    return end if day + timedelta(days=30) < end else date(day.year + 1, 7, 31)
