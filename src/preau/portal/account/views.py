"""«Notre compte»: what is owed, what is being paid, every invoice and movement."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.http import require_GET

from preau.billing import queries as billing
from preau.billing.telling import tell, tell_lines, title_of
from preau.families.queries import children_of, own_files
from preau.kernel.clock import paris_day, utc_now
from preau.payments import queries as payments
from preau.portal.access import family_required
from preau.portal.account.debts import Debts
from preau.portal.account.drawing import draw_bill, draw_ledger
from preau.portal.account.offices import draw_statement, draw_to_pay, say_balance

INVOICES_PER_PAGE = 6
LINES_PER_PAGE = 40


@family_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """The whole account on one page, each cash office apart."""
    family_id = request.family.pk
    today = paris_day(utc_now())
    wanted = request.GET.get("page")
    found = billing.InvoicePages(family_id, size=INVOICES_PER_PAGE, wanted=wanted)
    accounts = billing.family_accounts(family_id, found.unpaid)
    pending = payments.read_pending(family_id)
    open_offices = payments.is_open(row.office.pk for row in accounts)
    statements = billing.recent_statement(row.account_id for row in accounts if row.account_id)
    colours = {child.pk: child.colour for child in children_of(request.family, today)}
    page: Any = Paginator(found, INVOICES_PER_PAGE).get_page(wanted)  # type: ignore[arg-type]
    lines = billing.lines_of(invoice.pk for invoice in page)
    debts = Debts(family_id, accounts, today)
    left = sum(row.left_cents for row in accounts)
    in_progress = sum(attempt.amount_cents for attempt in pending)
    token = get_token(request)
    return render(
        request,
        "portal/account/account.html",
        {
            "family": request.family,
            "offices": [
                _draw_office(row, debts, pending, open_offices, statements, token)
                for row in accounts
            ],
            "pending": pending,
            "titres": debts.titres,
            "left_cents": left,
            "in_progress_cents": in_progress,
            "after_cents": max(left - in_progress, 0),
            "credit_cents": sum(row.credit_cents for row in accounts),
            "next_due_on": min(
                (r.next_due_on for r in accounts if r.next_due_on and _is_left(r, pending)),
                default=None,
            ),
            "today": today,
            "page": page,
            "invoices": [
                draw_bill(
                    invoice,
                    title_of(invoice),
                    tell(lines.get(invoice.pk, ()), colours),
                    titre=debts.closed.get(invoice.pk),
                )
                for invoice in page
            ],
        },
    )


def _is_left(row: billing.OfficeAccount, pending: list[Any]) -> bool:
    """Whether something is owed there beyond what is being paid."""
    paying = sum(a.amount_cents for a in pending if a.cash_office_id == row.office.pk)
    return row.left_cents > paying


def _draw_office(
    row: billing.OfficeAccount,
    debts: Debts,
    pending: list[Any],
    open_offices: set[int],
    statements: dict[int, list[billing.Entry]],
    token: str,
) -> dict[str, Any]:
    """One cash office of the page: what there is to pay, and its statement."""
    here = [attempt for attempt in pending if attempt.cash_office_id == row.office.pk]
    shown = {
        "account": row,
        "key": uuid.uuid4(),
        "is_past_due": bool(row.next_due_on and row.next_due_on < debts.today),
        "can_pay": row.office.pk in open_offices,
        "now_cents": sum(invoice.now_cents for invoice in row.unpaid),
        "mandate": debts.mandates.get(row.office.pk, ""),
        "coming": [debit for debit in debts.coming if debit.cash_office_id == row.office.pk],
        "plans": [
            {"invoice": invoice, "steps": debts.plans[invoice.pk]}
            for invoice in row.unpaid
            if invoice.pk in debts.plans
        ],
        "pending_cents": sum(attempt.amount_cents for attempt in here),
    }
    return {
        "to_pay": draw_to_pay(shown, token),
        "statement": draw_statement(shown, statements.get(row.account_id or 0, []), here),
    }


@family_required
@require_GET
def joined(request: HttpRequest) -> HttpResponse:
    """The invoices of the files that joined this one: read and kept, what was left was carried."""
    ids = own_files(request.family)[1:]
    if not ids:
        raise Http404
    found = billing.with_lines(billing.invoices_of_files(ids))
    page: Any = Paginator(found, INVOICES_PER_PAGE).get_page(request.GET.get("page"))
    carried = billing.carried_invoices([invoice.pk for invoice in page])
    return render(
        request,
        "portal/account/joined.html",
        {
            "section": "portal:account",
            "page": page,
            "invoices": [
                draw_bill(
                    invoice,
                    title_of(invoice),
                    tell_lines(invoice),
                    is_old=True,
                    is_carried=invoice.pk in carried,
                )
                for invoice in page
            ],
        },
    )


@family_required
@require_GET
def statement(request: HttpRequest, office: str) -> HttpResponse:
    """Every movement of the account at one cash office, with its running balance."""
    rows = billing.family_accounts(request.family.pk)
    found = next((row for row in rows if row.office.code == office), None)
    if found is None:
        raise Http404
    lines = billing.statement(found.account_id or 0)
    page = Paginator(lines, LINES_PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portal/account/statement.html",
        {
            "section": "portal:account",
            "account": found,
            "page": page,
            "ledger": draw_ledger(billing.Entry.of(line) for line in page),
            "said": say_balance(found),
            "years": [str(paris_day(utc_now()).year - back) for back in (0, 1)],
        },
    )
