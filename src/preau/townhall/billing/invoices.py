"""Every invoice of the town, and each one with what corrects it."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing import queries
from preau.billing.documents import invoice_document
from preau.billing.services import issue_credit_note
from preau.billing.shares_back import parts_of_invoice, shares_back
from preau.billing.telling import rules_of, tell_lines, title_of
from preau.directdebit.notices import notice_now
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.billing.forms import CreditNoteForm, InvoiceFilterForm, SharesBackForm
from preau.townhall.recovery.shown import invoice_debts
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.files import file_response
from preau.ui.refusals import add_refusal

PAGE = 50
SORTS = {
    "number": "number",
    "family": "family__sort_key",
    "month": "month",
    "issued": "issued_on",
    "total": "total_cents",
    "left": "left_cents",
    "due": "due_on",
}
COLUMNS = (
    Column("Numéro", "number"),
    Column("Régie", "cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Redevable", lambda row: row.debtor.get("name", "")),
    Column("Mois", "month"),
    Column("Émise le", "issued_on"),
    Column("À régler avant le", "due_on"),
    Column("Total", lambda row: Cents(row.total_cents)),
    Column("Reste", lambda row: Cents(max(row.left_cents, 0))),
)


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def invoices(request: HttpRequest) -> HttpResponseBase:
    """The list: filtered, sorted, exported."""
    offices = list(queries.cash_offices())
    form = InvoiceFilterForm(request.GET or None, offices=offices, today=paris_day(utc_now()))
    wanted: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    office = next((o for o in offices if o.code == wanted.get("office")), None)
    found = queries.invoices_for_agents(
        text=wanted.get("q", ""),
        cash_office_id=office.pk if office else None,
        month=dt.date.fromisoformat(wanted["month"]) if wanted.get("month") else None,
        state=wanted.get("state", ""),
    )
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") in SORTS:
        sign = "-" if sort.startswith("-") else ""
        found = found.order_by(f"{sign}{SORTS[sort.removeprefix('-')]}", "-pk")
    if "export" in request.GET:
        return export_table(request.GET["export"], "factures", COLUMNS, found.iterator())
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/billing/invoices.html",
        {"form": form, "page": page, "formats": FORMATS},
    )


def _get(number: str) -> Any:
    found = queries.get_invoice(number)
    if found is None:
        raise Http404
    return found


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    """One invoice, with its lines and what corrects it."""
    found = _get(number)
    return render(
        request,
        "townhall/billing/invoice.html",
        {
            "section": "townhall:billing",
            "invoice": found,
            "title": title_of(found),
            "lines": tell_lines(found),
            "debts": invoice_debts(found),
            "notice": notice_now(found, today=paris_day(utc_now())),
            "rules": rules_of(found),
            "shares": parts_of_invoice(found.pk),
            "credit_notes": queries.credit_notes_of(found.pk),
            "can_correct": Permission.BILL in request.permissions and not found.is_credit_note,
        },
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The archived PDF."""
    return file_response(invoice_document(_get(number), now=utc_now()).file)


@agent_required(Permission.BILL)
@require_http_methods(["GET", "POST"])
def credit_note(request: HttpRequest, number: str) -> HttpResponse:
    """Give back all or a part of an invoice's lines, and say why.

    Where third parties pay a share, what their invoices become is shown before it is confirmed.
    """
    found = _get(number)
    if found.is_credit_note:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    form = CreditNoteForm(sent, lines=list(found.lines.all()))
    shares = None
    if sent is not None and form.is_valid():
        parts = shares_back(form.amounts())
        if parts:
            confirmed = "with_shares" in sent and "back" not in sent
            shares = SharesBackForm(sent if confirmed else None, parts=parts)
    may_issue = shares is None or shares.is_valid()
    if sent is not None and "back" not in sent and form.is_valid() and may_issue:
        try:
            note = issue_credit_note(
                invoice_id=found.pk,
                lines=form.amounts(),
                reason=form.cleaned_data["reason"],
                shares=shares.amounts() if shares else None,
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Avoir %(number)s émis.") % {"number": note.number})
            return redirect("townhall:billing-invoice", note.number)
    return render(
        request,
        "townhall/billing/credit_note.html",
        {
            "section": "townhall:billing",
            "invoice": found,
            "form": form,
            "shares": None if sent and "back" in sent else shares,
            "has_shares": any(line.share_cents for line in found.lines.all()),
            "total_cents": sum(form.amounts().values()) if sent and form.is_valid() else 0,
        },
        status=422 if form.errors or (shares and shares.errors) else 200,
    )
