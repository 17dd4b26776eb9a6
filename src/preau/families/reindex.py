"""Keeping each file's search words in step with its people, many files at once."""

from collections import defaultdict
from collections.abc import Iterable

from preau.families.models import Custody, Family, Guardian
from preau.families.search import document_of

BATCH = 1000


def reindex_families(family_ids: Iterable[int]) -> None:
    """Rewrite the search words of these files: code, names, addresses, e-mails, phones."""
    ids = list(family_ids)
    for start in range(0, len(ids), BATCH):
        _reindex(ids[start : start + BATCH])


def _reindex(ids: list[int]) -> None:
    words: dict[int, list[str]] = defaultdict(list)
    for family_id, *values in Guardian.objects.filter(
        family_id__in=ids, left_on__isnull=True
    ).values_list(
        "family_id",
        "last_name",
        "usage_name",
        "first_name",
        "email",
        "mobile_phone",
        "home_phone",
        "work_phone",
    ):
        words[family_id] += values
    for family_id, *values in Custody.objects.filter(family_id__in=ids).values_list(
        "family_id", "child__last_name", "child__usage_name", "child__first_name"
    ):
        words[family_id] += values
    families = list(Family.objects.filter(pk__in=ids))
    for family in families:
        family.search_text = document_of(
            [family.code, family.name, family.address_line1, family.city, *words[family.pk]]
        )
    Family.objects.bulk_update(families, ["search_text"])
