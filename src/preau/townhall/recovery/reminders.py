"""Reminders: who is concerned today, the sending and its progress, every reminder ever sent."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.billing.queries import cash_offices, get_cash_office
from preau.families.queries import families_for_agent
from preau.journeys import debts
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.recovery import queries, services
from preau.recovery.reminders import levels
from preau.townhall.access import agent_required
from preau.townhall.recovery.forms import HistoryFilterForm
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.files import file_response

PAGE = 50
SECTION = "townhall:billing"
HISTORY = (
    Column("Le", "sent_at"),
    Column("Relance", "run.name"),
    Column("Régie", "run.cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Facture", "invoice.number"),
    Column("Reste", lambda row: Cents(row.left_cents)),
    Column("Par", "get_channel_display"),
    Column("À", "to"),
)
CONCERNED = (
    Column("Dossier", "name"),
    Column("Code famille", "code"),
    Column("Factures", lambda row: ", ".join(i.number for i in row.invoices)),
    Column("Reste", lambda row: Cents(row.left_cents)),
)


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Each cash office and level: how many families today; the latest sendings."""
    now = utc_now()
    found = [
        (office, [debts.reminder_preview(cash_office_id=office.pk, level=level, now=now)
                  for level in levels(only_active=True)])
        for office in cash_offices(only_active=True)
    ]  # fmt: skip
    return render(
        request,
        "townhall/recovery/overview.html",
        {
            "section": SECTION,
            "offices": found,
            "has_levels": bool(levels(only_active=True)),
            "page": Paginator(queries.runs(), 20).get_page(request.GET.get("page")),
        },
    )


def _preview(office: str, rank: int) -> tuple[Any, Any]:
    cash_office = get_cash_office(office)
    wanted = next((row for row in levels(only_active=True) if row.rank == rank), None)
    if cash_office is None or wanted is None:
        raise Http404
    return cash_office, debts.reminder_preview(
        cash_office_id=cash_office.pk, level=wanted, now=utc_now()
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def level(request: HttpRequest, office: str, rank: int) -> HttpResponseBase:
    """Who would be reminded, who is spared and why."""
    cash_office, found = _preview(office, rank)
    if "export" in request.GET:
        return export_table(request.GET["export"], "relance", CONCERNED, found.concerned)
    return render(
        request,
        "townhall/recovery/level.html",
        {
            "section": SECTION,
            "office": cash_office,
            "found": found,
            "page": Paginator(found.concerned, PAGE).get_page(request.GET.get("page")),
            "spared": found.spared[:200],
            "formats": FORMATS,
        },
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_POST
def send(request: HttpRequest, office: str, rank: int) -> HttpResponse:
    """Have the worker send it."""
    cash_office, found = _preview(office, rank)
    try:
        run = services.send_reminders(
            cash_office_id=cash_office.pk, found=found, actor=request.actor, now=utc_now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:reminder-level", office, rank)
    return redirect("townhall:reminder-run", run.pk)


def _run(run_id: int) -> Any:
    found = queries.runs().filter(pk=run_id).first()
    if found is None:
        raise Http404
    return found


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One sending: its progress, then what it did."""
    found = _run(run_id)
    return render(
        request,
        "townhall/recovery/run.html",
        {
            "section": SECTION,
            "run": found,
            "page": Paginator(
                queries.reminders().filter(run_id=run_id).order_by("family__sort_key", "pk"), PAGE
            ).get_page(request.GET.get("page")),
        },
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def letters(request: HttpRequest, run_id: int) -> HttpResponse:
    """All the letters of a sending, in one PDF."""
    found = _run(run_id)
    if found.pdf is None:
        raise Http404
    return file_response(found.pdf)


@agent_required(Permission.SEE_ACCOUNTS, Permission.ORDER_COLLECTION)
@require_GET
def history(request: HttpRequest) -> HttpResponseBase:
    """Every reminder sent, for the families that this agent may see."""
    form = HistoryFilterForm(request.GET or None)
    found = queries.reminders().filter(
        family__in=families_for_agent(request.user, day=paris_day(utc_now()))
    )
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    if text:
        found = found.filter(
            Q(invoice__number__icontains=text)
            | Q(family__name__icontains=text)
            | Q(family__code__iexact=text.replace(" ", ""))
        )
    if "export" in request.GET:
        return export_table(request.GET["export"], "relances", HISTORY, found.iterator())
    return render(
        request,
        "townhall/recovery/history.html",
        {
            "section": SECTION,
            "form": form,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
        },
    )
