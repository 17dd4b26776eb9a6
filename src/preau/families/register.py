"""Families as an import sees them: light values, in a handful of queries for the whole town."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from preau.families.enums import FamilyStatus
from preau.families.models import Child, Custody, Family, Guardian
from preau.families.values import ChildData
from preau.kernel.text import search_key


@dataclass(frozen=True, slots=True)
class KnownChild:
    id: int
    last_name: str
    usage_name: str
    first_name: str
    birth_on: date | None
    sex: str

    def is_same(self, other: ChildData) -> bool:
        """Nothing to correct: same names (whatever their case), birth and sex."""
        return (
            (search_key(self.last_name), search_key(self.usage_name), search_key(self.first_name))
            == (
                search_key(other.last_name),
                search_key(other.usage_name),
                search_key(other.first_name),
            )
            and self.birth_on == other.birth_on
            and self.sex == other.sex
        )


@dataclass(slots=True)
class KnownFamily:
    id: int
    code: str
    address_key: str
    child_ids: set[int] = field(default_factory=set)
    guardian_keys: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)


def known_children(*, ines: Collection[str]) -> dict[str, KnownChild]:
    """Children already in the town, by INE."""
    return {
        child.ine: KnownChild(
            child.pk,
            child.last_name,
            child.usage_name,
            child.first_name,
            child.birth_on,
            child.sex,
        )
        for child in Child.objects.filter(ine__in=ines)
        if child.ine
    }


def children_without_ine(births: Collection[date]) -> dict[tuple[str, date], KnownChild | None]:
    """Children born on these days whom no register knows yet (another software's files), by
    (last name and first name, birth); None where two of them share all that."""
    found: dict[tuple[str, date], KnownChild | None] = {}
    for child in Child.objects.filter(ine=None, birth_on__in=births, merged_into=None):
        if child.birth_on is None:
            continue
        key = (search_key(child.last_name, child.first_name), child.birth_on)
        found[key] = (
            None
            if key in found
            else KnownChild(
                child.pk,
                child.last_name,
                child.usage_name,
                child.first_name,
                child.birth_on,
                child.sex,
            )
        )
    return found


def known_families(
    *, child_ids: Iterable[int], emails: Collection[str], day: date
) -> list[KnownFamily]:
    """The open households of these children on `day`, and those of adults with these e-mails."""
    children = list(child_ids)
    in_force = Q(ends_on__isnull=True) | Q(ends_on__gte=day)
    by_child = Custody.objects.filter(in_force, child_id__in=children).values("family_id")
    by_email = Guardian.objects.filter(email__in=emails, left_on__isnull=True).values("family_id")
    families = {
        row.pk: KnownFamily(
            row.pk,
            row.printed_code,
            search_key(row.address_line1, row.postcode, row.city),
        )
        for row in Family.objects.filter(
            Q(pk__in=by_child) | Q(pk__in=by_email), status=FamilyStatus.ACTIVE
        )
    }
    for family_id, child_id in Custody.objects.filter(in_force, family_id__in=families).values_list(
        "family_id", "child_id"
    ):
        families[family_id].child_ids.add(child_id)
    for family_id, last, first, email in Guardian.objects.filter(
        family_id__in=families, left_on__isnull=True
    ).values_list("family_id", "last_name", "first_name", "email"):
        families[family_id].guardian_keys.add(f"{search_key(last)}|{search_key(first)}")
        if email:
            families[family_id].emails.add(email)
    return list(families.values())
