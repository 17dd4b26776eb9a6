"""Disagreements and judgments: who may act for a child from now on; each has an end, no eraser."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from preau.families.enums import ParentingBasis, ParentingEffect
from preau.families.errors import ParentingRefused
from preau.families.models import Child, Custody, Guardian, ParentingRecord
from preau.families.services._common import journal
from preau.families.services.custody import end_custody
from preau.families.services.people import remove_guardian
from preau.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class ParentingData:
    """What an agent records; `sealed_file_id` is the judgment's copy."""

    basis: str
    effect: str
    starts_on: date
    ends_on: date | None = None
    guardian_id: int | None = None
    person_name: str = ""
    reference: str = ""
    sealed_file_id: UUID | None = None


@transaction.atomic
def record_parenting(
    *, child_id: int, data: ParentingData, now: datetime, actor: Actor
) -> ParentingRecord:
    """Record it, and make it true: an adult who no longer acts loses the child's file that day.

    SOLE: where the adult's household has another adult, this one leaves it (its access closes);
    where it is alone, the child no longer lives there. Raises ParentingRefused, LastGuardian.
    """
    basis, effect = ParentingBasis(data.basis), ParentingEffect(data.effect)
    child = Child.objects.select_for_update(of=("self",), no_key=True).filter(pk=child_id).first()
    if child is None:
        raise ParentingRefused
    if data.ends_on is not None and data.ends_on < data.starts_on:
        raise ParentingRefused("Le dernier jour est avant le premier : vérifiez les deux dates.")
    adult = None
    if data.guardian_id is not None:
        adult = (
            Guardian.objects.select_related("family")
            .filter(pk=data.guardian_id, family__custodies__child=child)
            .distinct()
            .first()
        )
        if adult is None:
            raise ParentingRefused("Cet adulte n’est dans aucun des foyers de l’enfant.")
    name = " ".join(data.person_name.split())[:160]
    if effect != ParentingEffect.BOTH_SIGN and adult is None and not name:
        raise ParentingRefused("Dites de qui il s’agit.")
    if effect == ParentingEffect.SOLE:
        if basis != ParentingBasis.JUDGMENT:
            raise ParentingRefused("Seule une décision de justice retire à un parent d’agir.")
        if adult is None:
            raise ParentingRefused("Choisissez l’adulte que la décision concerne.")
    if basis == ParentingBasis.JUDGMENT and data.sealed_file_id is None:
        raise ParentingRefused("Joignez la décision de justice (photo ou PDF).")
    record = ParentingRecord.objects.create(
        child=child,
        basis=basis,
        effect=effect,
        guardian=adult,
        person_name=name,
        reference=" ".join(data.reference.split())[:160],
        document_id=data.sealed_file_id,
        starts_on=data.starts_on,
        ends_on=data.ends_on,
        recorded_at=now,
        recorded_by=actor.label,
    )
    _journal(record, child, "record_parenting", f"Enregistré : {effect.label}", now, actor)
    if effect == ParentingEffect.SOLE and adult is not None:
        _shut_out(adult, child, data.starts_on, now, actor)
    return record


@transaction.atomic
def lift_parenting(*, record_id: int, reason: str, now: datetime, actor: Actor) -> ParentingRecord:
    """The decision no longer holds; what an agent closed because of it is reopened by hand."""
    record = (
        ParentingRecord.objects.select_for_update(of=("self",), no_key=True)
        .select_related("child")
        .filter(pk=record_id)
        .first()
    )
    if record is None:
        raise ParentingRefused
    if record.lifted_at is not None:
        return record
    if not reason.strip():
        raise ParentingRefused("Dites pourquoi cette décision ne tient plus.")
    record.lifted_at, record.lifted_by = now, actor.label
    record.lifted_reason = " ".join(reason.split())[:200]
    record.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    label = str(ParentingEffect(record.effect).label)
    _journal(record, record.child, "lift_parenting", f"Levé : {label}", now, actor)
    return record


def note_judgment_read(*, child_id: int, family_id: int, now: datetime, actor: Actor) -> None:
    """The sealed copy of a decision is about to be read."""
    journal(
        actor,
        now,
        "read_judgment",
        "Décision de justice lue",
        family_id,
        object_type="child",
        object_id=child_id,
    )


def _shut_out(adult: Guardian, child: Child, day: date, now: datetime, actor: Actor) -> None:
    others = Guardian.objects.filter(family_id=adult.family_id, left_on__isnull=True).exclude(
        pk=adult.pk
    )
    if adult.left_on is None and others.exists():
        remove_guardian(
            family_id=adult.family_id, guardian_id=adult.pk, left_on=day, now=now, actor=actor
        )
    elif not others.exists():
        lives = Custody.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day), child=child, family_id=adult.family_id
        )
        if lives.exists():
            end_custody(
                child_id=child.pk,
                family_id=adult.family_id,
                ends_on=day - timedelta(days=1),
                now=now,
                actor=actor,
            )


def _journal(
    record: ParentingRecord, child: Child, action: str, said: str, now: datetime, actor: Actor
) -> None:
    """In each of the child's files: the effect alone, never the judgment's words."""
    homes = Custody.objects.filter(child=child).values_list("family_id", flat=True).distinct()
    for family_id in sorted(homes):
        journal(
            actor,
            now,
            action,
            f"{child.first_name} : {said}",
            family_id,
            object_type="parenting",
            object_id=record.pk,
        )
