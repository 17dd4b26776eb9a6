"""Cash offices as SEPA creditors."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing.queries import cash_offices, get_cash_office
from preau.directdebit import queries, services
from preau.directdebit.creditors import DEFAULT_TEXT
from preau.kernel.clock import utc_now
from preau.townhall.access import agent_required
from preau.townhall.acts import act_page
from preau.townhall.directdebit.forms import CreditorForm

FIELDS = (
    "name", "ics", "bic", "schema", "notice_days", "max_rejects", "mandate_text", "is_active",
)  # fmt: skip
SECTION = "townhall:billing"


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_GET
def creditors(request: HttpRequest) -> HttpResponse:
    """Which cash offices debit."""
    known = {creditor.cash_office_id: creditor for creditor in queries.creditors()}
    rows = [(office, known.get(office.pk)) for office in cash_offices()]
    return render(
        request, "townhall/directdebit/creditors.html", {"section": SECTION, "rows": rows}
    )


@agent_required(Permission.BILL, Permission.MANAGE_TOWN)
@require_http_methods(["GET", "POST"])
def creditor(request: HttpRequest, code: str) -> HttpResponse:
    """The creditor's identity of one cash office."""
    office = get_cash_office(code)
    if office is None:
        raise Http404
    found = queries.creditor_of(office.pk)
    initial: dict[str, Any] = {"mandate_text": DEFAULT_TEXT, "name": office.name}
    if found:
        initial = {name: getattr(found, name) for name in FIELDS}
    form = CreditorForm(request.POST or None, initial=initial)
    if found:
        form.fields["iban"].help_text = _(
            "Compte enregistré : finit par %(end)s ; vide, il reste"
        ) % {"end": found.iban_end}
    return act_page(
        request,
        title=_("Prélèvement : %(office)s") % {"office": office.name},
        form=form,
        do=lambda data: services.save_creditor(
            cash_office_id=office.pk, actor=request.actor, now=utc_now(), **data
        ),
        done=_("Le prélèvement de cette régie est réglé."),
        label=_("Enregistrer"),
        back=reverse("townhall:creditors"),
    )
