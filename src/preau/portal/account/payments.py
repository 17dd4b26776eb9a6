"""Paying on line: choose, check, leave for the bank, come back and see what is known."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.billing.errors import BillingRefusal
from preau.billing.queries import OfficeAccount, family_accounts
from preau.billing.services import use_credit as use_credit_service
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.money import euros
from preau.payments import services
from preau.payments.gateway import GatewayMisconfigured, Redirect
from preau.payments.queries import get_attempt, is_open
from preau.payments.resuming import resume
from preau.portal.access import family_required
from preau.portal.account.debts import Debts
from preau.portal.account.forms import PayForm
from preau.ui.refusals import add_refusal

NOTIFY = {"REGIE": "api:payment-notification", "TITRE": "api:titre-notification"}
STOP_ASKING = 286
"""htmx's own status: take this answer, and ask no more."""


def _account(request: HttpRequest, office: str) -> OfficeAccount:
    for row in family_accounts(request.family.pk):
        if row.office.code == office:
            return row
    raise Http404


def _payer(request: HttpRequest) -> services.Payer:
    guardian = request.guardian
    return services.Payer(
        first_name=guardian.first_name,
        last_name=guardian.usage_name or guardian.last_name,
        email=guardian.email,
        user_id=request.user.pk,
    )


@family_required
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, office: str) -> HttpResponse:
    """Choose what to pay to one cash office: all, one invoice, a part, an advance."""
    account = _account(request, office)
    Debts(request.family.pk, [account], paris_day(utc_now()))  # says what to propose of each
    if account.office.pk not in is_open([account.office.pk]):
        messages.error(request, str(services.NoGateway()))
        return redirect("portal:account")
    form = PayForm(request.POST if request.method == "POST" else None, account=account)
    if request.method == "POST" and form.is_valid():
        try:
            attempt = services.start_payment(
                family_id=request.family.pk,
                cash_office_id=account.office.pk,
                invoices=form.chosen(),
                top_up_cents=form.top_up_cents(),
                payer=_payer(request),
                key=form.cleaned_data["key"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("portal:payment", attempt.reference)
    return render(
        request,
        "portal/account/pay.html",
        {"section": "portal:account", "account": account, "form": form},
        status=422 if form.errors else 200,
    )


@family_required
@require_GET
def payment(request: HttpRequest, reference: str) -> HttpResponse:
    """One payment: to check and send to the bank, or what is known of it."""
    attempt = get_attempt(reference, family_id=request.family.pk)
    if attempt is None:
        raise Http404
    context: dict[str, Any] = {"section": "portal:account", "attempt": attempt}
    if attempt.status != services.Status.CREATED:
        asked_again = bool(request.htmx)
        if asked_again and attempt.status == services.Status.PENDING:
            return HttpResponse(status=204)  # nothing new: the page stays as it is
        again = resume(family_id=request.family.pk, reference=reference, now=utc_now())
        context["again"], context["again_until"] = again or (None, None)
        response = render(
            request,
            "portal/account/payment.html",
            context,
            status=STOP_ASKING if asked_again else 200,
        )
        if again:
            allow_form_to(response, again[0])
        return response
    back_to = request.build_absolute_uri(reverse("portal:payment-return", args=[reference]))
    try:
        redirect_to = services.send_to_bank(
            family_id=request.family.pk,
            reference=reference,
            payer=_payer(request),
            return_url=back_to,
            notify_url=settings.BASE_URL
            + reverse(NOTIFY[attempt.use], args=[attempt.cash_office.code]),
            now=utc_now(),
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("portal:account")
    response = render(request, "portal/account/leave.html", context | {"redirect": redirect_to})
    allow_form_to(response, redirect_to)
    return response


def allow_form_to(response: HttpResponse, to: Redirect) -> None:
    """Let this page's form leave for the bank, and no other page's."""
    parts = urlsplit(to.url)
    response._csp_update = {"form-action": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]


@family_required
@require_GET
def back(request: HttpRequest, reference: str) -> HttpResponse:
    """The bank sends the browser back: keep what it says, believe only what is known."""
    attempt = get_attempt(reference, family_id=request.family.pk)
    if attempt is None:
        raise Http404
    query = request.META.get("QUERY_STRING", "")
    if query:
        with suppress(GatewayMisconfigured):  # the payer sees what is known, all the same
            services.receive(
                cash_office_code=attempt.cash_office.code,
                raw=query,
                source=services.Source.RETURN,
                now=utc_now(),
                use=attempt.use,
            )
    return redirect("portal:payment", reference)


@family_required
@require_POST
def give_up(request: HttpRequest, reference: str) -> HttpResponse:
    """«Je n'ai rien payé»: the family may begin again at once."""
    try:
        services.give_up(
            family_id=request.family.pk, reference=reference, actor=request.actor, now=utc_now()
        )
    except Refusal as refusal:
        raise Http404 from refusal
    messages.info(request, _("C’est noté : rien n’a été payé. Vous pouvez recommencer."))
    return redirect("portal:account")


@family_required
@require_POST
def use_credit(request: HttpRequest, office: str) -> HttpResponse:
    """Pay what is owed with the credit of the same account."""
    account = _account(request, office)
    try:
        used = use_credit_service(
            family_id=request.family.pk,
            cash_office_id=account.office.pk,
            actor=request.actor,
            now=utc_now(),
        )
    except BillingRefusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("%(amount)s de votre crédit ont payé vos factures.") % {"amount": euros(used)},
        )
    return redirect("portal:account")
