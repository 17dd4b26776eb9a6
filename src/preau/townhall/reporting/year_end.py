"""The end of a year for a cash office: to be closed with the public accountant."""

from itertools import chain
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from preau.accounts.enums import Permission
from preau.billing.queries import cash_offices
from preau.kernel.clock import paris_day, utc_now
from preau.reporting.money import MEANS
from preau.reporting.papers import closing_paper
from preau.reporting.year_end import Closing, ask_year_end, closing_of, year_end_of
from preau.townhall.access import agent_required
from preau.townhall.cashdesk.counter import pdf_response
from preau.townhall.cashdesk.scope import office_or_404
from preau.townhall.reporting.forms import YearForm
from preau.ui.exports import FORMATS, Cents, Column, export_table

SECTION = {"section": "townhall:billing"}
PAGE = 50
BALANCES = (
    Column("Régie", "office"),
    Column("Code famille", "code"),
    Column("Dossier", "name"),
    Column("Montant", lambda row: Cents(abs(row.cents))),
)
NOT_INVOICED = (
    Column("Activité", lambda row: row["activity"]),
    Column("Compte", lambda row: row["accounting_code"]),
    Column("Fonction", lambda row: row["function_code"]),
    Column("Unités", lambda row: row["units"]),
    Column("Familles", lambda row: row["families"]),
    Column("Montant", lambda row: Cents(row["cents"])),
)
STATEMENT = (
    Column("Poste", lambda row: row[0]),
    Column("Montant", lambda row: Cents(row[1])),
)


def _year(request: HttpRequest) -> tuple[YearForm, int]:
    """The year asked; by default the running one, the year before until June."""
    form, today = YearForm(request.GET or None), paris_day(utc_now())
    usual = today.year - 1 if today.month < 7 else today.year
    if form.is_valid() and form.cleaned_data["year"]:
        return form, form.cleaned_data["year"]
    return YearForm(initial={"year": usual}), usual


@agent_required(Permission.BILL)
@require_GET
def years(request: HttpRequest) -> HttpResponse:
    """Each cash office, for one year."""
    form, year = _year(request)
    offices = list(cash_offices())
    return render(
        request,
        "townhall/reporting/years.html",
        SECTION
        | {
            "form": form,
            "year": year,
            "rows": [(office, year_end_of(office.pk, year)) for office in offices],
        },
    )


@agent_required(Permission.BILL)
@require_GET
def year_end(request: HttpRequest, office: str, year: int) -> HttpResponseBase:
    """One office's year: statement, not invoiced, paid in advance, owed."""
    found = office_or_404(office)
    if not 2000 <= year <= 2100:
        raise Http404
    closing = closing_of(cash_office_id=found.pk, year=year)
    counted = year_end_of(found.pk, year)
    rows = statement_rows(closing, counted)
    if "pdf" in request.GET:
        return pdf_response(
            closing_paper(closing, rows, counted, now=utc_now()), f"cloture-{office}-{year}.pdf"
        )
    if "export" in request.GET:
        return export_table(request.GET["export"], f"cloture-{office}-{year}", STATEMENT, rows)
    return render(
        request,
        "townhall/reporting/year_end.html",
        SECTION
        | {
            "office": found,
            "year": year,
            "closing": closing,
            "counted": counted,
            "rows": rows,
            "advances": Paginator(closing.advances, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
        },
    )


def statement_rows(closing: Closing, counted: Any) -> list[tuple[str, int]]:
    """The closing statement, line by line."""
    return list(
        chain(
            [
                (_("Factures émises"), closing.issued_cents),
                (_("Avoirs"), -closing.credited_cents),
            ],
            ((_("Encaissé, %s") % MEANS[account], cents) for account, cents in closing.collected),
            [
                (_("Encaissé, total"), closing.collected_cents),
                (_("Rendu aux familles"), -closing.refunded_cents),
                *(
                    [
                        (
                            _("Rendu aux tiers payeurs"),
                            -closing.given_back_to_third_parties_cents,
                        )
                    ]
                    if closing.given_back_to_third_parties_cents
                    else []
                ),
                (_("Passé en titres"), -closing.titres_cents),
                (_("Versé au comptable par la caisse"), closing.deposited_cents),
                (_("Différences de caisse"), closing.differences_cents),
                (_("Reste dû par les familles au 31 décembre"), closing.owed_cents),
                *(
                    (_("%(who)s, tiers payeur, au 31 décembre") % {"who": name}, cents)
                    for name, cents in closing.third_parties
                ),
                (_("Payé d’avance au 31 décembre"), closing.advances_cents),
                (_("Mis de côté pour des jours réservés au 31 décembre"), closing.set_aside_cents),
                (_("En caisse au 31 décembre, à verser"), sum(closing.held.values())),
            ],
            [(_("Servi et non facturé au 31 décembre"), counted.not_invoiced_cents)]
            if counted and counted.status == "READY"
            else [],
        )
    )


@agent_required(Permission.BILL)
@require_POST
def ask(request: HttpRequest, office: str, year: int) -> HttpResponse:
    """Have what is not invoiced counted by the worker."""
    found = office_or_404(office)
    if not 2000 <= year <= 2100:
        raise Http404
    ask_year_end(cash_office_id=found.pk, year=year, actor=request.actor, now=utc_now())
    messages.success(request, _("Le calcul est lancé : rechargez la page dans un instant."))
    return redirect(reverse("townhall:year-end", args=[found.code, year]))


@agent_required(Permission.BILL)
@require_GET
def table(request: HttpRequest, office: str, year: int, table: str, form: str) -> HttpResponseBase:
    """A list behind the statement: what is owed, paid in advance or not invoiced."""
    found = office_or_404(office)
    if not 2000 <= year <= 2100:
        raise Http404
    name = f"{table}-{office}-{year}"
    if table == "non-facture":
        counted = year_end_of(found.pk, year)
        return export_table(form, name, NOT_INVOICED, counted.not_invoiced if counted else [])
    closing = closing_of(cash_office_id=found.pk, year=year)
    if table not in ("dus", "avances"):
        raise Http404
    rows = closing.owed if table == "dus" else closing.advances
    return export_table(form, name, BALANCES, rows)
