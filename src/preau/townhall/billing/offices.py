"""Cash offices: their act, their bank, their activities."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing import queries, services
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.payments import queries as payment_queries
from preau.payments.gateways import save_gateway
from preau.townhall.access import agent_required
from preau.townhall.billing.forms import GatewayForm, OfficeForm
from preau.ui.refusals import add_refusal

FIELDS = (
    "name",
    "address",
    "phone",
    "accepts_top_up",
    "top_up_min_cents",
    "is_active",
)


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_GET
def offices(request: HttpRequest) -> HttpResponse:
    """The list, with which bank serves which office."""
    gateways = payment_queries.gateway_accounts()
    return render(
        request,
        "townhall/billing/offices.html",
        {
            "section": "townhall:billing",
            "rows": [(o, gateways.get(o.pk)) for o in queries.cash_offices()],
        },
    )


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def office(request: HttpRequest, code: str = "") -> HttpResponse:
    """Open an office, or change what its act says."""
    found = queries.get_cash_office(code) if code else None
    if code and found is None:
        raise Http404
    initial = {name: getattr(found, name) for name in FIELDS} if found else {}
    form = OfficeForm(
        request.POST if request.method == "POST" else None,
        known=found is not None,
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = form.cleaned_data
        new_code = code or values.pop("code")
        if not code and queries.get_cash_office(new_code):
            form.add_error("code", _("Ce code est déjà celui d’une régie."))
        else:
            services.save_cash_office(code=new_code, actor=request.actor, now=utc_now(), **values)
            messages.success(request, _("La régie est enregistrée."))
            if not code:
                return redirect("townhall:cash-office-act-new", new_code)
            return redirect("townhall:cash-offices")
    return render(
        request,
        "townhall/billing/office.html",
        {"section": "townhall:billing", "office": found, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def gateway(request: HttpRequest, code: str) -> HttpResponse:
    """Which bank serves this office."""
    found = queries.get_cash_office(code)
    if found is None:
        raise Http404
    account = payment_queries.gateway_accounts().get(found.pk)
    initial: dict[str, Any] = {}
    if account:
        initial = {
            "gateway": account.gateway,
            "is_test": account.is_test,
            "is_active": account.is_active,
            **account.options,
        }
    form = GatewayForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            save_gateway(
                cash_office_id=found.pk,
                gateway=form.cleaned_data["gateway"],
                options=form.options(),
                secret=form.cleaned_data["secret"],
                keep_former_key=form.cleaned_data["keep_former_key"],
                is_test=form.cleaned_data["is_test"],
                is_active=form.cleaned_data["is_active"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Le paiement en ligne est réglé."))
            return redirect("townhall:cash-offices")
    return render(
        request,
        "townhall/billing/gateway.html",
        {
            "section": "townhall:billing",
            "office": found,
            "account": account,
            "form": form,
            "notify_url": settings.BASE_URL
            + reverse("api:payment-notification", args=[found.code]),
        },
        status=422 if form.errors else 200,
    )
