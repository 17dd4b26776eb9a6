"""The months: what each contract comes to, closed once, printed, told to the family, billed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from preau.accounts.enums import Permission
from preau.childcare import queries, services
from preau.childcare.monthly import reckon
from preau.kernel.clock import utc_now
from preau.kernel.errors import Refusal
from preau.townhall.access import agent_required
from preau.townhall.childcare.scope import SECTION, asked_month, month_nav, site_ids, today
from preau.ui.care import statement_data, statement_paper
from preau.ui.exports import Cents, Column, export_table
from preau.ui.files import file_response

PER_PAGE = 40
COLUMNS = [
    Column("Enfant", lambda row: row["child"]),
    Column("Famille", lambda row: row["family"]),
    Column("Crèche", lambda row: row["site"]),
    Column("Heures prévues", lambda row: hours(row["contracted"])),
    Column("Heures réalisées", lambda row: hours(row["real"])),
    Column("Heures facturées", lambda row: hours(row["invoiced"])),
    Column("Montant", lambda row: Cents(row["cents"])),
    Column("État", lambda row: row["state"]),
]


def hours(minutes: int) -> Any:
    """Hours with two decimals, for spreadsheets; exact."""
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def month(request: HttpRequest) -> HttpResponseBase:
    """A month of every contract: closed, or as it would be today."""
    on = asked_month(request)
    rows = _rows(request, on)
    if "export" in request.GET:
        return export_table(request.GET["export"], f"releves-creche-{on:%Y-%m}", COLUMNS, rows)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/childcare/month.html",
        {
            "page": page,
            "month": on,
            "to_close": sum(row["statement"] is None for row in rows),
            "unfinished": [row for row in rows if row["open_days"]],
            "is_over": (on + timedelta(days=32)).replace(day=1) <= today(),
            "totals": {
                name: sum(row[name] for row in rows)
                for name in ("contracted", "real", "invoiced", "cents")
            },
            **month_nav(on),
            "section": SECTION,
        },
    )


def _rows(request: HttpRequest, on: date) -> list[dict[str, Any]]:
    ids = site_ids(request)
    closed = {row.contract_id: row for row in queries.statements(month=on, establishment_ids=ids)}
    found = [
        {
            "statement": row,
            "contract": row.contract,
            "child": str(row.child),
            "family": row.family.name,
            "site": row.establishment.name,
            "contracted": row.contracted_minutes,
            "real": row.real_minutes,
            "invoiced": row.invoiced_minutes,
            "cents": row.total_cents,
            "state": _("facturé") if row.invoice_id else _("arrêté"),
            "open_days": (),
        }
        for row in closed.values()
    ]
    contracts = [c for c in queries.contracts_of_month(on, ids) if c.pk not in closed]
    found += [
        {
            "statement": None,
            "contract": one.contract,
            "child": str(one.contract.child),
            "family": one.contract.family.name,
            "site": one.contract.establishment.name,
            "contracted": one.bill.contracted,
            "real": one.bill.real,
            "invoiced": one.invoiced,
            "cents": one.cents,
            "state": _("à arrêter"),
            "open_days": one.open_days,
        }
        for one in reckon(contracts, on)
    ]
    return sorted(found, key=lambda row: (row["site"], row["contract"].child.search_key))


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def close(request: HttpRequest) -> HttpResponse:
    """Freeze the month's statements: families read them, the billing run takes them."""
    on = asked_month(request)
    try:
        rows = services.close_month(
            month=on, establishment_ids=site_ids(request), now=utc_now(), actor=request.actor
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Relevés arrêtés : %(n)s.") % {"n": len(rows)})
    return redirect(f"{reverse('townhall:childcare-months')}?mois={on:%Y-%m}")


def _statement_or_404(request: HttpRequest, pk: int) -> Any:
    found = queries.statements(establishment_ids=site_ids(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """One statement: contracted, real, invoiced, line by line and day by day."""
    row = _statement_or_404(request, pk)
    return render(
        request,
        "townhall/childcare/statement.html",
        {"row": row, "data": statement_data(row), "section": SECTION},
    )


@require_safe
@agent_required(Permission.MANAGE_CRECHE)
def statement_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    row = _statement_or_404(request, pk)
    return file_response(statement_paper(row, now=utc_now()))


@require_POST
@agent_required(Permission.MANAGE_CRECHE)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a statement that is not billed yet."""
    row = _statement_or_404(request, pk)
    try:
        services.reopen_statement(
            statement_id=row.pk,
            reason=request.POST.get("reason", "")[:200],
            now=utc_now(),
            actor=request.actor,
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:childcare-statement", row.pk)
    messages.success(request, _("Le relevé est rouvert."))
    return redirect(f"{reverse('townhall:childcare-months')}?mois={row.month:%Y-%m}")
