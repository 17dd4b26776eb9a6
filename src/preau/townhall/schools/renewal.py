"""Renewing enrolments: the règlement by versions, the campaign, who has not answered, the form
filled at the counter."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from preau.accounts.enums import Permission
from preau.catalogue.queries import get_school_year, school_year_of
from preau.enrolments import queries as enrolments
from preau.enrolments import renewals
from preau.journeys.letter_prints import RENEWAL, about
from preau.journeys.rollover.renewal import ask_telling, open_renewal, renewal_form
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.town.queries import render_markdown
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404
from preau.townhall.papers import Paper, follow, latest, serve, set_again
from preau.townhall.schools.forms import CampaignForm, RegulationForm, RenewalFilters
from preau.ui.exports import FORMATS, Column, export_table
from preau.ui.renewal import AnswerForm, answer

PAGE = 60
P = Permission


@agent_required(P.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def campaigns(request: HttpRequest) -> HttpResponse:
    """Renewals of each year, and a new one."""
    now = utc_now()
    day = paris_day(now)
    year = school_year_of(day)
    following = (
        get_school_year(f"{year.starts_on.year + 1}-{year.starts_on.year + 2}") if year else None
    )
    form = CampaignForm(request.POST or None, initial={"opens_on": day})
    if request.method == "POST" and form.is_valid():
        try:
            if year is None or following is None:
                raise renewals.RenewalRefused("Préparez d’abord le passage à l’année suivante.")
            row = open_renewal(
                from_year=year,
                to_year=following,
                opens_on=form.cleaned_data["opens_on"],
                closes_on=form.cleaned_data["closes_on"],
                now=now,
                actor=request.actor,
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("townhall:renewal", campaign_id=row.pk)
    return render(
        request,
        "townhall/schools/campaigns.html",
        {
            "rows": list(enrolments.list_campaigns()),
            "form": form,
            "following": following,
            "section": "townhall:schools",
        },
    )


@agent_required(P.MANAGE_SCHOOLS)
@require_safe
def campaign(request: HttpRequest, campaign_id: int) -> HttpResponseBase:
    """Who has renewed and who has not: searched, filtered, exported, written to."""
    row = _campaign(campaign_id)
    form = RenewalFilters(request.GET or None)
    found = _found(row, form)
    if export := request.GET.get("export"):
        columns = [
            Column(_("Code famille"), "family.printed_code"),
            Column(_("Dossier"), "family.name"),
            Column(_("État"), "get_status_display"),
            Column(_("Prévenue le"), "told_at"),
            Column(_("Rappels"), "reminders"),
            Column(_("Répondu le"), "answered_at"),
            Column(_("Adresse"), "family.address_line1"),
            Column(_("Commune"), "family.city"),
        ]
        name = f"renouvellement-{row.to_year.label}"
        return export_table(export, name, columns, found.iterator(2000))
    counts = enrolments.renewal_counts(row)
    return render(
        request,
        "townhall/schools/campaign.html",
        {
            "row": row,
            "counts": counts,
            "total": sum(counts.values()),
            "form": form,
            "found": found.count(),
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "papers": latest(_paper(row)),
            "formats": FORMATS,
            "query": request.GET.urlencode(),
            "section": "townhall:schools",
        },
    )


@agent_required(P.MANAGE_SCHOOLS)
@require_POST
def campaign_tell(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Write to the households listed, by the worker: e-mails leave, letters are set."""
    row = _campaign(campaign_id)
    found = _found(row, RenewalFilters(request.GET or None)).filter(status="WAITING")
    ids = list(found.values_list("pk", flat=True))
    try:
        ask_telling(campaign=row, renewal_ids=ids, now=utc_now(), actor=request.actor)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _(
                "L’envoi à %s est parti pour être préparé. Les lettres, s’il y en a, "
                "apparaîtront sur cette page."
            )
            % french.count(len(ids), "famille"),
        )
    return redirect("townhall:renewal", campaign_id=campaign_id)


def _paper(row: Any) -> Paper:
    return Paper(
        about=about(RENEWAL, row.pk),
        back=reverse("townhall:renewal", args=[row.pk]),
        back_label=_("Renouvellement %s") % row.to_year.label,
        again=reverse("townhall:renewal-letters-again", args=[row.pk]),
        section="townhall:schools",
        file_name=f"renouvellement-{row.to_year.label}-lettres",
        route="townhall:renewal-letters",
        args=(row.pk,),
    )


@agent_required(P.MANAGE_SCHOOLS)
@require_safe
def campaign_letters(request: HttpRequest, campaign_id: int, print_id: int) -> HttpResponse:
    """How far the letters are; the page asks again by itself while the worker sets them."""
    return follow(request, _paper(_campaign(campaign_id)), print_id)


@agent_required(P.MANAGE_SCHOOLS)
@require_safe
@never_cache
def campaign_letters_pdf(request: HttpRequest, campaign_id: int, print_id: int) -> HttpResponseBase:
    """The letters to print, one household a page."""
    return serve(_paper(_campaign(campaign_id)), print_id)


@agent_required(P.MANAGE_SCHOOLS)
@require_POST
def campaign_letters_again(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Set again letters that failed or were wiped."""
    return set_again(request, _paper(_campaign(campaign_id)))


@agent_required(P.HANDLE_REQUESTS, P.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def family_renewal(request: HttpRequest, code: str) -> HttpResponse:
    """The family's form, filled at the counter or on the telephone."""
    family = get_family_or_404(request, code)
    now = utc_now()
    row = enrolments.open_campaign_on(paris_day(now)) or enrolments.list_campaigns().first()
    asked = renewal_form(family, row) if row else None
    if asked is None:
        raise Http404
    form = AnswerForm(request.POST or None, request.FILES or None, asked=asked)
    if (
        request.method == "POST"
        and form.is_valid()
        and answer(form, family=family, guardian_id=None, now=now, actor=request.actor)
    ):
        messages.success(request, _("Le renouvellement est enregistré."))
        return redirect("townhall:family", code=family.code)
    return render(
        request,
        "townhall/schools/family_renewal.html",
        {
            "family": family,
            "asked": asked,
            "form": form,
            "campaign": row,
            "section": "townhall:families",
        },
    )


@agent_required(P.MANAGE_SCHOOLS)
@require_http_methods(["GET", "POST"])
def regulations(request: HttpRequest, regulation_id: int | None = None) -> HttpResponse:
    """The versions of the règlement; one being written, or read as families read it."""
    found = enrolments.get_regulation(regulation_id) if regulation_id else None
    if regulation_id and found is None:
        raise Http404
    initial = (
        {
            "title": found.title,
            "version": found.version,
            "body": found.body,
            "in_force_on": found.in_force_on,
        }
        if found
        else {"title": _("Règlement intérieur"), "in_force_on": paris_day(utc_now())}
    )
    form = RegulationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            row = renewals.save_regulation(
                pk=regulation_id, **form.cleaned_data, now=utc_now(), actor=request.actor
            )
            if request.POST.get("act") == "publish":
                renewals.publish_regulation(pk=row.pk, now=utc_now(), actor=request.actor)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Version enregistrée."))
            return redirect("townhall:regulation", regulation_id=row.pk)
    return render(
        request,
        "townhall/schools/regulations.html",
        {
            "rows": list(enrolments.list_regulations()),
            "found": found,
            "body": render_markdown(found.body) if found and found.published_at else "",
            "form": form,
            "section": "townhall:schools",
        },
    )


def _campaign(pk: int) -> Any:
    row = enrolments.get_campaign(pk)
    if row is None:
        raise Http404
    return row


def _found(row: Any, form: RenewalFilters) -> Any:
    chosen: dict[str, Any] = form.cleaned_data if form.is_bound and form.is_valid() else {}
    return enrolments.renewals_of(
        row,
        status=chosen.get("status", "WAITING" if not form.is_bound else ""),
        text=chosen.get("q", ""),
        told=chosen.get("told", ""),
    )
