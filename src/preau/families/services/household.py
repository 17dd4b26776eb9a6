"""Opening, moving, naming, closing a household."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction

from preau.families.enums import FamilyStatus
from preau.families.errors import JoinedFamily, MissingAddress, NoGuardian
from preau.families.models import Family
from preau.families.queries import address_of
from preau.families.rules import household_name, is_resident
from preau.families.services._common import clean_name, journal, lock_family
from preau.families.services.people import create_child, create_guardian
from preau.families.services.protection import move_protected
from preau.families.services.searching import refresh_search
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import new_family_code
from preau.kernel.text import is_number, search_key
from preau.town.queries import get_town

_DRAWS = 20


@transaction.atomic
def open_family(
    *,
    name: str | None = None,
    address: AddressData,
    guardians: Sequence[GuardianData],
    children: Sequence[ChildData] = (),
    channel: str,
    now: datetime,
    actor: Actor,
) -> Family:
    """Open a file under a code drawn at random; the first adult pays unless one is named.

    No account is opened and no password hashed: see `prepare_account`, `invite_by_email`.
    Raises NoGuardian, MissingAddress, MissingName, ImpossibleBirth, BadEmail, IneTaken.
    """
    if not guardians:
        raise NoGuardian
    address = clean_address(address)
    family = _draw(
        Family(
            name=name
            or household_name(
                clean_name(adult.usage_name or adult.last_name) for adult in guardians
            ),
            address_line1=address.line1,
            address_line2=address.line2,
            postcode=address.postcode,
            city=address.city,
            country=address.country,
            is_resident=is_resident(address, get_town()),
            created_at=now,
            channel=channel,
        )
    )
    payer = next((i for i, adult in enumerate(guardians) if adult.is_payer), 0)
    for order, adult in enumerate(guardians):
        create_guardian(family, adult, is_payer=order == payer, now=now)
    for child in children:
        create_child(family, child, starts_on=paris_day(now), now=now)
    refresh_search([family.pk])
    journal(
        actor,
        now,
        "open",
        f"Dossier {family.printed_code} ouvert pour {family.name}",
        family.pk,
        {"channel": str(channel)},
    )
    return family


@transaction.atomic
def change_address(
    *,
    family_id: int,
    address: AddressData,
    since: date | None = None,
    now: datetime,
    actor: Actor,
) -> bool:
    """The household moves. False when it already lives there. Raises MissingAddress."""
    family = lock_family(family_id)
    address = clean_address(address)
    if family.is_protected:
        return move_protected(family, address, since=since, now=now, actor=actor)
    before = address_of(family)
    if before == address:
        return False
    family.address_line1, family.address_line2 = address.line1, address.line2
    family.postcode, family.city, family.country = address.postcode, address.city, address.country
    family.is_resident = is_resident(address, get_town())
    family.address_since = since
    family.save(
        update_fields=[
            "address_line1",
            "address_line2",
            "postcode",
            "city",
            "country",
            "is_resident",
            "address_since",
        ]
    )
    refresh_search([family.pk])
    journal(
        actor,
        now,
        "change_address",
        f"Adresse changée : {address.one_line}",
        family.pk,
        {"before": before.one_line, "after": address.one_line},
    )
    return True


@transaction.atomic
def rename_family(*, family_id: int, name: str, now: datetime, actor: Actor) -> bool:
    """The name on top of the file. False when it is the same."""
    family = lock_family(family_id)
    name = clean_name(name)
    if name == family.name:
        return False
    before, family.name = family.name, name
    family.sort_key = search_key(name)[:160]
    family.save(update_fields=["name", "sort_key"])
    refresh_search([family.pk])
    journal(actor, now, "rename", f"Dossier « {before} » renommé « {name} »", family.pk)
    return True


@transaction.atomic
def close_family(*, family_id: int, reason: str, now: datetime, actor: Actor) -> None:
    """Close the file: it takes no new act; its adults still sign in, to pay and to read."""
    family = lock_family(family_id, even_closed=True)
    if family.status == FamilyStatus.CLOSED:
        return
    family.status, family.closed_on = FamilyStatus.CLOSED, paris_day(now)
    family.save(update_fields=["status", "closed_on"])
    said = f" : {reason.strip()}" if reason.strip() else ""
    journal(actor, now, "close", f"Dossier clos{said}", family.pk)


@transaction.atomic
def reopen_family(*, family_id: int, now: datetime, actor: Actor) -> None:
    """A file closed by a departure lives again; no more when it joined another (JoinedFamily)."""
    family = lock_family(family_id, even_closed=True)
    if family.status == FamilyStatus.ACTIVE:
        return
    if family.merged_into_id is not None:
        raise JoinedFamily
    family.status, family.closed_on = FamilyStatus.ACTIVE, None
    family.save(update_fields=["status", "closed_on"])
    journal(actor, now, "reopen", "Dossier rouvert", family.pk)


def clean_address(address: AddressData) -> AddressData:
    """Trimmed, single spaces. Raises MissingAddress."""

    def neat(text: str, size: int) -> str:
        return " ".join((text or "").split())[:size]

    clean = AddressData(
        line1=neat(address.line1, 120),
        line2=neat(address.line2, 120),
        postcode=neat(address.postcode, 10),
        city=neat(address.city, 80),
        country=neat(address.country, 60).upper() or "FRANCE",
    )
    if not (clean.line1 and clean.city):
        raise MissingAddress
    if clean.country == "FRANCE" and not (is_number(clean.postcode) and len(clean.postcode) == 5):
        raise MissingAddress("Un code postal français a cinq chiffres.")
    return clean


def _draw(family: Family) -> Family:
    """Save under the first free code: nine million exist, a town uses some thousands."""
    family.sort_key = search_key(family.name)[:160]
    for _ in range(_DRAWS):
        family.code = new_family_code()
        try:
            with transaction.atomic():
                family.save(force_insert=True)
        except IntegrityError:
            if not Family.objects.filter(code=family.code).exists():
                raise
        else:
            return family
    raise RuntimeError("no free family code was drawn")  # pragma: no cover
