"""What is owed back to families: credits given back, and the finance service's file."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.billing import acts, queries
from preau.cashdesk import papers, services
from preau.cashdesk import queries as desk
from preau.families.queries import payer_of
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.money import euros
from preau.townhall.access import agent_required
from preau.townhall.cashdesk.counter import pdf_response
from preau.townhall.cashdesk.forms import ReasonForm, RefundFilterForm, RefundForm
from preau.townhall.cashdesk.scope import family_or_404, office_or_404
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.refusals import add_refusal

SECTION = {"section": "townhall:billing"}
PAGE = 50
COLUMNS = (
    Column("Demandé le", "created_at"),
    Column("Régie", "cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Bénéficiaire", "payee"),
    Column("IBAN (fin)", "iban_end"),
    Column("Montant", lambda row: Cents(row.amount_cents)),
    Column("Motif", "reason"),
    Column("État", "get_status_display"),
    Column("État de remboursement", lambda row: row.file.number if row.file else ""),
)
FILE_COLUMNS = (
    Column("Code famille", "family_code"),
    Column("Dossier", "family_name"),
    Column("Bénéficiaire", "payee"),
    Column("IBAN", "iban"),
    Column("Montant", lambda row: Cents(row.amount_cents)),
    Column("Motif", "reason"),
    Column("Demandé le", "asked_at"),
)


@agent_required(Permission.REFUND, Permission.BILL)
@require_GET
def refunds(request: HttpRequest) -> HttpResponseBase:
    """Every refund, what waits by cash office, and the files already sent."""
    offices = list(queries.cash_offices())
    statuses = desk.refund_statuses()
    form = RefundFilterForm(request.GET or None, offices=offices, statuses=statuses)
    found = _narrowed(desk.refunds(), form.cleaned_data if form.is_valid() else {})
    if "export" in request.GET:
        return export_table(request.GET["export"], "remboursements", COLUMNS, found.iterator())
    waiting = dict(
        desk.refunds()
        .filter(status="WAITING")
        .order_by()
        .values_list("cash_office_id")
        .annotate(total=Sum("amount_cents"))
    )
    return render(
        request,
        "townhall/cashdesk/refunds.html",
        SECTION
        | {
            "form": form,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
            "waiting": [(o, waiting[o.pk]) for o in offices if waiting.get(o.pk)],
            "files": desk.refund_files()[:12],
            "can_act": Permission.REFUND in request.permissions,
        },
    )


def _narrowed(found: Any, asked: dict[str, Any]) -> Any:
    if asked.get("office"):
        found = found.filter(cash_office__code=asked["office"])
    if asked.get("status"):
        found = found.filter(status=asked["status"])
    if text := asked.get("q", "").strip():
        found = found.filter(
            Q(payee__icontains=text)
            | Q(family__name__icontains=text)
            | Q(family__code__istartswith=text.replace(" ", ""))
        )
    return found


@agent_required(Permission.REFUND)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, code: str, office: str) -> HttpResponse:
    """Give a family's credit back: by the finance service, or in cash if the act allows."""
    family = family_or_404(request, code)
    account = next(
        (row for row in queries.family_accounts(family.pk) if row.office.code == office), None
    )
    if account is None:
        raise Http404
    act = acts.act_on(account.office.pk, paris_day(utc_now()))
    payer = payer_of(family.pk)
    form = RefundForm(
        request.POST if request.method == "POST" else None,
        allows_cash=bool(act and act.allows_refunds),
        initial={"amount": account.credit_cents or None, "payee": str(payer) if payer else ""},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            refund = services.ask_refund(
                family_id=family.pk,
                cash_office_id=account.office.pk,
                amount_cents=data["amount"],
                payee=data["payee"],
                reason=data["reason"],
                iban=data["iban"],
                by_cash=data["way"] == "CASH",
                key=data["key"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            how = _("rendus en espèces") if refund.by_cash else _("à transmettre aux finances")
            messages.success(request, f"{euros(refund.amount_cents)} {how}.")
            return redirect("townhall:family-account", family.code)
    return render(
        request,
        "townhall/cashdesk/refund.html",
        SECTION | {"family": family, "account": account, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.REFUND)
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Give a refund up before it is sent: the credit comes back."""
    refund = desk.get_refund(refund_id)
    if refund is None:
        raise Http404
    family_or_404(request, refund.family.code)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel_refund(
                refund_id=refund.pk,
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Le remboursement est annulé ; le crédit est revenu."))
            return redirect("townhall:refunds")
    return render(
        request,
        "townhall/cashdesk/cancel_refund.html",
        SECTION | {"refund": refund, "form": form},
        status=422 if form.errors else 200,
    )


@agent_required(Permission.REFUND)
@require_POST
def send(request: HttpRequest, office: str) -> HttpResponse:
    """Put what waits in one file for the finance service."""
    found = office_or_404(office)
    try:
        file = services.send_refunds(cash_office_id=found.pk, actor=request.actor, now=utc_now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:refunds")
    messages.success(
        request,
        _("État %(number)s : %(total)s à transmettre au service finances.")
        % {"number": file.number, "total": euros(file.total_cents)},
    )
    return redirect("townhall:refund-file", file.number)


@agent_required(Permission.REFUND)
@require_GET
def refund_file(request: HttpRequest, number: str) -> HttpResponseBase:
    """A file, and its exports: the only place where IBANs are read, and it is journaled."""
    file = desk.get_refund_file(number)
    if file is None:
        raise Http404
    if "export" in request.GET:
        kind = request.GET["export"]
        if kind not in {*FORMATS, "pdf"}:
            raise Http404
        lines = services.read_lines(file, actor=request.actor, now=utc_now())
        if kind == "pdf":
            return pdf_response(papers.refund_paper(file, list(lines)), f"{file.number}.pdf")
        return export_table(kind, f"remboursements-{file.number}", FILE_COLUMNS, lines)
    return render(
        request,
        "townhall/cashdesk/refund_file.html",
        SECTION
        | {
            "file": file,
            "refunds": file.refunds.select_related("family").order_by("pk"),
            "formats": FORMATS,
        },
    )
