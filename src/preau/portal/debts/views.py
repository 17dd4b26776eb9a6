"""Where a titre is paid, and an invoice paid in several times."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.billing.queries import get_invoice
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.payments import queries as payments
from preau.payments.services import Payer, start_titre_payment
from preau.portal.access import family_required
from preau.recovery import plans, services
from preau.recovery.queries import get_titre
from preau.recovery.settings import treasury
from preau.recovery.titres import left_of
from preau.ui.refusals import add_refusal

SECTION = "portal:account"


def _titre(request: HttpRequest, titre_id: int) -> Any:
    found = get_titre(titre_id, family_id=request.family.pk)
    if found is None or found.status != "ISSUED":
        raise Http404
    return found


def _can_pay(found: Any) -> bool:
    contract = payments.gateway_accounts("TITRE").get(found.cash_office_id)
    return bool(found.reference and contract and contract.is_active)


@family_required
@require_GET
def titre(request: HttpRequest, titre_id: int) -> HttpResponse:
    """One titre: what it is for, what is left, where to pay it."""
    found = _titre(request, titre_id)
    return render(
        request,
        "portal/debts/titre.html",
        {
            "section": SECTION,
            "titre": found,
            "left_cents": left_of(found),
            "paid": payments.titre_attempts([found.pk]).get(found.pk),
            "can_pay": _can_pay(found),
            "treasury": treasury(),
            "key": uuid.uuid4(),
        },
    )


@family_required
@require_POST
def pay_titre(request: HttpRequest, titre_id: int) -> HttpResponse:
    """Leave for PayFiP with the titre's own reference."""
    found = _titre(request, titre_id)
    guardian = request.guardian
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Http404 from error
    if not _can_pay(found):
        raise Http404
    try:
        attempt = start_titre_payment(
            family_id=request.family.pk,
            cash_office_id=found.cash_office_id,
            titre_id=found.pk,
            document=found.reference,
            year=found.year,
            amount_cents=left_of(found),
            payer=Payer(
                first_name=guardian.first_name,
                last_name=guardian.usage_name or guardian.last_name,
                email=guardian.email,
                user_id=request.user.pk,
            ),
            key=key,
            now=utc_now(),
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("portal:titre", titre_id)
    return redirect("portal:payment", attempt.reference)


class CountForm(forms.Form):
    count = forms.TypedChoiceField(
        label=gettext_lazy("En combien de fois ?"), coerce=int, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["count"].choices = choices


@family_required
@require_http_methods(["GET", "POST"])
def instalments(request: HttpRequest, number: str) -> HttpResponse:
    """See each way of cutting the invoice, choose one."""
    invoice: Any = get_invoice(number, family_id=request.family.pk)
    today = paris_day(utc_now())
    rule = plans.may_open(invoice, today=today) if invoice else None
    if rule is None:
        raise Http404
    offers = [
        (
            count,
            plans.proposal(
                left_cents=invoice.left_cents, count=count, due_on=invoice.due_on, today=today
            ),
        )
        for count in range(2, rule.max_count + 1)
    ]
    choices = [(str(count), _("%(count)s fois") % {"count": count}) for count, _dates in offers]
    form = CountForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        try:
            services.open_plan(
                invoice_number=number,
                family_id=request.family.pk,
                count=form.cleaned_data["count"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request, _("Votre échéancier est en place. Payez chaque échéance avant sa date.")
            )
            return redirect("portal:account")
    return render(
        request,
        "portal/debts/instalments.html",
        {"section": SECTION, "invoice": invoice, "rule": rule, "offers": offers, "form": form},
        status=422 if form.errors else 200,
    )
