"""`/mairie/tableau/`: is the service a success? Figures where one looks, tables where one works."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from preau.accounts.enums import Permission
from preau.cashdesk.state import alerts
from preau.kernel.clock import utc_now
from preau.reporting.board import get_dashboard
from preau.townhall.access import agent_required
from preau.ui.exports import Cents, Column, export_table

PAYMENT_COLUMNS = [
    Column("Mois", lambda row: f"{row.month:%Y-%m}"),
    Column("En ligne, nombre", "online_count"),
    Column("En ligne, montant", lambda row: Cents(row.online_cents)),
    Column("Guichet, nombre", "counter_count"),
    Column("Guichet, montant", lambda row: Cents(row.counter_cents)),
    Column("Part en ligne, %", "online_share"),
]


def _days(row: Any) -> str:
    return f"{row.mean_delay.total_seconds() / 86_400:.1f}" if row.mean_delay is not None else ""


REQUEST_COLUMNS = [
    Column("Demandes", "group"),
    Column("Reçues", "received"),
    Column("Traitées", "decided"),
    Column("En retard", "late"),
    Column("Délai moyen, jours", _days),
]


@agent_required(Permission.SEE_FIGURES)
@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """Share of payments made on line by month; requests by channel and delay."""
    now = utc_now()
    tills = request.permissions & {Permission.TAKE_PAYMENTS, Permission.BILL}
    return render(
        request,
        "townhall/dashboard/dashboard.html",
        {"board": get_dashboard(now=now), "alerts": alerts(now=now) if tills else []},
    )


@agent_required(Permission.SEE_FIGURES)
@require_GET
def payments_export(request: HttpRequest, form: str) -> HttpResponseBase:
    board = get_dashboard(now=utc_now())
    return export_table(form, "paiements-par-mois", PAYMENT_COLUMNS, board.months)


@agent_required(Permission.SEE_FIGURES)
@require_GET
def requests_export(request: HttpRequest, form: str) -> HttpResponseBase:
    board = get_dashboard(now=utc_now())
    return export_table(form, "demandes", REQUEST_COLUMNS, [*board.by_channel, *board.by_kind])
