"""A family's statement on paper, and how a cash office invoices."""

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing import queries, services
from preau.billing.statements import statement_document
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.text import is_number
from preau.townhall.access import agent_required
from preau.townhall.billing.shares_forms import BillingSettingsForm
from preau.townhall.cashdesk.scope import family_or_404
from preau.ui.files import file_response

FIELDS = (
    "invoice_per",
    "payer_rule",
    "prepaid_when_short",
    "prepaid_min_cents",
    "transfer_iban",
    "transfer_bic",
)


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def statement(request: HttpRequest, code: str, office: str) -> HttpResponse:
    """The year's statement (or `?annee=`), archived as it was given."""
    family = family_or_404(request, code)
    row = next((r for r in queries.family_accounts(family.pk) if r.office.code == office), None)
    if row is None or row.account_id is None:
        raise Http404
    today = paris_day(utc_now())
    asked = request.GET.get("annee", "")
    year = int(asked) if is_number(asked) and 2000 <= int(asked) <= today.year else today.year
    document = statement_document(
        family=family,
        account=row,
        first=dt.date(year, 1, 1),
        last=min(dt.date(year, 12, 31), today),
        now=utc_now(),
    )
    return file_response(document.file)


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, code: str) -> HttpResponse:
    """One invoice per payer or per activity, who pays a shared child, what is paid in advance."""
    found = queries.get_cash_office(code)
    if found is None:
        raise Http404
    form = BillingSettingsForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(found, name) for name in FIELDS},
    )
    if request.method == "POST" and form.is_valid():
        services.save_cash_office(
            code=code, actor=request.actor, now=utc_now(), **form.cleaned_data
        )
        messages.success(request, _("La facturation de la régie est réglée."))
        return redirect("townhall:cash-offices")
    return render(
        request,
        "townhall/billing/office_billing.html",
        {"section": "townhall:billing", "office": found, "form": form},
        status=422 if form.errors else 200,
    )
