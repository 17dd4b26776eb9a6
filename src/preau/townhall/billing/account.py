"""A family's account seen from its file."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from preau.accounts.enums import Permission
from preau.billing import counter_queries, queries
from preau.billing.agreements import told_agreements
from preau.billing.telling import tell_lines, title_of
from preau.cashdesk.queries import refunds
from preau.families.queries import own_files
from preau.payments import queries as payment_queries
from preau.townhall.access import agent_required
from preau.townhall.cashdesk.scope import family_or_404
from preau.townhall.recovery.shown import family_debts


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def family_account(request: HttpRequest, code: str) -> HttpResponse:
    """The same account as the family sees, with the counter beside it."""
    family = family_or_404(request, code)
    accounts = queries.family_accounts(family.pk)
    statements = queries.recent_statement(
        (row.account_id for row in accounts if row.account_id), limit=20
    )
    found = queries.invoices_of_files(own_files(family)).select_related("cash_office", "family")
    page = Paginator(queries.with_lines(found), 12).get_page(request.GET.get("page"))
    debts = family_debts(family.pk, [row.office for row in accounts])
    return render(
        request,
        "townhall/billing/family_account.html",
        {
            "section": "townhall:families",
            "family": family,
            "offices": [
                {"account": row, "statement": statements.get(row.account_id or 0, [])}
                for row in accounts
            ],
            "debts": debts,
            "pending": payment_queries.pending_of(family.pk),
            "page": page,
            "invoices": [
                {
                    "invoice": i,
                    "title": title_of(i),
                    "lines": tell_lines(i),
                    "titre": debts["closed"].get(i.pk),
                }
                for i in page
            ],
            "carried": queries.carried_invoices([i.pk for i in page if i.family_id != family.pk]),
            "receipts": counter_queries.counter_payments(family_id=family.pk).prefetch_related(
                "parts"
            )[:20],
            "can_take": Permission.TAKE_PAYMENTS in request.permissions,
            "can_give_back": Permission.REFUND in request.permissions,
            "agreements": told_agreements(family.pk),
            "refunds": refunds().filter(family_id=family.pk)[:10],
        },
    )
