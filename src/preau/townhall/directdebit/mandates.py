"""Mandates: the list, one with its history, and what an agent does for a family."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing.queries import get_cash_office
from preau.directdebit import queries, services
from preau.directdebit.papers import blank_mandate, mandate_copy
from preau.documents.services import store_upload
from preau.families.queries import families_for_agent, payer_of
from preau.kernel.clock import paris_day, utc_now
from preau.townhall.access import agent_required
from preau.townhall.acts import ReasonForm, act_page
from preau.townhall.directdebit.forms import (
    AccountForm,
    MandateFilterForm,
    PaperForm,
    PaperMandateForm,
)
from preau.ui.exports import FORMATS, Column, export_table
from preau.ui.files import file_response

PAGE = 50
SECTION = "townhall:billing"
COLUMNS = (
    Column("Référence (RUM)", "reference"),
    Column("Régie", "creditor.cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Titulaire", "holder"),
    Column("Compte", "masked_iban"),
    Column("Signé le", "signed_on"),
    Column("Dernier prélèvement", "last_used_on"),
    Column("Rejets de suite", "rejects"),
    Column("État", "get_status_display"),
)


def _families(request: HttpRequest) -> Any:
    return families_for_agent(request.user, day=paris_day(utc_now()))


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def mandates(request: HttpRequest) -> HttpResponseBase:
    """The mandates of the families that this agent may see."""
    offices = [creditor.cash_office for creditor in queries.creditors()]
    form = MandateFilterForm(request.GET or None, offices=offices)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    found = queries.mandates().filter(family__in=_families(request))
    if text := asked.get("q", "").strip():
        found = found.filter(
            Q(reference__icontains=text)
            | Q(holder__icontains=text)
            | Q(family__name__icontains=text)
            | Q(family__code__iexact=text.replace(" ", ""))
        )
    if asked.get("office"):
        found = found.filter(creditor__cash_office__code=asked["office"])
    if asked.get("state"):
        found = found.filter(status=asked["state"])
    if "export" in request.GET:
        return export_table(request.GET["export"], "mandats", COLUMNS, found.iterator())
    return render(
        request,
        "townhall/directdebit/mandates.html",
        {
            "section": SECTION,
            "form": form,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
        },
    )


def _mandate(request: HttpRequest, mandate_id: int) -> Any:
    found = queries.get_mandate(mandate_id)
    if found is None or not _families(request).filter(pk=found.family_id).exists():
        raise Http404
    return found


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def mandate(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """One mandate: how it was signed, what was debited on it, what happened to it."""
    found = _mandate(request, mandate_id)
    return render(
        request,
        "townhall/directdebit/mandate.html",
        {
            "section": SECTION,
            "mandate": found,
            "debits": queries.debits_of(found.family_id).filter(mandate=found)[:50],
            "can_change": bool({Permission.TAKE_PAYMENTS, Permission.BILL} & request.permissions),
        },
    )


@agent_required(Permission.TAKE_PAYMENTS, Permission.BILL)
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, code: str, office: str) -> HttpResponse:
    """Record a mandate that a family signed on paper."""
    family = _families(request).filter(code=code).first()
    cash_office = get_cash_office(office)
    if family is None or cash_office is None:
        raise Http404
    payer = payer_of(family.pk)

    def do(data: dict[str, Any]) -> None:
        now = utc_now()
        stored = store_upload(
            uploaded=data["paper"], family_id=family.pk, actor=request.actor, now=now
        )
        services.sign_mandate(
            family_id=family.pk,
            cash_office_id=cash_office.pk,
            holder=data["holder"],
            iban=data["iban"],
            bic=data["bic"],
            signed_on=data["signed_on"],
            paper_id=stored.pk,
            actor=request.actor,
            now=now,
        )

    return act_page(
        request,
        title=_("Enregistrer un mandat papier"),
        lead=f"{family.name}, {cash_office.name}",
        paper=(
            _("Imprimer le mandat à signer"),
            reverse("townhall:mandate-blank", args=[family.code, cash_office.code]),
        ),
        form=PaperMandateForm(
            request.POST or None,
            request.FILES or None,
            initial={"holder": str(payer or ""), "signed_on": paris_day(utc_now())},
        ),
        do=do,
        done=_("Le mandat est enregistré."),
        label=_("Enregistrer le mandat"),
        section="townhall:families",
        back=reverse("townhall:family-account", args=[family.code]),
    )


@agent_required(Permission.TAKE_PAYMENTS, Permission.BILL)
@require_GET
def blank(request: HttpRequest, code: str, office: str) -> HttpResponse:
    """The mandate to print, for the family to sign."""
    family = _families(request).filter(code=code).first()
    creditor = queries.creditors().filter(cash_office__code=office).first()
    if family is None or creditor is None:
        raise Http404
    response = HttpResponse(blank_mandate(creditor, family), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="mandat-{family.code}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def copy(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """The copy of a mandate, archived."""
    return file_response(mandate_copy(_mandate(request, mandate_id), now=utc_now()).file)


@agent_required(Permission.TAKE_PAYMENTS, Permission.BILL)
@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """Another account, under the same reference."""
    found = _mandate(request, mandate_id)
    return act_page(
        request,
        title=_("Changer le compte d’un mandat"),
        lead=f"{found.family.name}, {found.reference}, {found.masked_iban}",
        warning=_("La famille en est prévenue, la banque avec le prochain prélèvement."),
        form=AccountForm(request.POST or None, initial={"holder": found.holder}),
        do=lambda data: services.amend_mandate(
            mandate_id=found.pk,
            family_id=found.family_id,
            actor=request.actor,
            now=utc_now(),
            **data,
        ),
        done=_("Le compte est changé."),
        label=_("Changer le compte"),
        back=reverse("townhall:mandate", args=[found.pk]),
    )


@agent_required(Permission.TAKE_PAYMENTS, Permission.BILL)
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """End a mandate at the family's word."""
    found = _mandate(request, mandate_id)
    return act_page(
        request,
        title=_("Révoquer un mandat"),
        lead=f"{found.family.name}, {found.reference}, {found.masked_iban}",
        warning=_("Ce qui est déjà à la banque sera encore prélevé."),
        form=ReasonForm(request.POST or None),
        do=lambda data: services.revoke_mandate(
            mandate_id=found.pk,
            family_id=found.family_id,
            actor=request.actor,
            now=utc_now(),
            **data,
        ),
        done=_("Le mandat est révoqué."),
        label=_("Révoquer"),
        kind="stop",
        back=reverse("townhall:mandate", args=[found.pk]),
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """The signed paper; or add it."""
    found = _mandate(request, mandate_id)
    if found.paper and request.method == "GET":
        return file_response(found.paper)
    form: forms.Form = PaperForm(request.POST or None, request.FILES or None)

    def do(data: dict[str, Any]) -> None:
        now = utc_now()
        stored = store_upload(
            uploaded=data["paper"], family_id=found.family_id, actor=request.actor, now=now
        )
        services.attach_paper(mandate_id=found.pk, file_id=stored.pk, actor=request.actor, now=now)

    return act_page(
        request,
        title=_("Joindre le mandat signé"),
        lead=f"{found.family.name}, {found.reference}",
        form=form,
        do=do,
        done=_("Le mandat signé est gardé."),
        label=_("Joindre"),
        back=reverse("townhall:mandate", args=[found.pk]),
    )
