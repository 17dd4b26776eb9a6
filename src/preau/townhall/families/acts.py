"""What an agent may do for a family from its file: the same acts as on the portal.

Each act belongs to the subject that serves its route; one that no subject serves, or that the
agent's rights do not open, is not shown.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from preau.accounts.enums import Permission
from preau.ui.routes import route


@dataclass(frozen=True)
class Act:
    name: str
    label: object
    icon: str
    permission: str
    key: str = ""


ACTS = (
    Act(
        "townhall:family-planning",
        _("Réserver ou annuler des jours"),
        "calendar-days",
        Permission.BOOK,
        "r",
    ),
    Act(
        "townhall:family-places",
        _("Places d’un enfant : réserver, déplacer, annuler"),
        "calendar-check",
        Permission.BOOK,
        "p",
    ),
    Act("townhall:family-absence", _("Signaler une absence"), "calendar-x-2", Permission.BOOK, "a"),
    Act(
        "townhall:family-request",
        _("Faire une demande pour la famille"),
        "file-text",
        Permission.HANDLE_REQUESTS,
        "d",
    ),
    Act(
        "townhall:family-payment",
        _("Encaisser au guichet"),
        "hand-coins",
        Permission.TAKE_PAYMENTS,
        "e",
    ),
    Act("townhall:family-account", _("Relevé et factures"), "wallet", Permission.SEE_ACCOUNTS, "c"),
    Act(
        "townhall:family-certificates",
        _("Délivrer une attestation"),
        "file-badge",
        Permission.SEE_FAMILIES,
    ),
    Act("townhall:family-cards", _("Cartes des enfants"), "id-card", Permission.SEE_FAMILIES),
    Act("townhall:family-childcare", _("Crèche"), "baby", Permission.MANAGE_CRECHE),
    Act(
        "townhall:family-schooling", _("Inscription scolaire"), "school", Permission.MANAGE_SCHOOLS
    ),
)


def acts_for(permissions, family):
    """(act, address) of each act that is served and that these permissions open."""
    return [
        (act, url)
        for act in ACTS
        if act.permission in permissions and (url := route(act.name, family.code))
    ]
