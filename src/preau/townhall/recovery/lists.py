"""The list for the ordonnateur: drawn up, looked through, approved, exported."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.billing.figures_nature import nature_words, natures_of_invoices
from preau.billing.queries import cash_offices, get_cash_office
from preau.documents.once import issue_as_told
from preau.documents.render import render_pdf
from preau.journeys import debts
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.french import day, euros
from preau.recovery import queries, services
from preau.townhall.access import agent_required
from preau.townhall.acts import ReasonForm, act_page, at_once, by, or_404
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.files import file_response

PAGE = 50
LINES = 100
SECTION = "townhall:billing"
COLUMNS = (
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Civilité", lambda row: row.invoice.debtor.get("civility_label", "")),
    Column("Nom", lambda row: row.invoice.debtor.get("last_name", row.family.name)),
    Column("Prénom", lambda row: row.invoice.debtor.get("first_name", "")),
    Column("Né le", lambda row: row.invoice.debtor.get("birth_on", "")),
    Column("Adresse", lambda row: row.invoice.debtor.get("address", "")),
    Column("Facture", "invoice.number"),
    Column("Mois", "invoice.month"),
    Column("Émise le", "invoice.issued_on"),
    Column("Échéance", "invoice.due_on"),
    Column("Reste dû", lambda row: Cents(row.amount_cents)),
)


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def lists(request: HttpRequest) -> HttpResponse:
    """Lists, and what each cash office could hand over today."""
    now = utc_now()
    ripe = []
    for office in cash_offices():
        found = debts.ripe_debts(cash_office_id=office.pk, now=now)
        if found.ripe or found.waiting:
            ripe.append(
                {
                    "office": office,
                    "families": len({invoice.family_id for invoice in found.ripe}),
                    "cents": sum(invoice.left_cents for invoice in found.ripe),
                    "waiting": len({invoice.family_id for invoice in found.waiting}),
                    "waiting_cents": sum(invoice.left_cents for invoice in found.waiting),
                }
            )
    return render(
        request,
        "townhall/recovery/lists.html",
        {
            "section": SECTION,
            "ripe": ripe,
            "page": Paginator(queries.lists(), PAGE).get_page(request.GET.get("page")),
        },
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_POST
def prepare(request: HttpRequest, office: str) -> HttpResponse:
    """Draw up the list of one cash office."""
    found = or_404(get_cash_office(office))
    try:
        drawn = debts.prepare_list(cash_office_id=found.pk, **by(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:collection-lists")
    return redirect("townhall:collection-list", drawn.pk)


def _page(list_id: int) -> str:
    return reverse("townhall:collection-list", args=[list_id])


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def detail(request: HttpRequest, list_id: int) -> HttpResponseBase:
    """One list, invoice by invoice; once approved, its titres."""
    found = or_404(queries.get_list(list_id))
    items = queries.items_of(list_id)
    if "export" in request.GET:
        rows = list(items.filter(excluded_because=""))
        natures = natures_of_invoices({row.invoice_id: row.amount_cents for row in rows})
        account = Column("Imputation", lambda row: nature_words(natures[row.invoice_id]))
        return export_table(request.GET["export"], "ordonnateur", (*COLUMNS, account), rows)
    titres = queries.titres_by_invoice(items.values_list("invoice_id", flat=True))
    page = Paginator(items, LINES).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/recovery/list.html",
        {
            "section": SECTION,
            "list": found,
            "page": page,
            "rows": [(item, titres.get(item.invoice_id)) for item in page],
            "titres": len(set(titres.values())),
            "formats": FORMATS,
        },
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_POST
def approve(request: HttpRequest, list_id: int) -> HttpResponse:
    """Hand it to the ordonnateur."""
    return at_once(
        request,
        lambda: services.approve_list(list_id=list_id, **by(request)),
        done=_("La liste est validée. Enregistrez ici les titres dès qu’ils sont émis."),
        back=_page(list_id),
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, list_id: int) -> HttpResponse:
    """Give a list up."""
    found = or_404(queries.get_list(list_id))
    return act_page(
        request,
        title=_("Abandonner une liste"),
        lead=f"{found.cash_office.name}, {euros(found.total_cents)}",
        form=ReasonForm(request.POST or None),
        do=lambda data: services.cancel_list(list_id=list_id, **by(request), **data),
        done=_("La liste est abandonnée."),
        label=_("Abandonner"),
        kind="stop",
        back=_page(list_id),
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def exclude(request: HttpRequest, item_id: int) -> HttpResponse:
    """Leave one invoice out."""
    found = or_404(queries.item(item_id))
    return act_page(
        request,
        title=_("Écarter une facture de la liste"),
        lead=f"{found.family.name}, {found.invoice.number}, {euros(found.amount_cents)}",
        form=ReasonForm(request.POST or None),
        do=lambda data: services.exclude_item(item_id=item_id, **by(request), **data),
        done=_("La facture n’est plus sur la liste."),
        label=_("Écarter"),
        back=_page(found.list_id),
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def pdf(request: HttpRequest, list_id: int) -> HttpResponse:
    """The list on paper, to be signed."""
    found = or_404(queries.get_list(list_id))
    items = list(queries.items_of(list_id).filter(excluded_because=""))
    title, number = _("État des restes à recouvrer"), f"{found.cash_office.code.upper()}-{found.pk}"
    total = euros(sum(item.amount_cents for item in items))
    data = {
        "day": day(found.approved_at or found.created_at, year=True, weekday=False),
        "office": found.cash_office.name,
        "approved": _("Validé par %(who)s") % {"who": found.approved_by}
        if found.approved_by
        else _("Projet, non validé"),
        "total": total,
        "rows": [
            [
                item.invoice.debtor.get("name") or item.family.name,
                item.invoice.debtor.get("address", ""),
                item.invoice.number,
                day(item.invoice.due_on, year=True, weekday=False),
                euros(item.amount_cents),
            ]
            for item in items
        ],
    }
    if not found.approved_by:
        draft = data | {"title": title, "number": number, "code": ""}
        response = HttpResponse(render_pdf("collection", draft), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="ordonnateur-{found.pk}.pdf"'
        return response
    paper = issue_as_told(
        prefix=f"RAR-{number}",
        kind="STATEMENT",
        title=title,
        template="collection",
        data=data,
        public_facts={
            _("Régie"): found.cash_office.name,
            _("Factures"): str(len(items)),
            _("Total"): total,
        },
        family_id=None,
        now=utc_now(),
        on=paris_day(found.approved_at or found.created_at),
    )
    return file_response(paper.file)
