"""Files that may already be this family, with the reasons: shown side by side before opening."""

from collections.abc import Sequence

from django.db.models import Expression, Q

from preau.families.enums import FamilyStatus
from preau.families.models import Child, Family, Guardian
from preau.families.queries import address_of
from preau.families.search import matches, normalise_phone
from preau.families.values import AddressData, ChildData, Duplicate, GuardianData
from preau.kernel.text import search_key

# What weighs: a child is the same child, an e-mail address is hardly shared, an address often is.
SAME_CHILD, SAME_EMAIL, SAME_PHONE, SAME_ADULT, SAME_ADDRESS, SAME_NAME = 60, 50, 40, 30, 20, 10
LIKELY = 30


def find_likely_duplicates(
    *,
    guardians: Sequence[GuardianData] = (),
    children: Sequence[ChildData] = (),
    address: AddressData | None = None,
    exclude_family_id: int | None = None,
    limit: int = 10,
) -> list[Duplicate]:
    """Existing files that look like this family, likeliest first; at most five queries.

    Compared without accents nor case; an address alone, or a name alone, is no reason enough.
    """
    ids = _candidates(guardians, children, address)
    ids.discard(exclude_family_id or 0)
    if not ids:
        return []
    adults: dict[int, list[Guardian]] = {}
    for adult in Guardian.objects.filter(family_id__in=ids, left_on__isnull=True).order_by("pk"):
        adults.setdefault(adult.family_id, []).append(adult)
    kids: dict[int, list[Child]] = {}
    for child in Child.objects.filter(custodies__family_id__in=ids).prefetch_related("custodies"):
        for custody in child.custodies.all():
            kids.setdefault(custody.family_id, []).append(child)
    found = []
    for family in Family.objects.filter(pk__in=ids):
        reasons = _reasons(
            family,
            adults.get(family.pk, []),
            kids.get(family.pk, []),
            guardians,
            children,
            address,
        )
        score = sum(reasons.values())
        if score >= LIKELY:
            found.append(
                Duplicate(
                    family_id=family.pk,
                    code=family.printed_code,
                    name=family.name,
                    address=address_of(family).one_line,
                    score=score,
                    reasons=tuple(reasons),
                )
            )
    return sorted(found, key=lambda match: (-match.score, match.family_id))[:limit]


def person_key(first_name: str, *last_names: str) -> set[str]:
    """The keys under which a person may be known: first name with each of the last names."""
    return {search_key(first_name, name) for name in last_names if name}


def _candidates(
    guardians: Sequence[GuardianData], children: Sequence[ChildData], address: AddressData | None
) -> set[int]:
    ids: set[int] = set()
    births = [child.birth_on for child in children if child.birth_on]
    keys = {k for c in children for k in person_key(c.first_name, c.last_name, c.usage_name)}
    if births and keys:
        for child in Child.objects.filter(birth_on__in=births).prefetch_related("custodies"):
            if keys & person_key(child.first_name, child.last_name, child.usage_name):
                ids.update(custody.family_id for custody in child.custodies.all())
    wanted: list[Expression | Q] = []
    for adult in guardians:
        contacts = [adult.email, *_phones(adult)]
        contacts += [f"{adult.first_name} {adult.usage_name or adult.last_name}"]
        wanted += [m for text in contacts if text and (m := matches("search_words", text))]
    if address is not None and address.line1:
        where = matches("search_words", f"{address.line1} {address.postcode}")
        if where is not None:
            wanted.append(where)
    if wanted:
        condition = Q()
        for one in wanted:
            condition |= Q(one)
        active = Family.objects.filter(status=FamilyStatus.ACTIVE)
        ids.update(active.filter(condition).values_list("pk", flat=True)[:200])
    return ids


def _phones(adult: GuardianData | Guardian) -> list[str]:
    numbers = (adult.mobile_phone, adult.home_phone, adult.work_phone)
    return [phone for number in numbers if (phone := normalise_phone(number))]


def _reasons(
    family: Family,
    adults: list[Guardian],
    kids: list[Child],
    guardians: Sequence[GuardianData],
    children: Sequence[ChildData],
    address: AddressData | None,
) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for child in children:
        keys = person_key(child.first_name, child.last_name, child.usage_name)
        for kid in kids:
            known = person_key(kid.first_name, kid.last_name, kid.usage_name)
            if child.birth_on and kid.birth_on == child.birth_on and keys & known:
                reasons[f"même enfant : {kid}, même date de naissance"] = SAME_CHILD
    for adult in guardians:
        for other in adults:
            if adult.email and other.email.lower() == adult.email.strip().lower():
                reasons[f"même adresse e-mail que {other}"] = SAME_EMAIL
            if set(_phones(adult)) & set(_phones(other)):
                reasons[f"même téléphone que {other}"] = SAME_PHONE
            if person_key(adult.first_name, adult.last_name, adult.usage_name) & person_key(
                other.first_name, other.last_name, other.usage_name
            ):
                births = {adult.birth_on, other.birth_on} - {None}
                if len(births) < 2:
                    reasons[f"même nom et prénom que {other}"] = SAME_ADULT
    if address is not None:
        here, there = _place(address), _place(address_of(family))
        if here == there and here.strip():
            reasons["même adresse"] = SAME_ADDRESS
    names = {search_key(g.last_name) for g in guardians} | {
        search_key(c.last_name) for c in children if c.last_name
    }
    known_names = {search_key(adult.last_name) for adult in adults} | {
        search_key(kid.last_name) for kid in kids
    }
    if names & known_names:
        reasons["même nom de famille"] = SAME_NAME
    return reasons


def _place(address: AddressData) -> str:
    return search_key(address.line1, address.postcode)
