"""A family's account seen from its file, and what is taken at the counter."""

from datetime import time, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Count, F, Q, Sum, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.billing import queries, services
from preau.billing.receipts import receipt_document
from preau.billing.telling import tell_lines, title_of
from preau.families.queries import families_for_agent, payer_of
from preau.kernel.clock import at_paris, paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.money import euros
from preau.payments import queries as payment_queries
from preau.townhall.access import agent_required
from preau.townhall.billing.forms import CounterFilterForm, CounterForm, VoidForm
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.files import file_response
from preau.ui.refusals import add_refusal

PAGE = 50
COLUMNS = (
    Column("Reçu", "receipt_number"),
    Column("Le", "received_at"),
    Column("Régie", "cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Moyen", "get_means_display"),
    Column("Chèque", "cheque_number"),
    Column("Montant", lambda row: Cents(-row.amount_cents if row.voids_id else row.amount_cents)),
    Column("Par", "taken_by_label"),
    Column("Annulation", "void_reason"),
)


def _family(request: HttpRequest, code: str) -> Any:
    today = paris_day(utc_now())
    found = families_for_agent(request.user, day=today).filter(code=code).first()
    if found is None:
        raise Http404
    return found


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def family_account(request: HttpRequest, code: str) -> HttpResponse:
    """The same account as the family sees, with the counter beside it."""
    family = _family(request, code)
    accounts = queries.family_accounts(family.pk)
    statements = queries.recent_statement(
        (row.account_id for row in accounts if row.account_id), limit=20
    )
    page = Paginator(queries.with_lines(queries.family_invoices(family.pk)), 12).get_page(
        request.GET.get("page")
    )
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
            "pending": payment_queries.pending_of(family.pk),
            "page": page,
            "invoices": [
                {"invoice": i, "title": title_of(i), "lines": tell_lines(i)} for i in page
            ],
            "receipts": queries.counter_payments(family_id=family.pk)[:20],
            "can_take": Permission.TAKE_PAYMENTS in request.permissions,
        },
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest, code: str, office: str) -> HttpResponse:
    """Take cash or a cheque, give a receipt."""
    family = _family(request, code)
    account = next(
        (row for row in queries.family_accounts(family.pk) if row.office.code == office), None
    )
    if account is None:
        raise Http404
    form = CounterForm(request.POST if request.method == "POST" else None, account=account)
    if request.method == "POST" and form.is_valid():
        try:
            payment = services.take_payment(
                family_id=family.pk,
                cash_office_id=account.office.pk,
                means=form.cleaned_data["means"],
                amount_cents=form.cleaned_data["amount"],
                key=form.cleaned_data["key"],
                actor=request.actor,
                now=utc_now(),
                chosen=form.chosen(),
                cheque_number=form.cleaned_data["cheque_number"],
                cheque_drawer=form.cleaned_data["cheque_drawer"],
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("%(amount)s encaissés, reçu %(number)s.")
                % {"amount": euros(payment.amount_cents), "number": payment.receipt_number},
            )
            return redirect("townhall:family-account", family.code)
    return render(
        request,
        "townhall/billing/take.html",
        {"section": "townhall:families", "family": family, "account": account, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_GET
def choose_office(request: HttpRequest, code: str) -> HttpResponse:
    """From the file to the counter: straight there when one cash office alone takes money."""
    family = _family(request, code)
    offices = [o for o in queries.cash_offices(only_active=True) if o.means]
    if len(offices) == 1:
        return redirect("townhall:counter-take", family.code, offices[0].code)
    return redirect("townhall:family-account", family.code)


def _payment(request: HttpRequest, receipt: str) -> Any:
    found = queries.get_counter_payment(receipt)
    if found is None:
        raise Http404
    _family(request, found.family.code)
    return found


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def receipt(request: HttpRequest, receipt: str) -> HttpResponse:
    """The receipt as it was given."""
    found = _payment(request, receipt)
    payer = payer_of(found.family_id)
    debtor = str(payer) if payer else found.family.name
    return file_response(receipt_document(found, debtor=debtor, now=utc_now()).file)


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def void(request: HttpRequest, receipt: str) -> HttpResponse:
    """Undo an encashment, with its reason; both lines stay."""
    found = _payment(request, receipt)
    form = VoidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.void_payment(
                payment_id=found.pk,
                reason=form.cleaned_data["reason"],
                key=form.cleaned_data["key"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("L’encaissement est annulé ; les deux lignes restent."))
            return redirect("townhall:family-account", found.family.code)
    return render(
        request,
        "townhall/billing/void.html",
        {"section": "townhall:billing", "payment": found, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def payments(request: HttpRequest) -> HttpResponseBase:
    """Everything taken at the counter, voids included, with totals by means to count the till."""
    form = CounterFilterForm(request.GET, offices=queries.cash_offices())
    found = _narrowed(queries.counter_payments(), form.cleaned_data if form.is_valid() else {})
    if "export" in request.GET:
        return export_table(request.GET["export"], "encaissements", COLUMNS, found.iterator())
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/billing/counter.html",
        {
            "section": "townhall:billing",
            "form": form,
            "totals": _totals(found),
            "page": page,
            "formats": FORMATS,
        },
    )


def _narrowed(found: Any, asked: dict[str, Any]) -> Any:
    if asked.get("since"):
        found = found.filter(received_at__gte=at_paris(asked["since"], time.min))
    if asked.get("until"):
        found = found.filter(received_at__lt=at_paris(asked["until"] + timedelta(days=1), time.min))
    if asked.get("office"):
        found = found.filter(cash_office__code=asked["office"])
    if asked.get("means"):
        found = found.filter(means=asked["means"])
    if text := asked.get("q"):
        found = found.filter(
            Q(receipt_number__icontains=text)
            | Q(cheque_number__icontains=text)
            | Q(family__name__icontains=text)
            | Q(family__code__iexact=text.replace(" ", ""))
        )
    return found


def _totals(found: Any) -> list[tuple[str, int, int]]:
    """(means, how many, cents) of what is shown, voids taken off."""
    signed = Case(When(voids=None, then=F("amount_cents")), default=-F("amount_cents"))
    rows = found.order_by().values("means").annotate(n=Count("pk"), cents=Sum(signed))
    names = dict(found.model.Means.choices)
    return sorted((names[row["means"]], row["n"], row["cents"]) for row in rows)
