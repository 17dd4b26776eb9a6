"""Third parties that pay a share: who they are, their agreements, what they owe."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.billing import agreements, services
from preau.billing.documents import third_party_document
from preau.billing.third_party_credits import (
    accounts_in_credit,
    credit_of,
    credit_uses,
    give_third_party_back,
    use_third_party_credit,
)
from preau.billing.third_party_invoices import credit_third_party, left_on, record_payment
from preau.catalogue.queries import list_all_activities
from preau.families.queries import children_of
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.money import euros
from preau.townhall.access import agent_required
from preau.townhall.billing.shares_forms import (
    AgreementForm,
    EndForm,
    SearchForm,
    ThirdPartyCreditForm,
    ThirdPartyForm,
    ThirdPartyPaymentForm,
    ThirdPartyRefundForm,
)
from preau.townhall.cashdesk.scope import family_or_404
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.files import file_response
from preau.ui.refusals import add_refusal

PAGE = 40
SECTION = {"section": "townhall:billing"}
COLUMNS = (
    Column("Tiers", "name"),
    Column("Nature", lambda row: row.get_kind_display()),
    Column("SIRET", "siret"),
    Column("Reste dû", lambda row: Cents(row.owed_cents)),
)


@agent_required(Permission.BILL)
@require_GET
def third_parties(request: HttpRequest) -> HttpResponseBase:
    """Who pays shares, and what each owes."""
    form = SearchForm(request.GET or None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = agreements.third_parties(text)
    if "export" in request.GET:
        return export_table(request.GET["export"], "tiers-payeurs", COLUMNS, found.iterator())
    return render(
        request,
        "townhall/billing/third_parties.html",
        SECTION
        | {
            "form": form,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
        },
    )


def _third_party(pk: int) -> Any:
    found = agreements.get_third_party(pk)
    if found is None:
        raise Http404
    return found


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def third_party_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Name a third party, or change it."""
    found = _third_party(pk) if pk else None
    initial = {name: getattr(found, name) for name in agreements.EDITABLE} if found else {}
    form = ThirdPartyForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_third_party(
                third_party_id=pk, actor=request.actor, now=utc_now(), **form.cleaned_data
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Le tiers payeur est enregistré."))
            return redirect("townhall:third-party", saved.pk)
    return render(
        request,
        "townhall/billing/third_party_edit.html",
        SECTION | {"third_party": found, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.BILL)
@require_GET
def third_party(request: HttpRequest, pk: int) -> HttpResponse:
    """One third party: its agreements, its invoices."""
    found = _third_party(pk)
    form = SearchForm(request.GET or None)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    page = Paginator(agreements.agreements(third_party_id=pk, text=text), PAGE).get_page(
        request.GET.get("page")
    )
    names = {activity.pk: activity.name for activity in list_all_activities()}
    return render(
        request,
        "townhall/billing/third_party.html",
        SECTION
        | {
            "third_party": found,
            "form": form,
            "page": page,
            "rows": [
                {
                    "row": row,
                    "how": agreements.how_much(row),
                    "activities": [names[a] for a in row.activity_ids if a in names],
                    "is_over": row.ends_on < paris_day(utc_now()),
                }
                for row in page
            ],
            "invoices": agreements.third_party_invoices(third_party_id=pk)[:24],
            "credits": accounts_in_credit(pk),
            "uses": credit_uses(pk)[:24],
        },
    )


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def agreement_new(request: HttpRequest, pk: int) -> HttpResponse:
    """What it will pay, for which family: the family's code first, then the terms."""
    found = _third_party(pk)
    code = request.GET.get("dossier", "").strip()[:20]
    context: dict[str, Any] = SECTION | {"third_party": found, "code": code}
    if not code:
        return render(request, "townhall/billing/agreement.html", context)
    try:
        family = family_or_404(request, code)
    except Http404:
        context |= {"unknown": True}
        return render(request, "townhall/billing/agreement.html", context, status=422)
    today = paris_day(utc_now())
    form = AgreementForm(
        request.POST if request.method == "POST" else None,
        children=children_of(family, today),
        activities=list_all_activities(),
        initial={"starts_on": today.replace(day=1)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.make_agreement(
                third_party_id=pk,
                family_id=family.pk,
                actor=request.actor,
                now=utc_now(),
                **form.values(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("La prise en charge comptera dès la prochaine facture."))
            return redirect("townhall:third-party", pk)
    return render(
        request,
        "townhall/billing/agreement.html",
        context | {"family": family, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def agreement_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Change its last day."""
    found = agreements.get_agreement(pk)
    if found is None:
        raise Http404
    form = EndForm(
        request.POST if request.method == "POST" else None, initial={"ends_on": found.ends_on}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.end_agreement(
                agreement_id=pk,
                ends_on=form.cleaned_data["ends_on"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("La fin de la prise en charge est changée."))
            return redirect("townhall:third-party", found.third_party_id)
    return render(
        request,
        "townhall/billing/agreement_end.html",
        SECTION | {"agreement": found, "how": agreements.how_much(found), "form": form},
        status=422 if form.errors else 200,
    )


def _invoice(number: str) -> Any:
    found = agreements.get_third_party_invoice(number)
    if found is None:
        raise Http404
    return found


@agent_required(Permission.BILL)
@require_GET
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    """One invoice of a third party: lines, what was received, what corrects it."""
    found = _invoice(number)
    return render(
        request,
        "townhall/billing/third_party_invoice.html",
        SECTION
        | {
            "invoice": found,
            "left_cents": 0 if found.corrects_id else max(found.left_cents, 0),
            "over_cents": 0 if found.corrects_id else max(-found.left_cents, 0),
            "credit_cents": credit_of(found.account_id) if found.left_cents > 0 else 0,
            "may_credit": not found.corrects_id and found.total_cents + found.back_cents > 0,
        },
    )


@agent_required(Permission.BILL)
@require_GET
def pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The archived PDF."""
    return file_response(third_party_document(_invoice(number), now=utc_now()).file)


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, number: str) -> HttpResponse:
    """Note a transfer received."""
    found = _invoice(number)
    left = left_on(found)
    if found.corrects_id or left <= 0:
        raise Http404
    form = ThirdPartyPaymentForm(
        request.POST if request.method == "POST" else None,
        left_cents=left,
        today=paris_day(utc_now()),
    )
    if request.method == "POST" and form.is_valid():
        try:
            record_payment(
                invoice_id=found.pk, actor=request.actor, now=utc_now(), **form.cleaned_data
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Le règlement est noté."))
            return redirect("townhall:third-party-invoice", number)
    return render(
        request,
        "townhall/billing/third_party_act.html",
        SECTION
        | {
            "invoice": found,
            "form": form,
            "title": _("Noter un règlement"),
            "act": _("Noter le règlement"),
            "confirm": "",
        },
        status=422 if form.errors else 200,
    )


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def credit(request: HttpRequest, number: str) -> HttpResponse:
    """Give back a part, and say why; what is paid already becomes the account's credit."""
    found = _invoice(number)
    if found.corrects_id or found.total_cents + found.back_cents <= 0:
        raise Http404
    form = ThirdPartyCreditForm(
        request.POST if request.method == "POST" else None, lines=found.lines.all()
    )
    if request.method == "POST" and form.is_valid():
        try:
            note = credit_third_party(
                invoice_id=found.pk,
                lines=form.amounts(),
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Avoir %(number)s émis.") % {"number": note.number})
            return redirect("townhall:third-party-invoice", note.number)
    return render(
        request,
        "townhall/billing/third_party_act.html",
        SECTION
        | {
            "invoice": found,
            "form": form,
            "title": _("Faire un avoir"),
            "act": _("Émettre l’avoir"),
            "confirm": _("Émettre cet avoir ? Il ne pourra plus changer."),
        },
        status=422 if form.errors else 200,
    )


@agent_required(Permission.BILL)
@require_POST
def use_credit(request: HttpRequest, number: str) -> HttpResponse:
    """Pay an invoice with what the same third party paid too much on others."""
    found = _invoice(number)
    try:
        used = use_third_party_credit(invoice_id=found.pk, actor=request.actor, now=utc_now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("%(amount)s du crédit paient cette facture.") % {"amount": euros(used)}
        )
    return redirect("townhall:third-party-invoice", number)


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, pk: int, office: str) -> HttpResponse:
    """Have a third party's credit given back by the finance service."""
    found = _third_party(pk)
    account: Any = next((a for a in accounts_in_credit(pk) if a.cash_office.code == office), None)
    if account is None:
        raise Http404
    form = ThirdPartyRefundForm(
        request.POST if request.method == "POST" else None, credit_cents=account.credit_cents
    )
    if request.method == "POST" and form.is_valid():
        try:
            give_third_party_back(
                account_id=account.pk, actor=request.actor, now=utc_now(), **form.cleaned_data
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("C’est noté : au service finances de le rendre."))
            return redirect("townhall:third-party", pk)
    return render(
        request,
        "townhall/billing/third_party_refund.html",
        SECTION | {"third_party": found, "account": account, "form": form},
        status=422 if form.errors else 200,
    )
