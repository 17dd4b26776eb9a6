"""How to reach the adults of many households: for messages to a class, a site, the town."""

from collections.abc import Iterable
from dataclasses import dataclass

from preau.families.enums import FamilyStatus
from preau.families.models import Guardian
from preau.families.queries import address_of
from preau.families.values import AddressData


@dataclass(frozen=True, slots=True)
class Contact:
    """One adult of a household, with what reaches it. `address`: where the post goes."""

    guardian_id: int
    family_id: int
    family_code: str
    name: str
    civility: str
    email: str
    mobile: str
    address: AddressData


def contacts_of(family_ids: Iterable[int]) -> list[Contact]:
    """The adults with parental authority who live in these open households; one query."""
    found = (
        Guardian.objects.filter(
            family_id__in=list(family_ids),
            family__status=FamilyStatus.ACTIVE,
            has_authority=True,
            left_on__isnull=True,
        )
        .select_related("family")
        .order_by("family__sort_key", "family_id", "pk")
    )
    return [
        Contact(
            adult.pk,
            adult.family_id,
            adult.family.code,
            str(adult),
            adult.get_civility_display(),
            adult.email.lower(),
            adult.mobile_phone,
            address_of(adult.family),
        )
        for adult in found
    ]
