"""Opening the files of another software, many at once: complete rows, in a handful of statements.

The caller has read and judged each file (`check_adult`, `check_child`, `check_address` are those
of the ordinary services); what is given here is written as it is. No account is made.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db import transaction

from preau.audit.services import record_many
from preau.families.models import Child, Custody, Family, Guardian
from preau.families.rules import household_name, is_resident
from preau.families.search import document_of, normalise_phone
from preau.families.services._common import (
    check_adult_birth,
    check_child_birth,
    clean_email,
    clean_name,
    clean_optional_name,
)
from preau.families.services.household import clean_address
from preau.families.services.searching import child_key, guardian_key
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.actors import Actor
from preau.kernel.codes import new_family_code
from preau.kernel.text import search_key
from preau.town.queries import get_town

BATCH = 1000


@dataclass(slots=True)
class FormerChild:
    """A child and, in this household, since when and which weeks (`data.weeks`)."""

    former_code: str
    data: ChildData
    starts_on: date


@dataclass(slots=True)
class FormerFile:
    """A household as the software before held it; `family_id` is set once it is opened."""

    former_code: str
    name: str
    address: AddressData
    since: date | None
    adults: list[GuardianData]
    children: list[FormerChild]
    family_id: int | None = field(default=None)


def check_address(address: AddressData) -> AddressData:
    """The address as it will be kept. Raises MissingAddress."""
    return clean_address(address)


def check_adult(adult: GuardianData, today: date) -> GuardianData:
    """The adult as it will be kept. Raises MissingName, BadEmail, ImpossibleBirth."""
    check_adult_birth(adult.birth_on, today)
    return replace(
        adult,
        last_name=clean_name(adult.last_name),
        first_name=clean_name(adult.first_name),
        usage_name=clean_optional_name(adult.usage_name),
        email=clean_email(adult.email),
        mobile_phone=normalise_phone(adult.mobile_phone),
        home_phone=normalise_phone(adult.home_phone),
        work_phone=normalise_phone(adult.work_phone),
        relationship=adult.relationship[:40],
    )


def check_child(child: ChildData, today: date) -> ChildData:
    """The child as it will be kept. Raises MissingName, ImpossibleBirth."""
    check_child_birth(child.birth_on, child.expected_on, today)
    return replace(
        child,
        last_name=clean_name(child.last_name),
        first_name=clean_name(child.first_name),
        usage_name=clean_optional_name(child.usage_name),
    )


def known_families(former_codes: Collection[str]) -> dict[str, int]:
    """Ids of the files already taken over, by their former code."""
    return dict(
        Family.objects.filter(former_code__in=list(former_codes)).values_list("former_code", "pk")
    )


def known_children(former_codes: Collection[str]) -> dict[str, int]:
    """Ids of the children already taken over, by their former code."""
    return dict(
        Child.objects.filter(former_code__in=list(former_codes)).values_list("former_code", "pk")
    )


def children_with_ine(ines: Collection[str]) -> dict[str, tuple[int, str]]:
    """(id, former code) of the children who bear these INE."""
    return {
        ine: (pk, former)
        for pk, ine, former in Child.objects.filter(ine__in=list(ines)).values_list(
            "pk", "ine", "former_code"
        )
    }


def namesakes(births: Collection[date]) -> dict[tuple[str, date], str]:
    """The family code of each child born on one of these days, by (search key, birth)."""
    found: dict[tuple[str, date], str] = {}
    for key, birth, code in (
        Custody.objects.filter(
            child__birth_on__in=list(births), child__former_code="", child__merged_into=None
        )
        .values_list("child__search_key", "child__birth_on", "family__code")
        .iterator()
    ):
        if birth is not None:
            found[key, birth] = code
    return found


def key_of(child: ChildData) -> str:
    """The key under which `namesakes` knows a child."""
    return search_key(child.last_name, child.first_name)[:240]


@transaction.atomic
def open_files(*, files: Sequence[FormerFile], now: datetime, actor: Actor) -> dict[str, int]:
    """Open these files, each with a code of its own; the ids of all their children by former code.

    A child known by its former code joins its second household. Each `file.family_id` is set.
    """
    town = get_town()
    rows: list[Family] = []
    for code, file in zip(new_codes(len(files)), files, strict=True):
        name = (
            file.name
            or household_name(adult.usage_name or adult.last_name for adult in file.adults)
        )[:160]
        rows.append(
            Family(
                code=code,
                former_code=file.former_code,
                name=name,
                sort_key=search_key(name)[:160],
                address_line1=file.address.line1,
                address_line2=file.address.line2,
                postcode=file.address.postcode,
                city=file.address.city,
                country=file.address.country,
                is_resident=is_resident(file.address, town),
                address_since=file.since,
                created_at=now,
                channel=actor.channel,
                search_text=_words(code, name, file),
            )
        )
    Family.objects.bulk_create(rows, batch_size=BATCH)
    for row, file in zip(rows, files, strict=True):
        file.family_id = row.pk
    ids = _create_children(files, now)
    guardians, custodies = [], []
    for row, file in zip(rows, files, strict=True):
        payer = next((i for i, adult in enumerate(file.adults) if adult.is_payer), 0)
        for order, adult in enumerate(file.adults):
            guardian = Guardian(
                family_id=row.pk,
                civility=adult.civility,
                last_name=adult.last_name,
                usage_name=adult.usage_name,
                first_name=adult.first_name,
                birth_on=adult.birth_on,
                relationship=adult.relationship,
                email=adult.email,
                mobile_phone=adult.mobile_phone,
                home_phone=adult.home_phone,
                work_phone=adult.work_phone,
                has_authority=adult.has_authority,
                is_payer=order == payer,
                created_at=now,
            )
            guardian.search_key = guardian_key(guardian)
            guardians.append(guardian)
        custodies += [
            Custody(
                child_id=ids[child.former_code],
                family_id=row.pk,
                weeks=child.data.weeks,
                starts_on=child.starts_on,
            )
            for child in file.children
        ]
    Guardian.objects.bulk_create(guardians, batch_size=BATCH)
    Custody.objects.bulk_create(custodies, batch_size=BATCH)
    record_many(
        actor=actor,
        now=now,
        action="families.open",
        entries=[
            (row.pk, f"Dossier {row.printed_code} repris de l’ancien logiciel ({row.former_code})")
            for row in rows
        ],
    )
    return ids


def _create_children(files: Sequence[FormerFile], now: datetime) -> dict[str, int]:
    wanted = {child.former_code: child.data for file in files for child in file.children}
    ids = known_children(wanted)
    rows = []
    for code, data in wanted.items():
        if code in ids:
            continue
        row = Child(
            former_code=code,
            last_name=data.last_name,
            usage_name=data.usage_name,
            first_name=data.first_name,
            birth_on=data.birth_on,
            sex=data.sex,
            ine=data.ine or None,
            diet=data.diet,
            has_pai=data.has_pai,
            photo_consent=data.photo_consent,
            created_at=now,
        )
        row.search_key = child_key(row)
        rows.append(row)
    Child.objects.bulk_create(rows, batch_size=BATCH)
    return ids | {row.former_code: row.pk for row in rows}


def _words(code: str, name: str, file: FormerFile) -> str:
    def parts() -> Iterable[str]:
        yield from (code, file.former_code, name)
        for adult in file.adults:
            yield from (adult.first_name, adult.usage_name, adult.last_name, adult.email)
            yield from (adult.mobile_phone, adult.home_phone, adult.work_phone)
        for child in file.children:
            yield from (child.data.first_name, child.data.usage_name, child.data.last_name)
        yield from (file.address.line1, file.address.line2, file.address.postcode)
        yield file.address.city

    return document_of(parts())


def new_codes(count: int) -> list[str]:
    """As many family codes that no file bears."""
    codes: set[str] = set()
    while len(codes) < count:
        wanted = {new_family_code() for _ in range(count - len(codes))}
        taken = set(Family.objects.filter(code__in=wanted).values_list("code", flat=True))
        codes |= wanted - taken
    return list(codes)
