"""Adults and children of a household."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from preau.accounts import services as accounts
from preau.families.enums import Civility, CustodyWeeks, Diet, Sex
from preau.families.errors import (
    AlreadyInFamily,
    BothMustSign,
    IneTaken,
    LastGuardian,
    NotInFamily,
)
from preau.families.models import Child, Custody, Family, Guardian
from preau.families.queries import both_must_sign, get_child
from preau.families.search import normalise_phone
from preau.families.services._common import (
    check_adult_birth,
    check_child_birth,
    clean_email,
    clean_name,
    clean_optional_name,
    guardian_of,
    journal,
    lock_family,
)
from preau.families.services.searching import child_key, guardian_key, refresh_search
from preau.families.values import ChildData, GuardianData
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day

CONTACT_FIELDS = ("email", "mobile_phone", "home_phone", "work_phone")
GUARDIAN_FIELDS = tuple(f.name for f in fields(GuardianData) if f.name != "is_payer")
CHILD_FIELDS = (
    "last_name",
    "usage_name",
    "first_name",
    "birth_on",
    "expected_on",
    "sex",
    "ine",
    "diet",
    "has_pai",
    "photo_consent",
)
_CONTACT_WORDS = {
    "email": "adresse e-mail",
    "mobile_phone": "portable",
    "home_phone": "téléphone du domicile",
    "work_phone": "téléphone du travail",
}


# --- Adults ----------------------------------------------------------------------------------


@transaction.atomic
def add_guardian(
    *, family_id: int, guardian: GuardianData, now: datetime, actor: Actor
) -> Guardian:
    """One more adult in the household; its account is opened when it is invited."""
    family = lock_family(family_id)
    created = create_guardian(family, guardian, is_payer=False, now=now)
    if (
        guardian.is_payer
        or not family.guardians.filter(is_payer=True, left_on__isnull=True).exists()
    ):
        _move_payer(family, created)
    refresh_search([family.pk])
    journal(
        actor,
        now,
        "add_guardian",
        f"{created} ajouté au dossier",
        family.pk,
        object_type="guardian",
        object_id=created.pk,
    )
    return created


@transaction.atomic
def change_guardian(
    *, family_id: int, guardian_id: int, changes: dict[str, Any], now: datetime, actor: Actor
) -> bool:
    """Change some of GUARDIAN_FIELDS of an adult; False when nothing differs.

    A new e-mail address does not sign in before its holder proves it (ask_email_verification).
    """
    family = lock_family(family_id)
    guardian = guardian_of(family, guardian_id)
    cleaned = _clean_guardian({k: v for k, v in changes.items() if k in GUARDIAN_FIELDS}, now)
    changed = _apply(guardian, cleaned)
    if not changed:
        return False
    guardian.search_key = guardian_key(guardian)
    guardian.save()
    if guardian.user_id and {"first_name", "last_name", "usage_name"} & changed.keys():
        accounts.rename_user(
            user_id=guardian.user_id,
            first_name=guardian.first_name,
            last_name=guardian.usage_name or guardian.last_name,
        )
    refresh_search([family.pk])
    journal(
        actor,
        now,
        "change_guardian",
        f"{guardian} : {_words(Guardian, changed)} corrigé",
        family.pk,
        {"fields": sorted(changed)},
        object_type="guardian",
        object_id=guardian.pk,
    )
    return True


@transaction.atomic
def change_contact(
    *,
    family_id: int,
    guardian_id: int,
    now: datetime,
    actor: Actor,
    email: str | None = None,
    mobile_phone: str | None = None,
    home_phone: str | None = None,
    work_phone: str | None = None,
) -> bool:
    """An adult's telephones and e-mail address; None leaves as it is, "" removes."""
    given = {
        "email": email,
        "mobile_phone": mobile_phone,
        "home_phone": home_phone,
        "work_phone": work_phone,
    }
    return change_guardian(
        family_id=family_id,
        guardian_id=guardian_id,
        now=now,
        actor=actor,
        changes={name: value for name, value in given.items() if value is not None},
    )


@transaction.atomic
def remove_guardian(
    *, family_id: int, guardian_id: int, left_on: date | None = None, now: datetime, actor: Actor
) -> None:
    """An adult leaves the household: its account opens this file no more. Raises LastGuardian."""
    family = lock_family(family_id)
    guardian = guardian_of(family, guardian_id)
    others = family.guardians.filter(left_on__isnull=True).exclude(pk=guardian.pk).order_by("pk")
    first = others.first()
    if first is None:
        raise LastGuardian
    was_payer, guardian.is_payer = guardian.is_payer, False
    guardian.left_on = left_on or paris_day(now)
    guardian.save(update_fields=["left_on", "is_payer"])
    if was_payer:
        _move_payer(family, first)
    if guardian.user is not None:
        accounts.set_active(user=guardian.user, is_active=False, now=now, actor=actor)
    refresh_search([family.pk])
    journal(
        actor,
        now,
        "remove_guardian",
        f"{guardian} a quitté le foyer",
        family.pk,
        object_type="guardian",
        object_id=guardian.pk,
    )


@transaction.atomic
def set_payer(*, family_id: int, guardian_id: int, now: datetime, actor: Actor) -> bool:
    """Name the adult to whom the next invoices are addressed."""
    family = lock_family(family_id)
    guardian = guardian_of(family, guardian_id)
    if guardian.is_payer:
        return False
    _move_payer(family, guardian)
    journal(
        actor,
        now,
        "set_payer",
        f"{guardian} devient redevable du foyer",
        family.pk,
        object_type="guardian",
        object_id=guardian.pk,
    )
    return True


def create_guardian(
    family: Family, data: GuardianData, *, is_payer: bool, now: datetime
) -> Guardian:
    """Write an adult; the caller holds the file, refreshes the search and journals."""
    cleaned = _clean_guardian({name: getattr(data, name) for name in GUARDIAN_FIELDS}, now)
    guardian = Guardian(family=family, is_payer=is_payer, created_at=now, **cleaned)
    guardian.search_key = guardian_key(guardian)
    guardian.save(force_insert=True)
    return guardian


def _move_payer(family: Family, guardian: Guardian) -> None:
    family.guardians.filter(is_payer=True, left_on__isnull=True).update(is_payer=False)
    guardian.is_payer = True
    guardian.save(update_fields=["is_payer"])


def _clean_guardian(given: dict[str, Any], now: datetime) -> dict[str, Any]:
    cleaned = dict(given)
    for name in ("first_name", "last_name"):
        if name in cleaned:
            cleaned[name] = clean_name(cleaned[name])
    if "usage_name" in cleaned:
        cleaned["usage_name"] = clean_optional_name(cleaned["usage_name"])
    if "email" in cleaned:
        cleaned["email"] = clean_email(cleaned["email"])
    for name in ("mobile_phone", "home_phone", "work_phone"):
        if name in cleaned:
            cleaned[name] = normalise_phone(cleaned[name])
    if "civility" in cleaned and cleaned["civility"] not in Civility.values:
        cleaned["civility"] = ""
    if "relationship" in cleaned:
        cleaned["relationship"] = " ".join(cleaned["relationship"].split())[:40]
    check_adult_birth(cleaned.get("birth_on"), paris_day(now))
    return cleaned


# --- Children --------------------------------------------------------------------------------


@transaction.atomic
def add_child(
    *,
    family_id: int,
    child: ChildData,
    starts_on: date | None = None,
    now: datetime,
    actor: Actor,
) -> Child:
    """A child joins the household: a new one, or (`child.child_id`) one that is known already.

    Raises AlreadyInFamily, MissingName, ImpossibleBirth, IneTaken.
    """
    family = lock_family(family_id)
    created = create_child(family, child, starts_on=starts_on or paris_day(now), now=now)
    refresh_search([family.pk])
    journal(
        actor,
        now,
        "add_child",
        f"{created} ajouté au dossier",
        family.pk,
        object_type="child",
        object_id=created.pk,
    )
    return created


@transaction.atomic
def change_child(
    *,
    family_id: int,
    child_id: int,
    changes: dict[str, Any],
    now: datetime,
    actor: Actor,
    both_agreed: bool = False,
) -> bool:
    """Change some of CHILD_FIELDS; False when nothing differs. Every household of it sees it.

    A name, and leave to be photographed, need both parents where a disagreement or a judgment is
    recorded: `both_agreed` says that they gave it. Raises BothMustSign otherwise.
    """
    family = lock_family(family_id)
    child = _locked_child(family, child_id, now)
    cleaned = _clean_child({k: v for k, v in changes.items() if k in CHILD_FIELDS})
    changed = _apply(child, cleaned)
    if not changed:
        return False
    asks_both = _needs_both(child, changed) and bool(both_must_sign([child_id], paris_day(now)))
    if asks_both and not both_agreed:
        raise BothMustSign(
            "Un désaccord ou une décision est enregistré pour cet enfant : cochez que les deux "
            "parents ont donné leur accord écrit."
        )
    if {"birth_on", "expected_on"} & changed.keys():
        check_child_birth(child.birth_on, child.expected_on, paris_day(now))
    child.search_key = child_key(child)
    _save_child(child)
    homes = list(Custody.objects.filter(child=child).values_list("family_id", flat=True))
    refresh_search(homes)
    journal(
        actor,
        now,
        "change_child",
        f"{child} : {_words(Child, changed)} corrigé",
        family.pk,
        {"fields": sorted(changed)},
        object_type="child",
        object_id=child.pk,
    )
    return True


def _needs_both(child: Child, changed: Iterable[str]) -> bool:
    """Whether what changed is no everyday act. Refusing a photograph needs nobody."""
    named = {"first_name", "last_name", "usage_name"} & set(changed)
    return bool(named) or ("photo_consent" in changed and bool(child.photo_consent))


@transaction.atomic
def change_diet(*, family_id: int, child_id: int, diet: str, now: datetime, actor: Actor) -> bool:
    """The child's meals (lawful words only). False when it is the same."""
    family = lock_family(family_id)
    child = _locked_child(family, child_id, now)
    diet = Diet(diet)
    if child.diet == diet:
        return False
    child.diet = diet
    child.save(update_fields=["diet"])
    journal(
        actor,
        now,
        "change_diet",
        f"Repas de {child} : {diet.label}",
        family.pk,
        object_type="child",
        object_id=child.pk,
    )
    return True


def note_sheet(
    *, child_id: int, has_pai: bool | None = None, photo_consent: bool | None = None
) -> None:
    """Keep on the child the two signs that lists show; the child's sheet holds what they mean
    and journals it. None leaves as it is."""
    values = {
        name: value
        for name, value in (("has_pai", has_pai), ("photo_consent", photo_consent))
        if value is not None
    }
    if values:
        Child.objects.filter(pk=child_id).update(**values)


def create_child(family: Family, data: ChildData, *, starts_on: date, now: datetime) -> Child:
    """Write a child and where it lives; the caller holds the file and journals."""
    if data.child_id is not None:
        child = Child.objects.filter(pk=data.child_id).first()
        if child is None:
            raise NotInFamily("Cet enfant n’existe pas.")
    else:
        check_child_birth(data.birth_on, data.expected_on, paris_day(now))
        child = Child(
            created_at=now, **_clean_child({name: getattr(data, name) for name in CHILD_FIELDS})
        )
        child.search_key = child_key(child)
        _save_child(child)
    try:
        with transaction.atomic():
            Custody.objects.create(
                child=child, family=family, weeks=CustodyWeeks(data.weeks), starts_on=starts_on
            )
    except IntegrityError as error:
        raise AlreadyInFamily from error
    return child


def _locked_child(family: Family, child_id: int, now: datetime) -> Child:
    if get_child(child_id, family_id=family.pk, day=paris_day(now)) is None:
        raise NotInFamily
    return Child.objects.select_for_update(of=("self",), no_key=True).get(pk=child_id)


def _clean_child(given: dict[str, Any]) -> dict[str, Any]:
    cleaned = dict(given)
    for name in ("first_name", "last_name"):
        if name in cleaned:
            cleaned[name] = clean_name(cleaned[name])
    if "usage_name" in cleaned:
        cleaned["usage_name"] = clean_optional_name(cleaned["usage_name"])
    if "ine" in cleaned:
        cleaned["ine"] = (cleaned["ine"] or "").strip().upper()[:11] or None
    if "sex" in cleaned and cleaned["sex"] not in Sex.values:
        cleaned["sex"] = ""
    if "diet" in cleaned:
        cleaned["diet"] = Diet(cleaned["diet"])
    return cleaned


def _save_child(child: Child) -> None:
    try:
        with transaction.atomic():
            child.save()
    except IntegrityError as error:
        if child.ine and Child.objects.filter(ine=child.ine).exclude(pk=child.pk).exists():
            raise IneTaken from error
        raise


def _apply(thing: Guardian | Child, cleaned: dict[str, Any]) -> dict[str, Any]:
    """Set what differs; gives back the former values."""
    changed = {}
    for name, value in cleaned.items():
        if getattr(thing, name) != value:
            changed[name] = getattr(thing, name)
            setattr(thing, name, value)
    return changed


def _words(model: type[Guardian] | type[Child], changed: dict[str, Any]) -> str:
    return ", ".join(
        _CONTACT_WORDS.get(name) or str(getattr(model._meta.get_field(name), "verbose_name", name))
        for name in changed
    )
