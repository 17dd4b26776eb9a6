"""The quotient asked of the State (CAF, MSA): the port, and what may come back.

A connector speaks `QuotientService`; the setting `QUOTIENT_SERVICE` names it, empty when the town
has no access. Nothing of an identity is logged, nor put into an exception's words.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from preau.families.enums import QuotientSource
from preau.families.errors import FamilyRefusal

FRANCE = "99100"


@dataclass(frozen=True, slots=True)
class BirthIdentity:
    """A person as the civil register knows it. Born in France: the commune by its name and its
    department («94», «2A», «974»); elsewhere: the country's INSEE code («99350»)."""

    last_name: str = field(repr=False)
    first_names: tuple[str, ...] = field(repr=False)
    sex: str = field(repr=False)  # «F» or «M»
    birth_on: date = field(repr=False)
    commune: str = field(default="", repr=False)
    department: str = field(default="", repr=False)
    country: str = field(default=FRANCE, repr=False)


@dataclass(frozen=True, slots=True)
class StateQuotient:
    """What the State answered, no more than is kept: the children and the address are not."""

    value: int
    source: QuotientSource
    month: date  # the month that it is the quotient of, its first day
    computed: date | None  # the month when the fund computed it
    names: tuple[str, ...] = field(repr=False)  # birth names of the claimants, to be compared


class StateQuotientRefused(FamilyRefusal):
    """Any reason why no quotient came."""

    message = "Le quotient n’a pas pu être demandé."
    code = "state_quotient_refused"


class NoStateAccess(StateQuotientRefused):
    message = (
        "La ville n’a pas accès à ce service de l’État en ce moment. "
        "Donnez votre quotient avec votre attestation."
    )
    code = "no_state_access"


class QuotientNotFound(StateQuotientRefused):
    message = (
        "Ni la CAF ni la MSA ne connaît cette personne comme allocataire. Vérifiez tous les "
        "prénoms et le lieu de naissance, ou donnez le quotient avec son attestation."
    )
    code = "state_quotient_not_found"


class IdentityRefused(StateQuotientRefused):
    message = (
        "Le service de l’État n’accepte pas ces informations : vérifiez la date et le lieu de "
        "naissance."
    )
    code = "state_identity_refused"


class StateTooBusy(StateQuotientRefused):
    message = "Trop de demandes en même temps : réessayez dans une minute."
    code = "state_too_busy"


class StateUnreachable(StateQuotientRefused):
    message = (
        "Le service de l’État ne répond pas. Rien n’a changé : réessayez plus tard, ou donnez le "
        "quotient avec son attestation."
    )
    code = "state_unreachable"


class QuotientService(Protocol):
    """Asks for the quotient of one person for a month. Raises StateQuotientRefused."""

    def ask(self, identity: BirthIdentity, *, month: date) -> StateQuotient: ...


def is_available() -> bool:
    """Whether the town may ask."""
    return bool(settings.QUOTIENT_SERVICE)


def get_service() -> QuotientService:
    """The service of the settings. Raises NoStateAccess."""
    if not is_available():
        raise NoStateAccess
    service: QuotientService = import_string(settings.QUOTIENT_SERVICE)()
    return service
