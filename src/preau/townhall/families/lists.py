"""The lists of a family's file as one table: what each reads, shows, finds and filters.

A column says at once its title, where its value is, and the field in which a word is looked for.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

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
from preau.ui.exports import Cents, Column
from preau.ui.routes import route


@dataclass(frozen=True, slots=True)
class Shown(Column):
    """A column of a list: `found` is the field where a word of the search is looked for."""

    found: str = ""
    is_amount: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """A filter: its value in the address, its words, what it keeps on that day."""

    value: str
    words: Any
    keeps: Callable[[date], Q] = lambda day: Q()


@dataclass(frozen=True)
class Panel:
    """One list of the file; `anchor` is the part of the file that shows its latest lines.

    `also`: fields searched that no column shows. `states`: the first applies when none is asked.
    """

    title: Any
    empty: Any
    anchor: str
    rows: Callable[[Any], QuerySet[Any]]
    columns: tuple[Shown, ...]
    _: KW_ONLY
    also: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    link: Callable[[Any], str] = lambda row: ""
    permission: str = Permission.SEE_FAMILIES

    @property
    def search(self) -> list[str]:
        """The fields in which a word is looked for."""
        return [*(column.found for column in self.columns if column.found), *self.also]


OPEN = ("SUBMITTED", "WAITING_FAMILY")
CANCELLED = Q(status=BookingStatus.CANCELLED)


def _piece_state(row: Any) -> str:
    if row.status == "ACCEPTED" and row.expires_on and row.expires_on < paris_day(utc_now()):
        return _("périmée")
    return str(row.get_status_display())


def _day_state(row: Any) -> str:
    if row.status == BookingStatus.CANCELLED and row.is_charged:
        return _("annulée, due")
    return str(row.get_status_display())


def _debit(row: Any) -> Any:
    return Cents(row.amount_cents) if row.amount_cents > 0 else ""


def _credit(row: Any) -> Any:
    return Cents(-row.amount_cents) if row.amount_cents < 0 else ""


PANELS: dict[str, Panel] = {
    "inscriptions": Panel(
        _l("Inscriptions"),
        _l("Aucune inscription."),
        "inscriptions",
        lambda family: enrolments_of(family.pk),
        (
            Shown(_l("Activité"), "offering.activity.name", "offering__activity__name"),
            Shown(_l("Enfant"), lambda row: str(row.child), "child__first_name"),
            Shown(
                _l("Établissement"),
                "offering.establishment.name",
                "offering__establishment__name",
            ),
            Shown(_l("Du"), "starts_on"),
            Shown(_l("Au"), "ends_on"),
            Shown(_l("État"), "get_status_display"),
            Shown(_l("Fin, pourquoi"), "ended_reason"),
            Shown(_l("Canal"), "get_channel_display"),
        ),
        states=(
            State("toutes", _l("Toutes")),
            State("cours", _l("En cours ou à venir"), lambda d: Q(status="ACTIVE", ends_on__gte=d)),
            State("finies", _l("Finies"), lambda d: ~Q(status="ACTIVE") | Q(ends_on__lt=d)),
        ),
    ),
    "jours": Panel(
        _l("Jours réservés"),
        _l("Aucun jour."),
        "jours",
        lambda family: booked_days(family.pk),
        (
            Shown(_l("Jour"), "slot.day"),
            Shown(_l("Enfant"), "child.first_name", "child__first_name"),
            Shown(_l("Activité"), "slot.offering.activity.name", "slot__offering__activity__name"),
            Shown(_l("Formule"), "slot.product.name", "slot__product__name"),
            Shown(
                _l("Établissement"),
                "slot.offering.establishment.name",
                "slot__offering__establishment__name",
            ),
            Shown(_l("État"), _day_state),
            Shown(_l("Réservé le"), "booked_at"),
            Shown(_l("Canal"), "get_channel_display"),
            Shown(_l("Précision"), lambda row: row.cancel_reason or row.decision_sentence),
        ),
        states=(
            State("venir", _l("À venir"), lambda d: Q(slot__day__gte=d) & ~CANCELLED),
            State("passes", _l("Passés"), lambda d: Q(slot__day__lt=d)),
            State("annules", _l("Annulés"), lambda d: CANCELLED),
            State("tous", _l("Tous")),
        ),
    ),
    "pieces": Panel(
        _l("Pièces"),
        _l("Aucune pièce."),
        "pieces",
        lambda family: documents_of(family.pk),
        (
            Shown(_l("Pièce"), "kind.name", "kind__name"),
            Shown(
                _l("Pour"),
                lambda row: str(row.child) if row.child else _("le foyer"),
                "child__first_name",
            ),
            Shown(_l("Donnée le"), "provided_at"),
            Shown(_l("Valable jusqu’au"), "expires_on"),
            Shown(_l("État"), _piece_state),
        ),
        states=(
            State("toutes", _l("Toutes")),
            State("verifier", _l("À vérifier"), lambda d: Q(status="RECEIVED")),
            State("perimees", _l("Périmées"), lambda d: Q(expires_on__lt=d)),
        ),
        link=lambda row: "" if row.kind.is_sensitive else route("townhall:file", row.file_id),
    ),
    "demandes": Panel(
        _l("Demandes"),
        _l("Aucune demande."),
        "demandes",
        lambda family: casework.for_family(family.pk),
        (
            Shown(_l("Référence"), "reference", "reference"),
            Shown(_l("Acte"), lambda row: str(row.get_kind_display()).capitalize()),
            Shown(_l("Objet"), "summary", "summary"),
            Shown(_l("Reçue le"), "submitted_at"),
            Shown(_l("Canal"), "get_channel_display"),
            Shown(_l("État"), "get_status_display"),
            Shown(_l("Décidée le"), "decided_at"),
            Shown(_l("Par"), "decided_by_label", "decided_by_label"),
        ),
        also=("applicant_name",),
        states=(
            State("toutes", _l("Toutes")),
            State("cours", _l("En cours"), lambda d: Q(status__in=OPEN)),
            State("finies", _l("Décidées"), lambda d: ~Q(status__in=OPEN)),
        ),
        link=lambda row: route("townhall:request", row.reference),
    ),
    "courriers": Panel(
        _l("Courriers"),
        _l("Aucun courrier."),
        "demandes",
        lambda family: list_messages(family.pk),
        (
            Shown(_l("Objet"), "subject", "subject"),
            Shown(_l("À"), "to", "to"),
            Shown(_l("Par"), "get_medium_display"),
            Shown(_l("Écrit le"), "created_at"),
            Shown(_l("État"), "get_status_display"),
            Shown(_l("Texte"), "body", "body"),
        ),
        states=(
            State("tous", _l("Tous")),
            State("echec", _l("Non remis"), lambda d: Q(status="FAILED")),
        ),
    ),
    "documents": Panel(
        _l("Documents émis"),
        _l("Aucun document émis."),
        "demandes",
        lambda family: list_issued(*own_files(family)),
        (
            Shown(_l("Titre"), "title", "title"),
            Shown(_l("Numéro"), "number", "number"),
            Shown(_l("Genre"), "get_kind_display"),
            Shown(_l("Émis le"), "issued_at"),
        ),
        link=lambda row: route("townhall:issued", row.number),
    ),
    "mouvements": Panel(
        _l("Mouvements du compte"),
        _l("Aucun mouvement."),
        "compte",
        lambda family: movements_of(family.pk),
        (
            Shown(_l("Mouvement"), "movement.label", "movement__label"),
            Shown(_l("Le"), "movement.at"),
            Shown(
                _l("Régie"), "family_account.cash_office.name", "family_account__cash_office__name"
            ),
            Shown(_l("Débit"), _debit, is_amount=True),
            Shown(_l("Crédit"), _credit, is_amount=True),
            Shown(_l("Solde"), lambda row: Cents(-row.running_cents), is_amount=True),
            Shown(_l("Par"), "movement.actor_label"),
        ),
        permission=Permission.SEE_ACCOUNTS,
    ),
    "quotients": Panel(
        _l("Quotients"),
        _l("Aucun quotient : le tarif le plus élevé s’applique."),
        "quotients",
        lambda family: list_quotients(family.pk),
        (
            Shown(_l("QF"), lambda row: french.quotient(row.value_cents)),
            Shown(_l("Source"), "get_source_display", "source"),
            Shown(_l("Du"), "starts_on"),
            Shown(_l("Au"), "ends_on"),
            Shown(_l("Enregistré le"), "recorded_at"),
            Shown(_l("Par"), "recorded_by", "recorded_by"),
        ),
    ),
    "journal": Panel(
        _l("Journal du dossier"),
        _l("Rien encore."),
        "journal",
        lambda family: list_family_entries(family.pk),
        (
            Shown(_l("Quand"), "at"),
            Shown(_l("Qui"), "actor_label", "actor_label"),
            Shown(_l("Canal"), "get_channel_display"),
            Shown(_l("Quoi"), "summary", "summary"),
        ),
        also=("action",),
    ),
}
