"""Each panel of a family's file, whole: searched, filtered, paged, exported («tout voir»).

The file itself shows the latest of each; what is here has no limit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from preau.accounts.enums import Permission
from preau.audit.queries import list_family_entries
from preau.billing.queries import movements_of
from preau.bookings.enums import BookingStatus
from preau.bookings.queries import booked_days
from preau.casework import queries as casework
from preau.documents.queries import list_issued
from preau.enrolments.queries import documents_of, enrolments_of
from preau.families.queries import list_quotients, own_files
from preau.kernel import french
from preau.kernel.clock import paris_day, utc_now
from preau.messaging.queries import list_messages
from preau.townhall.access import agent_required
from preau.townhall.families.scope import get_family_or_404
from preau.ui.exports import FORMATS, Cents, Column, export_table
from preau.ui.routes import route

PAGE = 60


@dataclass(frozen=True)
class Panel:
    """One list: what it reads, what it shows, in which words it is searched.

    `states`: filters (value, words, condition); the first applies when none is asked.
    """

    title: Any
    empty: Any
    anchor: str
    rows: Callable[[Any], QuerySet[Any]]
    columns: Sequence[Column]
    search: Sequence[str]
    states: Sequence[tuple[str, Any, Callable[[date], Q]]] = ()
    link: Callable[[Any], str] = lambda row: ""
    permission: str = Permission.SEE_FAMILIES


def _all(day: date) -> Q:
    return Q()


def _piece_state(row: Any) -> str:
    if row.status == "ACCEPTED" and row.expires_on and row.expires_on < paris_day(utc_now()):
        return _("périmée")
    return str(row.get_status_display())


def _day_state(row: Any) -> str:
    if row.status == BookingStatus.CANCELLED and row.is_charged:
        return _("annulée, due")
    return str(row.get_status_display())


PANELS: dict[str, Panel] = {
    "inscriptions": Panel(
        title=_l("Inscriptions"),
        empty=_l("Aucune inscription."),
        anchor="inscriptions",
        rows=lambda family: enrolments_of(family.pk),
        columns=(
            Column(_l("Activité"), "offering.activity.name"),
            Column(_l("Enfant"), lambda row: str(row.child)),
            Column(_l("Établissement"), "offering.establishment.name"),
            Column(_l("Du"), "starts_on"),
            Column(_l("Au"), "ends_on"),
            Column(_l("État"), "get_status_display"),
            Column(_l("Fin, pourquoi"), "ended_reason"),
            Column(_l("Canal"), "get_channel_display"),
        ),
        search=("offering__activity__name", "offering__establishment__name", "child__first_name"),
        states=(
            ("toutes", _l("Toutes"), _all),
            ("cours", _l("En cours ou à venir"), lambda d: Q(status="ACTIVE", ends_on__gte=d)),
            ("finies", _l("Finies"), lambda d: ~Q(status="ACTIVE") | Q(ends_on__lt=d)),
        ),
    ),
    "jours": Panel(
        title=_l("Jours réservés"),
        empty=_l("Aucun jour."),
        anchor="jours",
        rows=lambda family: booked_days(family.pk),
        columns=(
            Column(_l("Jour"), "slot.day"),
            Column(_l("Enfant"), lambda row: row.child.first_name),
            Column(_l("Activité"), "slot.offering.activity.name"),
            Column(_l("Formule"), "slot.product.name"),
            Column(_l("Établissement"), "slot.offering.establishment.name"),
            Column(_l("État"), _day_state),
            Column(_l("Réservé le"), "booked_at"),
            Column(_l("Canal"), "get_channel_display"),
            Column(_l("Précision"), lambda row: row.cancel_reason or row.decision_sentence),
        ),
        search=(
            "slot__offering__activity__name",
            "slot__offering__establishment__name",
            "slot__product__name",
            "child__first_name",
        ),
        states=(
            (
                "venir",
                _l("À venir"),
                lambda d: Q(slot__day__gte=d) & ~Q(status=BookingStatus.CANCELLED),
            ),
            ("passes", _l("Passés"), lambda d: Q(slot__day__lt=d)),
            ("annules", _l("Annulés"), lambda d: Q(status=BookingStatus.CANCELLED)),
            ("tous", _l("Tous"), _all),
        ),
    ),
    "pieces": Panel(
        title=_l("Pièces"),
        empty=_l("Aucune pièce."),
        anchor="pieces",
        rows=lambda family: documents_of(family.pk),
        columns=(
            Column(_l("Pièce"), "kind.name"),
            Column(_l("Pour"), lambda row: str(row.child) if row.child else _("le foyer")),
            Column(_l("Donnée le"), "provided_at"),
            Column(_l("Valable jusqu’au"), "expires_on"),
            Column(_l("État"), _piece_state),
        ),
        search=("kind__name", "child__first_name"),
        states=(
            ("toutes", _l("Toutes"), _all),
            ("verifier", _l("À vérifier"), lambda d: Q(status="RECEIVED")),
            ("perimees", _l("Périmées"), lambda d: Q(expires_on__lt=d)),
        ),
        link=lambda row: "" if row.kind.is_sensitive else route("townhall:file", row.file_id),
    ),
    "demandes": Panel(
        title=_l("Demandes"),
        empty=_l("Aucune demande."),
        anchor="demandes",
        rows=lambda family: casework.for_family(family.pk),
        columns=(
            Column(_l("Référence"), "reference"),
            Column(_l("Acte"), lambda row: str(row.get_kind_display()).capitalize()),
            Column(_l("Objet"), "summary"),
            Column(_l("Reçue le"), "submitted_at"),
            Column(_l("Canal"), "get_channel_display"),
            Column(_l("État"), "get_status_display"),
            Column(_l("Décidée le"), "decided_at"),
            Column(_l("Par"), "decided_by_label"),
        ),
        search=("reference", "summary", "applicant_name", "decided_by_label"),
        states=(
            ("toutes", _l("Toutes"), _all),
            ("cours", _l("En cours"), lambda d: Q(status__in=("SUBMITTED", "WAITING_FAMILY"))),
            ("finies", _l("Décidées"), lambda d: ~Q(status__in=("SUBMITTED", "WAITING_FAMILY"))),
        ),
        link=lambda row: route("townhall:request", row.reference),
    ),
    "courriers": Panel(
        title=_l("Courriers"),
        empty=_l("Aucun courrier."),
        anchor="demandes",
        rows=lambda family: list_messages(family.pk),
        columns=(
            Column(_l("Objet"), "subject"),
            Column(_l("À"), "to"),
            Column(_l("Par"), "get_medium_display"),
            Column(_l("Écrit le"), "created_at"),
            Column(_l("État"), "get_status_display"),
            Column(_l("Texte"), "body"),
        ),
        search=("subject", "body", "to"),
        states=(
            ("tous", _l("Tous"), _all),
            ("echec", _l("Non remis"), lambda d: Q(status="FAILED")),
        ),
    ),
    "documents": Panel(
        title=_l("Documents émis"),
        empty=_l("Aucun document émis."),
        anchor="demandes",
        rows=lambda family: list_issued(*own_files(family)),
        columns=(
            Column(_l("Titre"), "title"),
            Column(_l("Numéro"), "number"),
            Column(_l("Genre"), "get_kind_display"),
            Column(_l("Émis le"), "issued_at"),
        ),
        search=("title", "number"),
        link=lambda row: route("townhall:issued", row.number),
    ),
    "mouvements": Panel(
        title=_l("Mouvements du compte"),
        empty=_l("Aucun mouvement."),
        anchor="compte",
        rows=lambda family: movements_of(family.pk),
        columns=(
            Column(_l("Mouvement"), "movement.label"),
            Column(_l("Le"), "movement.at"),
            Column(_l("Régie"), "family_account.cash_office.name"),
            Column(
                _l("Débit"), lambda row: Cents(row.amount_cents) if row.amount_cents > 0 else ""
            ),
            Column(
                _l("Crédit"), lambda row: Cents(-row.amount_cents) if row.amount_cents < 0 else ""
            ),
            Column(_l("Solde"), lambda row: Cents(-row.running_cents)),
            Column(_l("Par"), "movement.actor_label"),
        ),
        search=("movement__label", "family_account__cash_office__name"),
        permission=Permission.SEE_ACCOUNTS,
    ),
    "quotients": Panel(
        title=_l("Quotients"),
        empty=_l("Aucun quotient : le tarif le plus élevé s’applique."),
        anchor="quotients",
        rows=lambda family: list_quotients(family.pk),
        columns=(
            Column(_l("QF"), lambda row: french.quotient(row.value_cents)),
            Column(_l("Source"), "get_source_display"),
            Column(_l("Du"), "starts_on"),
            Column(_l("Au"), "ends_on"),
            Column(_l("Enregistré le"), "recorded_at"),
            Column(_l("Par"), "recorded_by"),
        ),
        search=("recorded_by", "source"),
    ),
    "journal": Panel(
        title=_l("Journal du dossier"),
        empty=_l("Rien encore."),
        anchor="journal",
        rows=lambda family: list_family_entries(family.pk),
        columns=(
            Column(_l("Quand"), "at"),
            Column(_l("Qui"), "actor_label"),
            Column(_l("Canal"), "get_channel_display"),
            Column(_l("Quoi"), "summary"),
        ),
        search=("summary", "actor_label", "action"),
    ),
}
# What of a document or a movement tells of money is for who may see accounts.
AMOUNTS = {"Débit", "Crédit", "Solde"}
OF_MONEY = ("INVOICE", "CREDIT_NOTE", "RECEIPT", "STATEMENT", "TAX_CERTIFICATE")


@agent_required(Permission.SEE_FAMILIES)
@require_safe
def panel(request: HttpRequest, code: str, what: str) -> HttpResponseBase:
    """One list of the file, whole: `?q= &etat= &page=`; `?export=csv|xlsx|ods`."""
    shown = PANELS.get(what)
    if shown is None or shown.permission not in request.permissions:
        raise Http404
    family = get_family_or_404(request, code)
    day = paris_day(utc_now())
    text = request.GET.get("q", "").strip()[:80]
    state = request.GET.get("etat", "")
    rows = shown.rows(family)
    if what == "documents" and Permission.SEE_ACCOUNTS not in request.permissions:
        rows = rows.exclude(kind__in=OF_MONEY)
    conditions = {value: condition for value, _words, condition in shown.states}
    if shown.states:
        state = state if state in conditions else shown.states[0][0]
        rows = rows.filter(conditions[state](day))
    for word in text.split()[:6]:
        rows = rows.filter(_any(shown.search, word))
    if what == "jours" and state != "venir":
        rows = rows.order_by("-slot__day", "slot__starts_at", "child_id", "pk")
    if export := request.GET.get("export"):
        return export_table(export, f"{what}-{family.code}", shown.columns, rows.iterator(500))
    return _draw(request, family, what, shown, rows, state=state, text=text)


def _any(names: Sequence[str], word: str) -> Q:
    condition = Q()
    for name in names:
        condition |= Q(**{f"{name}__icontains": word})
    return condition


def _draw(
    request: HttpRequest,
    family: Any,
    what: str,
    shown: Panel,
    rows: QuerySet[Any],
    *,
    state: str,
    text: str,
) -> HttpResponse:
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    may_open = what != "demandes" or Permission.HANDLE_REQUESTS in request.permissions
    head, *others = shown.columns
    lines = [
        {
            "url": shown.link(row) if may_open else "",
            "head": cell(head.of(row)),
            "cells": [
                (column.title, cell(value), "r amount" if isinstance(value, Cents) else "")
                for column, value in ((column, column.of(row)) for column in others)
            ],
        }
        for row in page
    ]
    tabs = [
        {
            "label": other.title,
            "url": reverse("townhall:family-panel", args=[family.code, key]),
            "current": key == what,
        }
        for key, other in PANELS.items()
        if other.permission in request.permissions
    ]
    return render(
        request,
        "townhall/families/panel.html",
        {
            "family": family,
            "shown": shown,
            "what": what,
            "heads": [
                (column.title, "r" if str(column.title) in AMOUNTS else "")
                for column in shown.columns
            ],
            "tabs": tabs,
            "page": page,
            "lines": lines,
            "q": text,
            "state": state,
            "formats": FORMATS,
            "section": "townhall:families",
        },
    )


def cell(value: Any) -> str:
    """A cell as a person reads it."""
    if value is None or value == "":
        return ""
    if isinstance(value, Cents):
        return french.euros(value.cents)
    if isinstance(value, datetime):
        return french.instant(value, year=True)
    if isinstance(value, date):
        return french.day(value, year=True)
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    return str(value)
