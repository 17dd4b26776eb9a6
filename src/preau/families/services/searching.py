"""Keeping the words by which agents find a file."""

from collections.abc import Iterable

from preau.families.models import Child, Custody, Family, Guardian
from preau.families.search import document_of
from preau.kernel.text import search_key

BATCH = 1000


def refresh_search(family_ids: Iterable[int]) -> None:
    """Write the search words of these files again: four queries for a thousand of them."""
    ids = sorted(set(family_ids))
    for start in range(0, len(ids), BATCH):
        _refresh(ids[start : start + BATCH])


def _refresh(ids: list[int]) -> None:
    parts: dict[int, list[str]] = {pk: [] for pk in ids}
    for adult in Guardian.objects.filter(family_id__in=ids, left_on__isnull=True):
        parts[adult.family_id] += [
            adult.first_name,
            adult.usage_name,
            adult.last_name,
            adult.email,
            adult.mobile_phone,
            adult.home_phone,
            adult.work_phone,
        ]
    for custody in Custody.objects.filter(family_id__in=ids).select_related("child"):
        child = custody.child
        parts[custody.family_id] += [child.first_name, child.usage_name, child.last_name]
    families = list(Family.objects.filter(pk__in=ids))
    for family in families:
        family.search_text = document_of(
            [
                family.code,
                family.former_code,
                family.name,
                *parts[family.pk],
                family.address_line1,
                family.address_line2,
                family.postcode,
                family.city,
            ]
        )
    Family.objects.bulk_update(families, ["search_text"], batch_size=500)


def guardian_key(guardian: Guardian) -> str:
    return search_key(guardian.last_name, guardian.usage_name, guardian.first_name)[:320]


def child_key(child: Child) -> str:
    """«rousseau lina»: last name first, for lists and for telling namesakes."""
    return search_key(child.last_name, child.first_name)[:240]
