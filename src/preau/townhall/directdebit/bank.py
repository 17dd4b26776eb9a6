"""The bank's files, and the lines that wait for someone."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from preau.accounts.enums import Permission
from preau.directdebit import queries, services
from preau.directdebit.errors import DebitRefusal
from preau.families.queries import families_for_agent
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.codes import normalise_family_code
from preau.kernel.errors import Refusal
from preau.kernel.french import euros
from preau.townhall.access import agent_required
from preau.townhall.acts import ReasonForm, act_page
from preau.townhall.directdebit.forms import BankFileForm, EntryFilterForm, GiveForm
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.refusals import add_refusal

PAGE = 50
SECTION = "townhall:billing"
NAMESAKES = 8
TITLES = {"MME", "MLLE", "MONSIEUR", "MADAME", "VIR"}
COLUMNS = (
    Column("Le", "booked_on"),
    Column("Régie", "creditor.cash_office.name"),
    Column("Écriture", "get_kind_display"),
    Column("Montant", lambda row: Cents(row.amount_cents)),
    Column("De", "counterpart"),
    Column("Communication", "communication"),
    Column("Référence", "bank_reference"),
    Column("État", "get_status_display"),
    Column("Suite", "outcome"),
    Column("Dossier", lambda row: row.family.name if row.family else ""),
)


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """Give a file of the bank; those already read."""
    creditors = list(queries.creditors())
    form = BankFileForm(
        request.POST or None,
        request.FILES or None,
        offices=[creditor.cash_office for creditor in creditors],
    )
    if request.method == "POST" and form.is_valid():
        office = next(
            c.cash_office for c in creditors if c.cash_office.code == form.cleaned_data["office"]
        )
        uploaded = form.cleaned_data["file"]
        try:
            read = services.import_file(
                cash_office_id=office.pk,
                name=uploaded.name,
                content=uploaded.read(),
                actor=request.actor,
                now=utc_now(),
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            waiting = read.entries.filter(status="TO_SORT").count()
            messages.success(
                request,
                _("Fichier lu : %(count)s écritures, %(waiting)s à rapprocher.")
                % {"count": read.entries.count(), "waiting": waiting},
            )
            return redirect("townhall:bank-entries" if waiting else "townhall:bank-files")
    return render(
        request,
        "townhall/directdebit/files.html",
        {
            "section": SECTION,
            "form": form,
            "has_creditor": bool(creditors),
            "page": Paginator(queries.bank_files(), PAGE).get_page(request.GET.get("page")),
        },
        status=422 if form.errors else 200,
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def entries(request: HttpRequest) -> HttpResponseBase:
    """Lines of the bank's files; by default those that wait."""
    offices = [creditor.cash_office for creditor in queries.creditors()]
    form = EntryFilterForm(request.GET or {"state": "TO_SORT"}, offices=offices)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    found = queries.bank_entries()
    if text := asked.get("q", "").strip():
        found = found.filter(Q(counterpart__icontains=text) | Q(communication__icontains=text))
    if asked.get("office"):
        found = found.filter(creditor__cash_office__code=asked["office"])
    if asked.get("state"):
        found = found.filter(status=asked["state"])
    if "export" in request.GET:
        return export_table(request.GET["export"], "ecritures", COLUMNS, found.iterator())
    return render(
        request,
        "townhall/directdebit/entries.html",
        {
            "section": SECTION,
            "form": form,
            "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "can_sort": Permission.TAKE_PAYMENTS in request.permissions,
            "formats": FORMATS,
        },
    )


def _entry(entry_id: int) -> Any:
    found = queries.bank_entries().filter(pk=entry_id).first()
    if found is None:
        raise Http404
    return found


def _told(entry: Any) -> str:
    who = entry.counterpart or _("inconnu")
    return f"{euros(entry.amount_cents)}, {who}, « {entry.communication} »"


def _namesakes(request: HttpRequest, payer: str) -> list[tuple[str, str]]:
    """The files that bear the payer's name («MME LEROY CLAIRE»): all its words first, then some."""
    words = [word for word in payer.split()[:6] if len(word) > 2 and word.upper() not in TITLES]
    found: dict[str, str] = {}
    for word in [" ".join(words), *words] if words else []:
        for family in families_for_agent(request.user, word, day=paris_day(utc_now()))[:NAMESAKES]:
            found.setdefault(
                family.code, f"{family.name}, {family.printed_code}, {family.address_line1}"
            )
    return list(found.items())[:NAMESAKES]


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def give(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Say whose transfer it is."""
    found = _entry(entry_id)

    def do(data: dict[str, Any]) -> None:
        code = normalise_family_code(data["code"])
        family = (
            families_for_agent(request.user, day=paris_day(utc_now())).filter(code=code).first()
            if code
            else None
        )
        if family is None:
            refusal = DebitRefusal(_("Aucun dossier n’a ce code famille."))
            refusal.fields = {"code": [str(refusal)]}  # type: ignore[attr-defined]
            raise refusal
        services.give_to_family(
            entry_id=entry_id,
            family_id=family.pk,
            reason=data["reason"],
            actor=request.actor,
            now=utc_now(),
        )

    return act_page(
        request,
        title=_("Rapprocher un virement"),
        lead=_told(found),
        warning=_("Il paie les plus anciennes factures ; le reste devient un crédit."),
        form=GiveForm(request.POST or None, namesakes=_namesakes(request, found.counterpart)),
        do=do,
        done=_("Le virement est inscrit au compte de la famille."),
        label=_("Inscrire au compte"),
        back=reverse("townhall:bank-entries"),
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def set_aside(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Nothing to do of this line here."""
    found = _entry(entry_id)
    return act_page(
        request,
        title=_("Mettre une écriture de côté"),
        lead=_told(found),
        form=ReasonForm(request.POST or None),
        do=lambda data: services.set_entry_aside(
            entry_id=entry_id, actor=request.actor, now=utc_now(), **data
        ),
        done=_("L’écriture est mise de côté."),
        label=_("Mettre de côté"),
        back=reverse("townhall:bank-entries"),
    )
