"""The quotient that the State knows, asked with the person's agreement and recorded at once:
nothing is typed again, no paper is joined.

The State is called outside any transaction. What is kept: who asked, with whose agreement, the
quotient, its fund and its month, or why none came; of the identity, nothing.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from preau.audit.queries import list_family_entries
from preau.audit.services import record
from preau.families.queries import guardians_of
from preau.families.services import record_quotient
from preau.families.state_quotient import (
    BirthIdentity,
    StateQuotient,
    StateQuotientRefused,
    get_service,
)
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.text import search_key

if TYPE_CHECKING:
    from preau.families.models import Family, Guardian, Quotient

ASKED = "families.ask_state_quotient"
MOST_A_DAY = 6


class NotThisPerson(StateQuotientRefused):
    message = (
        "Le quotient demandé doit être celui de cet adulte : son nom, son prénom et sa date de "
        "naissance sont ceux du dossier."
    )
    code = "not_this_person"


def fetch_quotient(
    *,
    family: "Family",
    guardian_id: int,
    identity: BirthIdentity,
    agreed: bool,
    now: datetime,
    actor: Actor,
) -> "Quotient":
    """The quotient of this month, asked of the State for an adult of the household and recorded
    from the first of this month. Raises StateQuotientRefused, its kinds included; each call is
    in the family's journal, whatever came back.
    """
    adult = next((one for one in guardians_of(family) if one.pk == guardian_id), None)
    if adult is None or not _is(identity, adult):
        raise NotThisPerson
    if not agreed:
        raise StateQuotientRefused("Il faut l’accord de cette personne pour demander son quotient.")
    since = now - timedelta(days=1)
    if list_family_entries(family.pk).filter(action=ASKED, at__gte=since).count() >= MOST_A_DAY:
        raise StateQuotientRefused(
            "Le quotient a déjà été demandé plusieurs fois aujourd’hui : réessayez demain, ou "
            "donnez-le avec son attestation."
        )
    month = paris_day(now).replace(day=1)
    try:
        found = get_service().ask(identity, month=month)
        if search_key(adult.last_name) not in {search_key(name) for name in found.names}:
            raise NotThisPerson(
                "La réponse reçue est celle de quelqu’un d’autre : rien n’est gardé."
            )
    except StateQuotientRefused as refusal:
        _journal(family, adult, f"aucune réponse utile ({refusal.code})", now, actor)
        raise
    _journal(family, adult, f"réponse reçue, {_words(found)}", now, actor)
    return record_quotient(
        family_id=family.pk,
        value_cents=found.value * 100,
        source=found.source,
        starts_on=month,
        now=now,
        actor=actor,
    )


def _is(identity: BirthIdentity, adult: "Guardian") -> bool:
    """The adult of the file, not somebody else whose quotient one would like to know."""
    first = search_key(" ".join(identity.first_names))
    return (
        search_key(identity.last_name) == search_key(adult.last_name)
        and f"{first} ".startswith(f"{search_key(adult.first_name)} ")
        and adult.birth_on in (None, identity.birth_on)
    )


def _words(found: StateQuotient) -> str:
    computed = f", calculé en {found.computed:%m/%Y}" if found.computed else ""
    return f"{found.source.label}, quotient de {found.month:%m/%Y}{computed}"


def _journal(family: "Family", adult: "Guardian", what: str, now: datetime, actor: Actor) -> None:
    record(
        actor=actor,
        now=now,
        action=ASKED,
        summary=f"Quotient de {adult} demandé à l’État avec son accord : {what}",
        family_id=family.pk,
        object_type="guardian",
        object_id=adult.pk,
    )
