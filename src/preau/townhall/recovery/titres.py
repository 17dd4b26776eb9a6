"""Titres: recorded by hand or from a table, followed, reduced, cancelled."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import openpyxl
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.families.queries import families_for_agent
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.codes import normalise_family_code
from preau.kernel.french import euros
from preau.kernel.money import NotAnAmount, parse_euros
from preau.payments.queries import titre_attempts
from preau.recovery import queries, services
from preau.recovery.errors import TitreRefused
from preau.recovery.titres import left_of
from preau.townhall.access import agent_required
from preau.townhall.acts import ReasonForm, act_page
from preau.townhall.recovery.forms import (
    AnswerForm,
    ReductionForm,
    TitreFilterForm,
    TitreForm,
    TitresForm,
)
from preau.ui.exports import FORMATS, Cents, Column, export_table

PAGE = 50
MAX_ROWS = 5_000
SECTION = "townhall:billing"
COLUMNS = (
    Column("Numéro", "number"),
    Column("Exercice", "year"),
    Column("Émis le", "issued_on"),
    Column("Régie", "cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Montant", lambda row: Cents(row.amount_cents)),
    Column("Après réductions", lambda row: Cents(left_of(row))),
    Column("Factures", lambda row: ", ".join(i.invoice.number for i in row.items.all())),
    Column("Référence PayFiP", "reference"),
    Column("État", "get_status_display"),
)
REDUCTIONS = (
    Column("Titre", "titre.number"),
    Column("Exercice", "titre.year"),
    Column("Régie", "titre.cash_office.name"),
    Column("Dossier", "titre.family.name"),
    Column("Réduction", lambda row: Cents(row.amount_cents)),
    Column("Motif", "reason"),
    Column("Demandée le", "created_at"),
    Column("État", "get_status_display"),
    Column("Réponse", "answer"),
)


@agent_required(Permission.ORDER_COLLECTION, Permission.SEE_ACCOUNTS)
@require_GET
def titres(request: HttpRequest) -> HttpResponseBase:
    """Every titre, with whether it was paid on line."""
    form = TitreFilterForm(request.GET or None)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    found = queries.titres().filter(
        family__in=families_for_agent(request.user, day=paris_day(utc_now()))
    )
    if text := asked.get("q", "").strip():
        found = found.filter(
            Q(number__iexact=text)
            | Q(reference__iexact=text)
            | Q(family__name__icontains=text)
            | Q(family__code__iexact=text.replace(" ", ""))
        )
    if asked.get("state"):
        found = found.filter(status=asked["state"])
    if "export" in request.GET:
        return export_table(request.GET["export"], "titres", COLUMNS, found)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    paid = titre_attempts(titre.pk for titre in page)
    return render(
        request,
        "townhall/recovery/titres.html",
        {
            "section": SECTION,
            "form": form,
            "page": page,
            "rows": [(titre, paid.get(titre.pk)) for titre in page],
            "formats": FORMATS,
        },
    )


def _titre(request: HttpRequest, titre_id: int) -> Any:
    found = queries.get_titre(titre_id)
    if (
        found is None
        or not families_for_agent(request.user, day=paris_day(utc_now()))
        .filter(pk=found.family_id)
        .exists()
    ):
        raise Http404
    return found


@agent_required(Permission.ORDER_COLLECTION, Permission.SEE_ACCOUNTS)
@require_GET
def titre(request: HttpRequest, titre_id: int) -> HttpResponse:
    """One titre: its invoices, its reductions, how it is paid."""
    found = _titre(request, titre_id)
    return render(
        request,
        "townhall/recovery/titre.html",
        {
            "section": SECTION,
            "titre": found,
            "left_cents": left_of(found),
            "paid": titre_attempts([found.pk]).get(found.pk),
            "can_order": Permission.ORDER_COLLECTION in request.permissions,
        },
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, list_id: int, code: str) -> HttpResponse:
    """Record the titre of one family of an approved list."""
    items = list(queries.items_of(list_id).filter(excluded_because="", family__code=code))
    if not items:
        raise Http404
    total = sum(item.amount_cents for item in items)

    def do(data: dict[str, Any]) -> None:
        services.record_titre(
            list_id=list_id,
            family_id=items[0].family_id,
            number=data["number"],
            issued_on=data["issued_on"],
            amount_cents=data["amount"],
            reference=data["reference"],
            actor=request.actor,
            now=utc_now(),
        )

    return act_page(
        request,
        title=_("Enregistrer un titre"),
        lead=f"{items[0].family.name}, {', '.join(item.invoice.number for item in items)}",
        warning=_("Ces factures seront closes pour la régie : guichet, paiement en ligne et "
                  "prélèvement. La famille verra où payer."),
        form=TitreForm(
            request.POST or None, initial={"amount": total, "issued_on": paris_day(utc_now())}
        ),
        do=do,
        done=_("Le titre est enregistré ; la régie n’encaisse plus ces factures."),
        label=_("Enregistrer le titre"),
        back=reverse("townhall:collection-list", args=[list_id]),
    )  # fmt: skip


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def table(request: HttpRequest, list_id: int) -> HttpResponse:
    """Record the titres of a list from the ordonnateur's table: all, or none."""
    if queries.get_list(list_id) is None:
        raise Http404

    def do(data: dict[str, Any]) -> None:
        services.import_titres(
            list_id=list_id,
            rows=list(_rows(data["file"])),
            actor=request.actor,
            now=utc_now(),
        )

    return act_page(
        request,
        title=_("Enregistrer les titres d’un tableau"),
        warning=_("Tout le tableau est enregistré, ou rien : chaque ligne refusée est dite."),
        form=TitresForm(request.POST or None, request.FILES or None),
        do=do,
        done=_("Les titres du tableau sont enregistrés."),
        label=_("Enregistrer"),
        back=reverse("townhall:collection-list", args=[list_id]),
    )


def _rows(uploaded: Any) -> Iterator[services.TitreData]:
    """The lines of a CSV or XLSX. Raises TitreRefused for what cannot be read."""
    try:
        cells = list(_cells(uploaded))
    except Exception as error:  # openpyxl raises what it likes on a broken file
        raise TitreRefused(_("Ce tableau ne se lit pas : donnez un CSV ou un Excel.")) from error
    if len(cells) > MAX_ROWS:
        raise TitreRefused(_("Ce tableau est trop long."))
    for rank, row in enumerate(cells[1:], 2):
        if not any(row):
            continue
        code, number, issued, amount, *rest = [*row, "", "", "", "", ""]
        try:
            yield services.TitreData(
                family_code=normalise_family_code(str(code)) or str(code),
                number=str(number).removesuffix(".0"),
                issued_on=_day(issued),
                amount_cents=parse_euros(str(amount)),
                reference=str(rest[0] or "").strip(),
            )
        except (NotAnAmount, ValueError) as error:
            raise TitreRefused(
                _("Ligne %(rank)s : date ou montant illisible.") % {"rank": rank}
            ) from error


def _cells(uploaded: Any) -> Iterator[list[Any]]:
    content = uploaded.read()
    if content[:2] == b"PK":
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(values_only=True, max_row=MAX_ROWS + 2):
            yield ["" if cell is None else cell for cell in row]
        return
    text = content.decode("utf-8-sig")
    for line in csv.reader(io.StringIO(text), delimiter=";" if ";" in text else ","):
        yield [cell.strip() for cell in line]


def _day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    if "/" in text:
        day, month, year = (int(part) for part in text.split("/"))
        return dt.date(year, month, day)
    return dt.date.fromisoformat(text[:10])


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, titre_id: int) -> HttpResponse:
    """The ordonnateur cancelled it."""
    found = _titre(request, titre_id)
    return act_page(
        request,
        title=_("Annuler un titre"),
        lead=_("Titre n° %(number)s, %(amount)s")
        % {"number": found.number, "amount": euros(found.amount_cents)},
        warning=_("Ses factures sont de nouveau à payer à la régie."),
        form=ReasonForm(request.POST or None),
        do=lambda data: services.cancel_titre(
            titre_id=titre_id, actor=request.actor, now=utc_now(), **data
        ),
        done=_("Le titre est annulé."),
        label=_("Annuler le titre"),
        kind="stop",
        back=reverse("townhall:titre", args=[titre_id]),
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def reduce(request: HttpRequest, titre_id: int) -> HttpResponse:
    """Ask for a reduction: the invoice itself can no longer be corrected."""
    found = _titre(request, titre_id)

    def do(data: dict[str, Any]) -> None:
        services.ask_reduction(
            titre_id=titre_id,
            amount_cents=data["amount"],
            reason=data["reason"],
            actor=request.actor,
            now=utc_now(),
        )

    return act_page(
        request,
        title=_("Demander une réduction de titre"),
        lead=_("Titre n° %(number)s, %(amount)s")
        % {"number": found.number, "amount": euros(found.amount_cents)},
        form=ReductionForm(request.POST or None),
        do=do,
        done=_("La demande est sur la liste des réductions."),
        label=_("Demander la réduction"),
        back=reverse("townhall:titre", args=[titre_id]),
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_GET
def reductions(request: HttpRequest) -> HttpResponseBase:
    """Reduction requests, those without answer first."""
    found = queries.reductions()
    if "export" in request.GET:
        return export_table(request.GET["export"], "reductions", REDUCTIONS, found.iterator())
    return render(
        request,
        "townhall/recovery/reductions.html",
        {
            "section": SECTION,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "formats": FORMATS,
        },
    )


@agent_required(Permission.ORDER_COLLECTION)
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, request_id: int) -> HttpResponse:
    """What the ordonnateur said of a reduction."""
    found = queries.reductions().filter(pk=request_id).first()
    if found is None:
        raise Http404
    return act_page(
        request,
        title=_("Suivre une demande de réduction"),
        lead=f"{found.titre.family.name}, {euros(found.amount_cents)} : {found.reason}",
        form=AnswerForm(request.POST or None, initial={"status": "SENT"}),
        do=lambda data: services.answer_reduction(
            request_id=request_id, actor=request.actor, now=utc_now(), **data
        ),
        done=_("C’est noté."),
        label=_("Enregistrer"),
        back=reverse("townhall:reductions"),
    )
