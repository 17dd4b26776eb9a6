"""Opening many files at once: the same rows as `services.open_family`, in a handful of statements.

For imports (ONDE, take-over). No password is hashed and no account is made here: the letters'
job does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from preau.audit.services import record_many
from preau.families.models import Child, Custody, Family, Guardian
from preau.families.rules import household_name, is_resident
from preau.families.search import normalise_phone
from preau.families.services.searching import refresh_search
from preau.families.takeover import new_codes
from preau.families.values import AddressData, ChildData, GuardianData
from preau.kernel.actors import Actor
from preau.kernel.text import proper_name, search_key
from preau.town.queries import get_town

BATCH = 1000


@dataclass(slots=True)
class BulkFamily:
    """A household to open. `children` are INEs, of new children or of known ones."""

    address: AddressData
    guardians: list[GuardianData]
    children: list[str]
    family_id: int | None = field(default=None, init=False)


@transaction.atomic
def create_children(*, children: Sequence[ChildData], now: datetime) -> dict[str, int]:
    """Create these children; their ids by INE."""
    rows = [
        Child(
            ine=child.ine,
            last_name=proper_name(child.last_name),
            usage_name=proper_name(child.usage_name),
            first_name=proper_name(child.first_name),
            birth_on=child.birth_on,
            sex=child.sex,
            photo_consent=child.photo_consent,
            search_key=search_key(child.last_name, child.usage_name, child.first_name),
            created_at=now,
        )
        for child in children
    ]
    Child.objects.bulk_create(rows, batch_size=BATCH)
    return {row.ine: row.pk for row in rows if row.ine}


@transaction.atomic
def open_families(
    *,
    families: Sequence[BulkFamily],
    child_ids: dict[str, int],
    starts_on: date,
    now: datetime,
    actor: Actor,
) -> None:
    """Open these households, each with a code of its own; sets their `family_id`."""
    town = get_town()
    codes = new_codes(len(families))
    rows = []
    for code, family in zip(codes, families, strict=True):
        name = household_name(
            proper_name(adult.usage_name or adult.last_name) for adult in family.guardians
        )
        rows.append(
            Family(
                code=code,
                name=name,
                sort_key=search_key(name)[:160],
                address_line1=family.address.line1,
                postcode=family.address.postcode,
                city=family.address.city,
                country=family.address.country,
                is_resident=is_resident(family.address, town),
                created_at=now,
                channel=actor.channel,
            )
        )
    Family.objects.bulk_create(rows, batch_size=BATCH)
    guardians: list[Guardian] = []
    custodies: list[Custody] = []
    for row, family in zip(rows, families, strict=True):
        family.family_id = row.pk
        guardians += [
            _guardian(row.pk, guardian, now, is_payer=position == 0)
            for position, guardian in enumerate(family.guardians)
        ]
        custodies += [
            Custody(child_id=child_ids[ine], family_id=row.pk, starts_on=starts_on)
            for ine in family.children
        ]
    Guardian.objects.bulk_create(guardians, batch_size=BATCH)
    Custody.objects.bulk_create(custodies, batch_size=BATCH)
    refresh_search([row.pk for row in rows])
    record_many(
        actor=actor,
        now=now,
        action="families.open",
        entries=[(row.pk, f"Dossier {row.printed_code} ouvert par import") for row in rows],
    )


@transaction.atomic
def attach_children(
    *, links: Sequence[tuple[int, int]], starts_on: date, now: datetime, actor: Actor
) -> None:
    """Add known children (child_id, family_id) to open households."""
    Custody.objects.bulk_create(
        [
            Custody(child_id=child_id, family_id=family_id, starts_on=starts_on)
            for child_id, family_id in links
        ],
        batch_size=BATCH,
    )
    refresh_search([family_id for _, family_id in links])
    record_many(
        actor=actor,
        now=now,
        action="families.add_child",
        entries=[(family_id, "Enfant ajouté par import") for _, family_id in links],
    )


@transaction.atomic
def attach_guardians(
    *, links: Sequence[tuple[int, GuardianData]], now: datetime, actor: Actor
) -> None:
    """Add adults to open households."""
    Guardian.objects.bulk_create(
        [_guardian(family_id, guardian, now, is_payer=False) for family_id, guardian in links],
        batch_size=BATCH,
    )
    refresh_search([family_id for family_id, _ in links])
    record_many(
        actor=actor,
        now=now,
        action="families.add_guardian",
        entries=[
            (family_id, f"{g.first_name} {g.last_name} ajouté(e) par import")
            for family_id, g in links
        ],
    )


@transaction.atomic
def move_families(*, moves: Sequence[tuple[int, AddressData]], now: datetime, actor: Actor) -> None:
    """Write a new address on each of these households."""
    town = get_town()
    rows = Family.objects.in_bulk([family_id for family_id, _ in moves])
    for family_id, address in moves:
        row = rows[family_id]
        row.address_line1, row.address_line2 = address.line1, address.line2
        row.postcode, row.city, row.country = address.postcode, address.city, address.country
        row.is_resident = is_resident(address, town)
    Family.objects.bulk_update(
        rows.values(),
        ["address_line1", "address_line2", "postcode", "city", "country", "is_resident"],
        batch_size=BATCH,
    )
    record_many(
        actor=actor,
        now=now,
        action="families.change_address",
        entries=[(family_id, "Adresse changée par import") for family_id, _ in moves],
    )


@transaction.atomic
def give_ines(*, ines: dict[str, int]) -> None:
    """Write the register's identifier on children who had none: {INE: child id}."""
    rows = Child.objects.in_bulk(list(ines.values()))
    for ine, child_id in ines.items():
        rows[child_id].ine = ine
    Child.objects.bulk_update(rows.values(), ["ine"], batch_size=BATCH)


@transaction.atomic
def correct_children(*, corrections: Sequence[tuple[int, ChildData]]) -> None:
    """Rewrite the identity of these children as the school's register gives it."""
    rows = Child.objects.in_bulk([child_id for child_id, _ in corrections])
    for child_id, child in corrections:
        row = rows[child_id]
        row.last_name = proper_name(child.last_name)
        row.usage_name = proper_name(child.usage_name)
        row.first_name = proper_name(child.first_name)
        row.birth_on, row.sex = child.birth_on, child.sex
        row.search_key = search_key(child.last_name, child.usage_name, child.first_name)
    Child.objects.bulk_update(
        rows.values(),
        ["last_name", "usage_name", "first_name", "birth_on", "sex", "search_key"],
        batch_size=BATCH,
    )


def _guardian(family_id: int, guardian: GuardianData, now: datetime, *, is_payer: bool) -> Guardian:
    return Guardian(
        family_id=family_id,
        civility=guardian.civility,
        last_name=proper_name(guardian.last_name),
        usage_name=proper_name(guardian.usage_name),
        first_name=proper_name(guardian.first_name),
        email=guardian.email,
        mobile_phone=normalise_phone(guardian.mobile_phone),
        home_phone=normalise_phone(guardian.home_phone),
        work_phone=normalise_phone(guardian.work_phone),
        is_payer=is_payer,
        search_key=search_key(
            guardian.last_name, guardian.usage_name, guardian.first_name, guardian.email
        ),
        created_at=now,
    )
