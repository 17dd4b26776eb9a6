"""«Prélèvement automatique»: signed, changed and ended by the family itself."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.billing.queries import family_accounts
from preau.directdebit import queries, services
from preau.directdebit.iban import clean_bic, clean_iban
from preau.directdebit.papers import mandate_copy
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.portal.access import family_required
from preau.portal.mandates.forms import AcceptForm, AccountForm, RevokeForm
from preau.ui.files import file_response
from preau.ui.lockout import client_address
from preau.ui.refusals import add_refusal

SECTION = "portal:account"


@family_required
@require_GET
def mandates(request: HttpRequest) -> HttpResponse:
    """Each cash office that debits, with the family's mandate; what was and will be debited."""
    family_id = request.family.pk
    offices = [row.office for row in family_accounts(family_id)]
    offered = queries.offered(office.pk for office in offices)
    found = list(queries.mandates_of(family_id))
    active = {row.creditor.cash_office_id: row for row in found if row.is_active}
    return render(
        request,
        "portal/mandates/mandates.html",
        {
            "section": SECTION,
            "rows": [
                {"office": office, "mandate": active.get(office.pk)}
                for office in offices
                if office.pk in offered or office.pk in active
            ],
            "former": [row for row in found if not row.is_active],
            "debits": queries.debits_of(family_id)[:24],
        },
    )


@family_required
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, office: str) -> HttpResponse:
    """Give an account, read the mandate, accept it."""
    creditor = next(
        (
            row
            for row in queries.creditors().filter(is_active=True, cash_office__is_active=True)
            if row.cash_office.code == office
        ),
        None,
    )
    if creditor is None:
        raise Http404
    guardian = request.guardian
    context: dict[str, Any] = {"section": SECTION, "creditor": creditor}
    if request.method == "GET":
        form: forms.Form = AccountForm(initial={"holder": str(guardian)})
        return render(request, "portal/mandates/sign.html", context | {"form": form})
    form = AccountForm(request.POST)
    if not _account_is_good(form):
        return render(request, "portal/mandates/sign.html", context | {"form": form}, status=422)
    context |= {"account": form.cleaned_data, "end": clean_iban(form.cleaned_data["iban"])[-4:]}
    if "step" not in request.POST:
        return render(
            request,
            "portal/mandates/check.html",
            context | {"form": AcceptForm(initial=form.cleaned_data)},
        )
    accept = AcceptForm(request.POST)
    if accept.is_valid():
        try:
            services.sign_mandate(
                family_id=request.family.pk,
                cash_office_id=creditor.cash_office_id,
                holder=accept.cleaned_data["holder"],
                iban=accept.cleaned_data["iban"],
                bic=accept.cleaned_data["bic"],
                proof=services.OnlineProof(
                    user_id=request.user.pk,
                    name=str(guardian),
                    address=client_address(request),
                    text=creditor.mandate_text,
                    text_version=creditor.text_version,
                ),
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(accept, refusal)
        else:
            messages.success(
                request,
                _("Votre mandat est signé. Chaque prélèvement vous sera annoncé avant sa date."),
            )
            return redirect("portal:mandates")
    return render(request, "portal/mandates/check.html", context | {"form": accept}, status=422)


def _account_is_good(form: forms.Form) -> bool:
    """Whether the form holds an account that can be debited; says on it what is wrong."""
    if not form.is_valid():
        return False
    try:
        clean_iban(form.cleaned_data["iban"])
        clean_bic(form.cleaned_data["bic"])
    except Refusal as refusal:
        add_refusal(form, refusal)
        return False
    return True


def _mandate(request: HttpRequest, mandate_id: int) -> Any:
    found = queries.get_mandate(mandate_id, family_id=request.family.pk)
    if found is None or not found.is_active:
        raise Http404
    return found


@family_required
@require_GET
def copy(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """What the family signed, in force or ended."""
    found = queries.get_mandate(mandate_id, family_id=request.family.pk)
    if found is None:
        raise Http404
    return file_response(mandate_copy(found, now=utc_now()).file)


@family_required
@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """Another account for the same mandate."""
    found = _mandate(request, mandate_id)
    form = AccountForm(request.POST or None, initial={"holder": found.holder})
    if request.method == "POST" and form.is_valid():
        try:
            services.amend_mandate(
                mandate_id=found.pk,
                family_id=request.family.pk,
                actor=request.actor,
                now=utc_now(),
                **form.cleaned_data,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Le compte est changé, dès le prochain prélèvement."))
            return redirect("portal:mandates")
    return render(
        request,
        "portal/mandates/amend.html",
        {"section": SECTION, "mandate": found, "form": form},
        status=422 if form.errors else 200,
    )


@family_required
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """End the mandate."""
    found = _mandate(request, mandate_id)
    form = RevokeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.revoke_mandate(
            mandate_id=found.pk,
            family_id=request.family.pk,
            reason=_("à la demande de la famille, en ligne"),
            actor=request.actor,
            now=utc_now(),
        )
        messages.success(request, _("Le prélèvement automatique est terminé."))
        return redirect("portal:mandates")
    return render(
        request,
        "portal/mandates/revoke.html",
        {
            "section": SECTION,
            "mandate": found,
            "form": form,
            "coming": queries.coming_of(request.family.pk).filter(mandate=found),
        },
        status=422 if form.errors else 200,
    )
