"""What the family's services share: locks, the journal, checks of what was typed."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from preau.audit import services as audit
from preau.families.enums import FamilyStatus
from preau.families.errors import BadEmail, ClosedFamily, ImpossibleBirth, MissingName, NotInFamily
from preau.families.models import Family, Guardian
from preau.kernel.actors import Actor
from preau.kernel.text import proper_name

OLDEST_CHILD_YEARS = 26


def lock_family(family_id: int, *, even_closed: bool = False) -> Family:
    """The file, held until commit: acts on one file queue. Raises ClosedFamily, NotInFamily."""
    family = (
        Family.objects.select_for_update(of=("self",), no_key=True).filter(pk=family_id).first()
    )
    if family is None:
        raise NotInFamily("Ce dossier n’existe pas.")
    if family.status == FamilyStatus.CLOSED and not even_closed:
        raise ClosedFamily
    return family


def guardian_of(family: Family, guardian_id: int) -> Guardian:
    """The adult of this file. Raises NotInFamily."""
    guardian = (
        Guardian.objects.select_related("user")
        .filter(pk=guardian_id, family=family, left_on__isnull=True)
        .first()
    )
    if guardian is None:
        raise NotInFamily
    return guardian


def journal(
    actor: Actor,
    now: datetime,
    action: str,
    summary: str,
    family_id: int,
    data: dict[str, Any] | None = None,
    *,
    object_type: str = "family",
    object_id: int | None = None,
) -> None:
    audit.record(
        actor=actor,
        now=now,
        action=f"families.{action}",
        summary=summary,
        family_id=family_id,
        object_type=object_type,
        object_id=object_id or family_id,
        data=data,
    )


def clean_name(text: str) -> str:
    """A name as it is written in the file. Raises MissingName when nothing is left."""
    name = proper_name(text)[:80]
    if not any(c.isalpha() for c in name):
        raise MissingName
    return name


def clean_optional_name(text: str) -> str:
    return proper_name(text)[:80]


def clean_email(text: str) -> str:
    """Lower case; "" stays "". Raises BadEmail."""
    email = (text or "").strip().lower()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise BadEmail from error
    return email


def check_adult_birth(birth_on: date | None, today: date) -> None:
    if birth_on is not None and not (birth_on.year >= 1900 and birth_on < today):
        raise ImpossibleBirth


def check_child_birth(birth_on: date | None, expected_on: date | None, today: date) -> None:
    """A child is born in the last 26 years, or to be born within a year."""
    if birth_on is None and expected_on is None:
        raise ImpossibleBirth("Indiquez la date de naissance de l’enfant, ou celle prévue.")
    if birth_on is not None and not (
        today.year - OLDEST_CHILD_YEARS <= birth_on.year and birth_on <= today
    ):
        raise ImpossibleBirth
    if birth_on is None and expected_on is not None and abs((expected_on - today).days) > 400:
        raise ImpossibleBirth("Cette date de naissance prévue n’est pas possible.")
