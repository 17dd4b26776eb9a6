"""Collections: prepared, looked through, approved, given to the bank; and what came back."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from preau.accounts.enums import Permission
from preau.directdebit import papers, queries, services
from preau.families.queries import get_families
from preau.journeys import debts
from preau.kernel.clock import paris_day, utc_now
from preau.kernel.errors import Refusal
from preau.kernel.french import day, euros
from preau.townhall.access import agent_required
from preau.townhall.acts import ReasonForm, act_page, at_once, by, or_404
from preau.townhall.directdebit.forms import PrepareForm, RejectForm
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.refusals import add_refusal

PAGE = 50
LINES = 100
SECTION = "townhall:billing"
REJECTS = (
    Column("Rejeté le", "rejected_at"),
    Column("Prélevé le", "batch.collection_on"),
    Column("Régie", "batch.creditor.cash_office.name"),
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Mandat", "mandate.reference"),
    Column("Montant", lambda row: Cents(row.amount_cents)),
    Column("Code", "reject_code"),
    Column("Motif", "reject_reason"),
)
LINE_COLUMNS = (
    Column("Dossier", "family.name"),
    Column("Code famille", "family.code"),
    Column("Mandat", "mandate.reference"),
    Column("Compte", "masked_iban"),
    Column("Montant", lambda row: Cents(row.amount_cents)),
    Column("Suite", "get_sequence_display"),
    Column("État", "get_status_display"),
    Column("Écarté", "excluded_because"),
    Column("Rejet", "reject_reason"),
)


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def batches(request: HttpRequest) -> HttpResponse:
    """Every batch, latest first."""
    page = Paginator(queries.batches(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/directdebit/batches.html",
        {
            "section": SECTION,
            "page": page,
            "has_creditor": queries.creditors().exists(),
            "can_collect": Permission.TAKE_PAYMENTS in request.permissions,
        },
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def prepare(request: HttpRequest) -> HttpResponse:
    """Choose the cash office and the day; the batch is then looked through."""
    creditors = list(queries.creditors())
    now = utc_now()
    first = max(
        (services.suggested_day(creditor, paris_day(now)) for creditor in creditors), default=None
    )
    form = PrepareForm(
        request.POST or None,
        offices=[creditor.cash_office for creditor in creditors],
        initial={"collection_on": first},
    )
    if request.method == "POST" and form.is_valid():
        office = next(
            c.cash_office for c in creditors if c.cash_office.code == form.cleaned_data["office"]
        )
        try:
            batch = debts.prepare_debits(
                cash_office_id=office.pk,
                collection_on=form.cleaned_data["collection_on"],
                actor=request.actor,
                now=now,
            )
        except Refusal as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("townhall:debit-batch", batch.pk)
    return render(
        request,
        "townhall/act.html",
        {
            "section": SECTION,
            "title": _("Préparer un prélèvement"),
            "lead": _("Ce qui reste à payer chez les familles qui ont un mandat en vigueur."),
            "warning": _(
                "Rien ne part avant votre validation. Ce qui est en cours de paiement ou contesté "
                "est laissé de côté ; d’un échéancier, seul ce qui est dû ce jour-là est pris ; "
                "une facture n’est jamais prélevée avant le jour qu’elle annonce."
            ),
            "form": form,
            "label": _("Préparer"),
            "back": reverse("townhall:debits"),
        },
        status=422 if form.errors else 200,
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def batch(request: HttpRequest, batch_id: int) -> HttpResponseBase:
    """One batch: its totals, what it leaves aside and why, each debit."""
    found = or_404(queries.get_batch(batch_id))
    lines = queries.debits(batch_id)
    if "export" in request.GET:
        return export_table(request.GET["export"], "prelevements", LINE_COLUMNS, lines)
    families = get_families(row["family"] for row in found.left_out)
    return render(
        request,
        "townhall/directdebit/batch.html",
        {
            "section": SECTION,
            "batch": found,
            "page": Paginator(lines, LINES).get_page(request.GET.get("page")),
            "to_write": len(papers.without_email(found)) if found.approved_at else 0,
            "left_out": [{**row, "family": families.get(row["family"])} for row in found.left_out],
            "can_collect": Permission.TAKE_PAYMENTS in request.permissions,
            "formats": FORMATS,
        },
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_POST
def approve(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Write the file and announce each debit."""
    return at_once(
        request,
        lambda: services.approve_batch(batch_id=batch_id, **by(request)),
        done=_("Le lot est validé : les familles sont prévenues. Déposez le fichier à la banque."),
        back=_page(batch_id),
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_POST
def file(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The pain.008; each taking is journaled."""
    found = or_404(queries.get_batch(batch_id))
    try:
        content = services.take_file(batch_id=batch_id, **by(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("townhall:debit-batch", batch_id)
    response = HttpResponse(content, content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.message_id}.xml"'
    response["Cache-Control"] = "private, no-store"
    return response


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def letters(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The pre-notices of the families that no e-mail reaches, to print."""
    found = or_404(queries.get_batch(batch_id))
    if not found.approved_at or not papers.without_email(found):
        raise Http404
    content = papers.notice_letters(found, now=utc_now())
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="preavis-{batch_id}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Give a batch up, with the reason."""
    found = or_404(queries.get_batch(batch_id))
    return act_page(
        request,
        title=_("Abandonner un lot"),
        lead=f"{found.creditor.cash_office.name}, {day(found.collection_on, year=True)}",
        warning=_("Les familles déjà prévenues le sont de nouveau. Si la banque a le fichier, "
                  "révoquez-le aussi chez elle."),
        form=ReasonForm(request.POST or None),
        do=lambda data: services.cancel_batch(
            batch_id=batch_id, **by(request), **data
        ),
        done=_("Le lot est abandonné."),
        label=_("Abandonner ce lot"),
        kind="stop",
        back=_page(batch_id),
    )  # fmt: skip


def _debit(debit_id: int) -> Any:
    return or_404(queries.debits().filter(pk=debit_id).first())


def _page(batch_id: int) -> str:
    return reverse("townhall:debit-batch", args=[batch_id])


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def set_aside(request: HttpRequest, debit_id: int) -> HttpResponse:
    """Leave one debit out of a batch."""
    found = _debit(debit_id)
    return act_page(
        request,
        title=_("Écarter un prélèvement"),
        lead=f"{found.family.name}, {euros(found.amount_cents)}",
        form=ReasonForm(request.POST or None),
        do=lambda data: services.set_debit_aside(debit_id=debit_id, **by(request), **data),
        done=_("Ce prélèvement ne partira pas."),
        label=_("Écarter"),
        back=_page(found.batch_id),
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_POST
def put_back(request: HttpRequest, debit_id: int) -> HttpResponse:
    """Take back a debit set aside."""
    found = _debit(debit_id)
    return at_once(
        request,
        lambda: services.put_debit_back(debit_id=debit_id, **by(request)),
        back=_page(found.batch_id),
    )


@agent_required(Permission.TAKE_PAYMENTS)
@require_http_methods(["GET", "POST"])
def reject(request: HttpRequest, debit_id: int) -> HttpResponse:
    """Type a reject that no file told."""
    found = _debit(debit_id)
    return act_page(
        request,
        title=_("Saisir un rejet"),
        lead=f"{found.family.name}, {euros(found.amount_cents)}, {found.mandate.reference}",
        warning=_("La somme est de nouveau due, sans frais ; la famille est prévenue."),
        form=RejectForm(request.POST or None),
        do=lambda data: services.record_reject(debit_id=debit_id, **by(request), **data),
        done=_("Le rejet est enregistré : la facture est de nouveau à payer."),
        label=_("Enregistrer le rejet"),
        back=_page(found.batch_id),
    )


@agent_required(Permission.SEE_ACCOUNTS)
@require_GET
def rejects(request: HttpRequest) -> HttpResponseBase:
    """What came back, latest first."""
    found = queries.rejects()
    if "export" in request.GET:
        return export_table(request.GET["export"], "rejets", REJECTS, found.iterator())
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "townhall/directdebit/rejects.html",
        {"section": SECTION, "page": page, "formats": FORMATS},
    )
