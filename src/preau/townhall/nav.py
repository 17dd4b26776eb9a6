"""The agents' menu: what their rights open, and nothing else."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import Permission as P
from preau.casework import queries as casework
from preau.townhall.inbox.scope import sites_of
from preau.ui.routes import route


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    label: Any
    permissions: frozenset[str]
    icon: str = ""
    badge: Any = ""


def _entry(name: str, label: Any, *permissions: str, icon: str = "") -> Entry:
    return Entry(name, label, frozenset(permissions), icon)


MAIN = (
    _entry("townhall:inbox", _("Demandes"), P.HANDLE_REQUESTS),
    _entry("townhall:families", _("Dossiers"), P.SEE_FAMILIES),
    _entry("townhall:sites", _("Sites"), P.SEE_REGISTER, P.TAKE_ATTENDANCE),
    _entry("townhall:kitchen", _("Cuisine"), P.SEE_KITCHEN),
    _entry("townhall:schools", _("Écoles"), P.MANAGE_SCHOOLS),
    _entry("townhall:childcare", _("Crèche"), P.MANAGE_CRECHE),
    _entry("townhall:counter", _("Guichet"), P.TAKE_PAYMENTS),
    _entry("townhall:billing", _("Factures"), P.SEE_ACCOUNTS, P.BILL, P.TAKE_PAYMENTS),
    _entry("townhall:messages", _("Messages"), P.SEND_MESSAGES),
    _entry("townhall:dashboard", _("Tableau"), P.SEE_FIGURES),
    _entry("townhall:figures", _("Chiffres"), P.SEE_FIGURES, P.MANAGE_CRECHE),
)
SETTINGS = (
    _entry("townhall:catalogue", _("Offre et calendrier"), P.MANAGE_CATALOGUE, icon="tent-tree"),
    _entry("townhall:rules", _("Règles et tarifs"), P.MANAGE_RULES, icon="scale"),
    _entry("townhall:agents", _("Agents"), P.MANAGE_AGENTS, icon="users"),
    _entry("townhall:imports", _("Imports d’élèves"), P.IMPORT, icon="upload"),
    _entry("townhall:take-overs", _("Reprise de dossiers"), P.IMPORT, icon="folder-input"),
    _entry(
        "townhall:settings", _("Réglages"), P.MANAGE_TOWN, P.WRITE_PAGES, icon="sliders-horizontal"
    ),
    _entry("townhall:journal", _("Journal"), P.READ_JOURNAL, icon="scroll-text"),
    _entry("townhall:password", _("Mon mot de passe"), icon="key-round"),
    _entry("townhall:factor", _("Second facteur"), icon="shield-check"),
)


def office(request: HttpRequest) -> dict[str, Any]:
    """`office_nav` and `office_settings` for an agent's page; nothing elsewhere."""
    held = getattr(request, "permissions", None)
    if held is None:
        return {}
    return {
        "office_nav": [_counted(entry, request) for entry in MAIN if _is_open(entry, held)],
        "office_settings": [entry for entry in SETTINGS if _is_open(entry, held)],
    }


def _counted(entry: Entry, request: HttpRequest) -> Entry:
    """The inbox with what waits in it; asked of the database only when a page draws the menu."""
    if entry.name != "townhall:inbox":
        return entry
    return replace(entry, badge=SimpleLazyObject(lambda: _waiting(request)))


def _waiting(request: HttpRequest) -> str:
    count = casework.to_handle(request.permissions, sites=sites_of(request))
    return str(count) if count else ""


def _is_open(entry: Entry, held: frozenset[str]) -> bool:
    return bool(route(entry.name)) and (not entry.permissions or bool(entry.permissions & held))
