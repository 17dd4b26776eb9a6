"""The list of settings, each agent seeing those that its roles open."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import Permission as P
from preau.ui.routes import route


@dataclass(frozen=True, slots=True)
class Door:
    """One screen: its route, its name, what it is for, its icon, who may enter."""

    name: str
    label: Any
    hint: Any
    icon: str
    permission: str

    @property
    def url(self) -> str:
        return route(f"townhall:{self.name}")


GROUPS: tuple[tuple[Any, tuple[Door, ...]], ...] = (
    (
        _("La ville"),
        (
            Door(
                "town-identity",
                _("Identité"),
                _("Nom, adresse, téléphone, zone de vacances"),
                "landmark",
                P.MANAGE_TOWN,
            ),
            Door(
                "town-colours",
                _("Couleurs"),
                _("Les couleurs de la ville, lisibles par tous"),
                "palette",
                P.MANAGE_TOWN,
            ),
            Door(
                "town-logo",
                _("Logo"),
                _("En haut de chaque page et sur les courriers"),
                "image",
                P.MANAGE_TOWN,
            ),
            Door(
                "town-embed",
                _("Site de la ville"),
                _("Inclure l’encart, poser des liens"),
                "code-xml",
                P.MANAGE_TOWN,
            ),
            Door(
                "town-texts",
                _("Textes des décisions"),
                _("Silence, recours, mots de passe"),
                "scale",
                P.MANAGE_TOWN,
            ),
            Door(
                "town-services",
                _("Services"),
                _("Téléphones et horaires des services"),
                "phone",
                P.MANAGE_TOWN,
            ),
        ),
    ),
    (
        _("Ce que lisent les familles"),
        (
            Door(
                "town-pages",
                _("Pages publiques"),
                _("Accueil, aide, mentions légales…"),
                "file-text",
                P.WRITE_PAGES,
            ),
            Door(
                "town-notices",
                _("Annonces"),
                _("Grève, fermeture, changement d’horaire"),
                "megaphone",
                P.WRITE_PAGES,
            ),
            Door(
                "menus",
                _("Menus de la cantine"),
                _("Semaine par semaine"),
                "utensils",
                P.MANAGE_CATALOGUE,
            ),
        ),
    ),
    (
        _("L’offre"),
        (
            Door(
                "catalogue",
                _("Activités, sites et calendrier"),
                _("Ce qui est proposé, où, quand, pour combien d’enfants"),
                "tent-tree",
                P.MANAGE_CATALOGUE,
            ),
            Door(
                "rules",
                _("Tarifs et règles"),
                _("Prix, délais, absences, majorations"),
                "receipt-euro",
                P.MANAGE_RULES,
            ),
            Door(
                "request-kinds",
                _("Démarches"),
                _("Automatiques ou validées par un agent"),
                "inbox",
                P.MANAGE_TOWN,
            ),
            Door(
                "document-kinds",
                _("Pièces justificatives"),
                _("Ce qu’on demande, pour combien de temps"),
                "paperclip",
                P.MANAGE_CATALOGUE,
            ),
        ),
    ),
    (
        _("Agents, argent, échanges"),
        (
            Door(
                "agents",
                _("Agents et rôles"),
                _("Qui peut faire quoi, et où"),
                "users",
                P.MANAGE_AGENTS,
            ),
            Door(
                "cash-offices",
                _("Régies et paiement en ligne"),
                _("Ce que chaque régie encaisse, et par quelle banque"),
                "landmark",
                P.MANAGE_TOWN,
            ),
            Door(
                "imports",
                _("Import d’ONDE"),
                _("Les élèves et leurs responsables"),
                "upload",
                P.IMPORT,
            ),
            Door(
                "journal", _("Journal"), _("Qui a fait quoi, quand"), "scroll-text", P.READ_JOURNAL
            ),
            Door(
                "town-access",
                _("Accès des agents"),
                _("Second facteur, sessions, exports"),
                "shield-check",
                P.MANAGE_AGENTS,
            ),
        ),
    ),
)


def groups_for(permissions: frozenset[str]) -> list[tuple[str, list[Door]]]:
    """The groups that have at least one screen for these permissions."""
    found = []
    for title, doors in GROUPS:
        open_doors = [d for d in doors if d.permission in permissions and d.url]
        if open_doors:
            found.append((title, open_doors))
    return found
