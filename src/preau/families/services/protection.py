"""Protected addresses: the true one is sealed, every screen and paper has the one for the post."""

import json
from dataclasses import asdict
from datetime import date, datetime

from django.db import transaction

from preau.families.errors import FamilyRefusal
from preau.families.models import Family, ProtectedAddress
from preau.families.queries import address_of
from preau.families.rules import is_resident
from preau.families.services._common import journal, lock_family
from preau.families.services.searching import refresh_search
from preau.families.values import AddressData
from preau.kernel import sealing
from preau.kernel.actors import Actor
from preau.town.queries import get_town

FIELDS = ["address_line1", "address_line2", "postcode", "city", "country"]


@transaction.atomic
def protect_address(
    *,
    family_id: int,
    post: AddressData | None = None,
    reason: str = "",
    now: datetime,
    actor: Actor,
) -> bool:
    """Seal where the household lives; `post` (by default the town hall) stands in its place
    everywhere: screens, letters, invoices, exports, search. Living in the town or not is kept.
    """
    from preau.families.services.household import clean_address

    family = lock_family(family_id)
    town = get_town()
    post = clean_address(
        post
        or AddressData(
            line1="Aux bons soins de la mairie",
            postcode=(town.postcodes or ["00000"])[0],
            city=((town.city_names or [town.name])[0]).upper(),
        )
    )
    if family.is_protected:
        if address_of(family) == post:
            return False
    else:
        ProtectedAddress.objects.update_or_create(
            family=family,
            defaults={
                "sealed": _sealed(address_of(family)),
                "reason": " ".join(reason.split())[:200],
                "protected_at": now,
                "protected_by": actor.label,
            },
        )
        family.is_protected = True
    _show(family, post)
    journal(actor, now, "protect_address", "Adresse protégée", family.pk)
    return True


@transaction.atomic
def unprotect_address(*, family_id: int, now: datetime, actor: Actor) -> bool:
    """The address is shown again as any other."""
    family = lock_family(family_id, even_closed=True)
    kept = ProtectedAddress.objects.filter(family=family).first()
    if kept is None or not family.is_protected:
        return False
    family.is_protected = False
    _show(family, _opened(kept))
    kept.delete()
    journal(actor, now, "unprotect_address", "Adresse rendue visible", family.pk)
    return True


@transaction.atomic
def read_protected_address(*, family_id: int, now: datetime, actor: Actor) -> AddressData:
    """Where the household truly lives; the reading is journaled. Raises FamilyRefusal."""
    kept = ProtectedAddress.objects.filter(family_id=family_id).first()
    if kept is None:
        raise FamilyRefusal("Cette adresse n’est pas protégée.")
    journal(actor, now, "read_protected_address", "Adresse protégée lue", family_id)
    return _opened(kept)


def move_protected(
    family: Family, address: AddressData, *, since: date | None, now: datetime, actor: Actor
) -> bool:
    """The household moved: the new address is sealed, the one for the post stays."""
    kept = ProtectedAddress.objects.select_for_update().get(family=family)
    if _opened(kept) == address:
        return False
    kept.sealed = _sealed(address)
    kept.save(update_fields=["sealed"])
    family.is_resident = is_resident(address, get_town())
    family.address_since = since
    family.save(update_fields=["is_resident", "address_since"])
    journal(actor, now, "change_address", "Adresse protégée changée", family.pk)
    return True


def _show(family: Family, address: AddressData) -> None:
    family.address_line1, family.address_line2 = address.line1, address.line2
    family.postcode, family.city, family.country = address.postcode, address.city, address.country
    family.save(update_fields=[*FIELDS, "is_protected"])
    refresh_search([family.pk])


def _sealed(address: AddressData) -> str:
    return sealing.seal(json.dumps(asdict(address)))


def _opened(kept: ProtectedAddress) -> AddressData:
    return AddressData(**json.loads(sealing.unseal(kept.sealed)))
