"""Health: written sealed, read by who may, each reading in the journal, no word of it anywhere."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.core.files.base import File
from django.db import transaction

from preau.audit.services import record
from preau.catalogue.enums import Allergen
from preau.childsheet.enums import Action, Vaccine
from preau.childsheet.errors import SheetRefused
from preau.childsheet.health import Health, open_health, seal_health
from preau.childsheet.models import ChildSheet, Collector, Pai
from preau.childsheet.queries import get_pai, pais_running
from preau.childsheet.rules import provisional_until, vaccines_missing
from preau.childsheet.services._common import child_name, journal, locked_sheet
from preau.documents.queries import get_sealed, open_sealed
from preau.documents.services import store_sealed
from preau.families.queries import get_children
from preau.families.services import note_sheet
from preau.kernel import sealing
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.text import proper_name

REVIEW_EACH = timedelta(days=365)


@transaction.atomic
def read_health(*, child_id: int, action: str, now: datetime, actor: Actor) -> Health:
    """What an agent with the right reads of one child; journaled before it is given."""
    return read_health_for_site(child_ids=[child_id], action=action, now=now, actor=actor)[child_id]


@transaction.atomic
def read_health_for_site(
    *, child_ids: Iterable[int], action: str, now: datetime, actor: Actor
) -> dict[int, Health]:
    """The same for a site's print: one line in the journal for each child."""
    ids = list(dict.fromkeys(child_ids))
    action = Action(action)
    sheets = dict(ChildSheet.objects.filter(child_id__in=ids).values_list("child_id", "sealed"))
    for child_id in ids:
        record(
            actor=actor,
            now=now,
            action="childsheet.read_health",
            summary=f"Données de santé {action.label}",
            object_type="child",
            object_id=child_id,
        )
    return {pk: open_health(sheets.get(pk, "")) for pk in ids}


@transaction.atomic
def read_measures(*, child_ids: Iterable[int]) -> dict[int, str]:
    """The measures of the plans of children whose reading `read_health_for_site` journaled."""
    return {
        plan.child_id: sealing.unseal(plan.sealed_measures)
        for plan in pais_running().filter(child_id__in=list(child_ids))
    }


@transaction.atomic
def read_document(
    *, child_id: int, file_id: UUID, now: datetime, actor: Actor
) -> tuple[str, str, bytes]:
    """A sealed paper of the child: name, type, content. The reading is journaled.

    Raises SheetRefused when it is not this child's.
    """
    if not (
        ChildSheet.objects.filter(child_id=child_id, vaccine_proof=file_id).exists()
        or Pai.objects.filter(child_id=child_id, document=file_id).exists()
        or Collector.objects.filter(child_id=child_id, judgment=file_id).exists()
    ):
        raise SheetRefused
    found = get_sealed(file_id)
    if found is None:
        raise SheetRefused
    record(
        actor=actor,
        now=now,
        action="childsheet.read_document",
        summary="Pièce scellée lue",
        object_type="child",
        object_id=child_id,
    )
    name, content = open_sealed(found)
    return name, found.content_type, content


@transaction.atomic
def write_health(
    *,
    child_id: int,
    family_id: int | None,
    health: Health,
    vaccine_proof: File | None = None,
    now: datetime,
    actor: Actor,
) -> bool:
    """Seal what the family says. A missing vaccination opens three months; a full list closes
    them. False when nothing differs."""
    clean = _clean(health)
    sheet = locked_sheet(child_id)
    before = open_health(sheet.sealed)
    known_until = sheet.provisional_until
    _provisional(sheet, clean, paris_day(now))
    if vaccine_proof is not None:
        sheet.vaccine_proof = store_sealed(uploaded=vaccine_proof, actor=actor, now=now)
        sheet.vaccines_checked_at, sheet.vaccines_checked_by = None, ""
    elif clean == before and sheet.provisional_until == known_until:
        return False
    sheet.sealed = seal_health(clean)
    if clean.vaccines != before.vaccines and not actor.is_agent:
        sheet.vaccines_checked_at, sheet.vaccines_checked_by = None, ""
    sheet.save()
    journal(
        actor=actor,
        now=now,
        action="write_health",
        said=f"{child_name(child_id)} : données de santé mises à jour",
        child_id=child_id,
        family_id=family_id,
    )
    return True


@transaction.atomic
def check_vaccines(*, child_id: int, vaccines: Iterable[str], now: datetime, actor: Actor) -> None:
    """An agent with the right has compared with the booklet: this is what is proved."""
    sheet = locked_sheet(child_id)
    health = open_health(sheet.sealed)
    health = _clean(replace(health, vaccines=tuple(vaccines)))
    sheet.sealed = seal_health(health)
    sheet.vaccines_checked_at, sheet.vaccines_checked_by = now, actor.label
    _provisional(sheet, health, paris_day(now))
    sheet.save()
    journal(
        actor=actor,
        now=now,
        action="check_vaccines",
        said=f"{child_name(child_id)} : vaccinations vérifiées",
        child_id=child_id,
        family_id=None,
    )


@transaction.atomic
def record_pai(
    *,
    child_id: int,
    family_id: int | None,
    measures: str,
    signed_on: date,
    review_on: date | None = None,
    document: File | None = None,
    now: datetime,
    actor: Actor,
) -> Pai:
    """A plan signed on a day, to review within a year; the one before ends. Raises SheetRefused."""
    today = paris_day(now)
    if signed_on > today:
        raise SheetRefused("Un PAI se signe avant d’être enregistré : vérifiez la date.")
    review_on = review_on or signed_on + REVIEW_EACH
    if not signed_on < review_on <= signed_on + timedelta(days=372):
        raise SheetRefused("Un PAI est revu chaque année : la date est dans les douze mois.")
    locked_sheet(child_id)
    former = get_pai(child_id)
    file = store_sealed(uploaded=document, actor=actor, now=now) if document else None
    if former is not None:
        former.ended_on = max(today, former.signed_on)
        former.save(update_fields=["ended_on"])
        file = file or former.document
    plan = Pai.objects.create(
        child_id=child_id,
        document=file,
        sealed_measures=sealing.seal(measures.strip()[:4000]),
        signed_on=signed_on,
        review_on=review_on,
        recorded_at=now,
        recorded_by=actor.label,
    )
    note_sheet(child_id=child_id, has_pai=True)
    journal(
        actor=actor,
        now=now,
        action="record_pai",
        said=f"{child_name(child_id)} : PAI enregistré",
        child_id=child_id,
        family_id=family_id,
    )
    return plan


@transaction.atomic
def end_pai(*, child_id: int, now: datetime, actor: Actor) -> bool:
    """The plan no longer runs; its paper stays sealed. False when there was none."""
    locked_sheet(child_id)
    plan = get_pai(child_id)
    if plan is None:
        note_sheet(child_id=child_id, has_pai=False)
        return False
    plan.ended_on = max(paris_day(now), plan.signed_on)
    plan.save(update_fields=["ended_on"])
    note_sheet(child_id=child_id, has_pai=False)
    journal(
        actor=actor,
        now=now,
        action="end_pai",
        said=f"{child_name(child_id)} : PAI terminé",
        child_id=child_id,
        family_id=None,
    )
    return True


@transaction.atomic
def set_photo(
    *, child_id: int, family_id: int | None, photo: File | None, now: datetime, actor: Actor
) -> None:
    """The face shown on the site's list (None: initials again). Sealed like a paper."""
    if photo is not None and photo.size and photo.size > 3_000_000:
        raise SheetRefused("Cette photo dépasse 3 Mo : envoyez-en une plus petite.")
    sheet = locked_sheet(child_id)
    kept = store_sealed(uploaded=photo, actor=actor, now=now) if photo else None
    if kept is not None and kept.content_type not in ("image/jpeg", "image/png", "image/webp"):
        raise SheetRefused("Envoyez une photo JPEG ou PNG.")
    former, sheet.photo = sheet.photo, kept
    sheet.save(update_fields=["photo"])
    if former is not None:
        former.delete()
    journal(
        actor=actor,
        now=now,
        action="photo",
        said=f"{child_name(child_id)} : photo {'ajoutée' if kept else 'retirée'}",
        child_id=child_id,
        family_id=family_id,
    )


@transaction.atomic
def confirm_sheet(*, child_id: int, family_id: int, now: datetime, actor: Actor) -> None:
    """A parent has read the sheet again: it is right."""
    sheet = locked_sheet(child_id)
    sheet.confirmed_at, sheet.confirmed_by = now, actor.label
    if sheet.provisional_until is None and sheet.vaccines_checked_at is None:
        _provisional(sheet, open_health(sheet.sealed), paris_day(now))
    sheet.save()
    journal(
        actor=actor,
        now=now,
        action="confirm_sheet",
        said=f"{child_name(child_id)} : fiche relue",
        child_id=child_id,
        family_id=family_id,
    )


def _provisional(sheet: ChildSheet, health: Health, today: date) -> None:
    child = get_children([sheet.child_id])[sheet.child_id]
    if not vaccines_missing(child.birth_on, health.vaccines, health.vaccines_excused):
        sheet.provisional_until = sheet.provisional_reminded_on = None
    elif sheet.provisional_until is None:
        sheet.provisional_until = provisional_until(today)
        sheet.provisional_reminded_on = None


def _clean(health: Health) -> Health:
    def words(text: str, size: int) -> str:
        return text.strip()[:size]

    return Health(
        allergens=tuple(a for a in Allergen.values if a in set(health.allergens)),
        other_allergies=words(health.other_allergies, 300),
        treatment=words(health.treatment, 600),
        doctor=proper_name(health.doctor)[:120],
        doctor_phone=words(health.doctor_phone, 20),
        advice=words(health.advice, 1000),
        vaccines=tuple(v for v in Vaccine.values if v in set(health.vaccines)),
        vaccines_excused=health.vaccines_excused,
    )
