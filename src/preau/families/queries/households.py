"""One household or many: their file, their adults, who pays."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from preau.families.enums import FamilyStatus
from preau.families.models import Family, Guardian
from preau.families.queries._common import id_of
from preau.families.values import AddressData
from preau.kernel.codes import normalise_family_code
from preau.kernel.kept import Kept

if TYPE_CHECKING:
    from preau.accounts.models import User


def get_guardian_of(user: "User") -> Guardian | None:
    """The adult whose account this is, with its family; None when it left the household.

    No query when the account was read by its session (`auth.FamilyBackend.get_user`).
    """
    read: Guardian | None = getattr(user, "adult", None)
    if read is not None:
        return read if read.left_on is None else None
    return (
        Guardian.objects.select_related("family")
        .filter(user_id=user.pk, left_on__isnull=True)
        .first()
    )


def get_family(pk: int) -> Family | None:
    """The file, whatever its state: scope it before showing it."""
    return Family.objects.filter(pk=pk).first()


def get_families(ids: Iterable[int]) -> dict[int, Family]:
    """The families by id, one query."""
    return Family.objects.in_bulk(list(set(ids)))


def get_family_by_code(code: str) -> Family | None:
    """«4027316 k», as a person types it."""
    normal = normalise_family_code(code)
    return Family.objects.filter(code=normal).first() if normal else None


def address_of(family: Family) -> AddressData:
    """The address that is written on letters (the protected one has its own room)."""
    return AddressData(
        line1=family.address_line1,
        line2=family.address_line2,
        postcode=family.postcode,
        city=family.city,
        country=family.country,
    )


def guardians_of(family: Family | int, *, with_left: bool = False) -> QuerySet[Guardian]:
    """The adults of the household, with their accounts; those who left only when asked."""
    found = Guardian.objects.filter(family_id=id_of(family)).select_related("user").order_by("pk")
    return found if with_left else found.filter(left_on__isnull=True)


read_emails = Kept(
    lambda family_id: (
        Guardian.objects.filter(family_id=family_id, left_on__isnull=True, has_authority=True)
        .exclude(email="")
        .order_by("pk")
        .values_list("email")
    )
)
"""The e-mail addresses of the adults who hold authority, in their order, as (address,) rows."""


def get_guardian(guardian_id: int, *, family_id: int) -> Guardian | None:
    """One adult, within a family's scope."""
    return guardians_of(family_id).filter(pk=guardian_id).first()


def own_files(family: Family) -> list[int]:
    """The file, and those that joined it, whose papers it reads as its own. No query most often."""
    found = [family.pk]
    if not family.has_joined:
        return found
    rank = 0
    while rank < len(found):
        found += (
            Family.objects.filter(merged_into_id=found[rank], status=FamilyStatus.CLOSED)
            .exclude(pk__in=found)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        rank += 1
    return found


def payer_of(family: Family | int) -> Guardian | None:
    """The adult to whom invoices are addressed: the named payer, else the first adult."""
    return (
        Guardian.objects.filter(family_id=id_of(family), left_on__isnull=True)
        .order_by("-is_payer", "pk")
        .first()
    )


def payers_of(family_ids: Iterable[int]) -> dict[int, Guardian]:
    """The payer of each family, one query."""
    rows = (
        Guardian.objects.filter(family_id__in=list(family_ids), left_on__isnull=True)
        .order_by("family_id", "-is_payer", "pk")
        .distinct("family_id")
    )
    return {row.family_id: row for row in rows}


def active_families() -> QuerySet[Family]:
    """The files in use, neither closed nor joined to another."""
    return Family.objects.filter(status=FamilyStatus.ACTIVE)


def guardians_by_id(ids: Iterable[int]) -> dict[int, Guardian]:
    """Adults by id, with their families, one query: for jobs that scoped them already."""
    found = Guardian.objects.filter(pk__in=list(ids), left_on__isnull=True)
    return {guardian.pk: guardian for guardian in found.select_related("family", "user")}


def guardians_of_families(family_ids: Iterable[int]) -> QuerySet[Guardian]:
    """The adults of many households, in the order of each; one query."""
    return Guardian.objects.filter(family_id__in=list(family_ids), left_on__isnull=True).order_by(
        "family_id", "pk"
    )
