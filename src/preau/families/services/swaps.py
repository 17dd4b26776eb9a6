"""Days that the two homes of a child exchange: both agree, or an agent types it."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from preau.families.enums import ExceptionStatus
from preau.families.errors import SwapRefused
from preau.families.models import Child, Custody, CustodyException, Guardian
from preau.families.rules import days_words
from preau.families.services._common import journal
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.locks import advisory_lock
from preau.messaging.services import queue_email
from preau.town.queries import get_town

LONGEST = timedelta(days=62)
SWAP_LOCK = 73


@transaction.atomic
def propose_swap(
    *,
    child_id: int,
    asked_by: int,
    to_family: int,
    starts_on: date,
    ends_on: date,
    now: datetime,
    actor: Actor,
) -> CustodyException:
    """One home asks that the child be with `to_family` on these days; nothing moves before the
    other home agrees. Asked twice, it is one. Raises SwapRefused.
    """
    advisory_lock(SWAP_LOCK, child_id)
    homes = _check(child_id, to_family, starts_on, ends_on, paris_day(now), past=False)
    if asked_by not in homes:
        raise SwapRefused
    same = CustodyException.objects.filter(
        child_id=child_id,
        family_id=to_family,
        starts_on=starts_on,
        ends_on=ends_on,
        status=ExceptionStatus.PROPOSED,
    ).first()
    if same is not None:
        return same
    swap = CustodyException.objects.create(
        child_id=child_id,
        family_id=to_family,
        starts_on=starts_on,
        ends_on=ends_on,
        asked_by_id=asked_by,
        asked_at=now,
        asked_label=actor.label,
    )
    _journal(swap, "propose_swap", "Échange de jours proposé", now, actor)
    _tell(swap, homes - {asked_by}, "vous propose un échange de jours", now)
    return swap


@transaction.atomic
def answer_swap(
    *, swap_id: int, family_id: int, agrees: bool, now: datetime, actor: Actor
) -> CustodyException:
    """The other home agrees or refuses. Raises SwapRefused when it is not its to answer."""
    swap = _locked(swap_id)
    if swap.asked_by_id == family_id or family_id not in _homes(swap.child_id, swap.starts_on):
        raise SwapRefused("Cette proposition attend la réponse de l’autre parent.")
    if swap.status != ExceptionStatus.PROPOSED:
        raise SwapRefused("Cette proposition a déjà reçu une réponse.")
    if agrees and swap.ends_on < paris_day(now):
        raise SwapRefused("Ces jours sont passés.")
    swap.status = ExceptionStatus.AGREED if agrees else ExceptionStatus.REFUSED
    swap.answered_at, swap.answered_label = now, actor.label
    swap.save(update_fields=["status", "answered_at", "answered_label"])
    said = "Échange de jours convenu" if agrees else "Échange de jours refusé"
    _journal(swap, "answer_swap", said, now, actor)
    if swap.asked_by_id is not None:
        words = "est d’accord pour l’échange de jours" if agrees else "refuse l’échange de jours"
        _tell(swap, {swap.asked_by_id}, words, now)
    return swap


@transaction.atomic
def withdraw_swap(
    *, swap_id: int, family_id: int | None, now: datetime, actor: Actor
) -> CustodyException:
    """Who asked takes the proposal back; an agent (`family_id` None) may end an agreed one too."""
    swap = _locked(swap_id)
    if family_id is not None and (
        swap.asked_by_id != family_id or swap.status != ExceptionStatus.PROPOSED
    ):
        raise SwapRefused("Seul le guichet peut défaire un échange convenu.")
    if swap.status in (ExceptionStatus.REFUSED, ExceptionStatus.WITHDRAWN):
        return swap
    swap.status = ExceptionStatus.WITHDRAWN
    swap.answered_at, swap.answered_label = now, actor.label
    swap.save(update_fields=["status", "answered_at", "answered_label"])
    _journal(swap, "withdraw_swap", "Échange de jours retiré", now, actor)
    return swap


@transaction.atomic
def type_swap(
    *,
    child_id: int,
    to_family: int,
    starts_on: date,
    ends_on: date,
    now: datetime,
    actor: Actor,
) -> CustodyException:
    """An agent records what both homes said, or what a judge did: in force at once."""
    advisory_lock(SWAP_LOCK, child_id)
    _check(child_id, to_family, starts_on, ends_on, paris_day(now), past=True)
    swap = CustodyException.objects.create(
        child_id=child_id,
        family_id=to_family,
        starts_on=starts_on,
        ends_on=ends_on,
        status=ExceptionStatus.AGREED,
        asked_at=now,
        asked_label=actor.label,
        answered_at=now,
        answered_label=actor.label,
    )
    _journal(swap, "type_swap", "Échange de jours saisi", now, actor)
    return swap


def _homes(child_id: int, day: date) -> set[int]:
    return set(
        Custody.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day), child_id=child_id, starts_on__lte=day
        ).values_list("family_id", flat=True)
    )


def _check(
    child_id: int, to_family: int, starts_on: date, ends_on: date, today: date, *, past: bool
) -> set[int]:
    if ends_on < starts_on:
        raise SwapRefused("Le dernier jour est avant le premier : vérifiez les deux dates.")
    if ends_on - starts_on > LONGEST:
        raise SwapRefused("Un échange porte sur deux mois au plus : au-delà, changez la garde.")
    if starts_on < today and not past:
        raise SwapRefused("Choisissez des jours à venir.")
    homes = _homes(child_id, starts_on)
    if to_family not in homes or len(homes) < 2:
        raise SwapRefused("Cet enfant n’a pas deux foyers à cette date.")
    return homes


def _locked(swap_id: int) -> CustodyException:
    swap = (
        CustodyException.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=swap_id)
        .first()
    )
    if swap is None:
        raise SwapRefused
    return swap


def _tell(swap: CustodyException, homes: set[int], words: str, now: datetime) -> None:
    """Write to the adults of a home; nothing of the other one but its answer."""
    child = Child.objects.get(pk=swap.child_id)
    town = get_town()
    for adult in Guardian.objects.filter(
        family_id__in=homes, left_on__isnull=True, has_authority=True
    ).exclude(email=""):
        where = "chez vous" if adult.family_id == swap.family_id else "chez l’autre parent"
        queue_email(
            to=adult.email,
            subject=f"Les jours de {child.first_name}",
            body=(
                f"Bonjour {adult.first_name},\n\nL’autre parent de {child.first_name} {words} : "
                f"{child.first_name} serait {where}, {days_words(swap.starts_on, swap.ends_on)}."
                "\n\nVous le retrouvez dans votre espace famille, sur sa page « Calendrier »."
                f"\n\n{town.name}, {town.subtitle}"
            ),
            now=now,
            family_id=adult.family_id,
        )


def _journal(swap: CustodyException, action: str, said: str, now: datetime, actor: Actor) -> None:
    """In both files, in words that tell neither home anything of the other."""
    child = Child.objects.get(pk=swap.child_id)
    days = days_words(swap.starts_on, swap.ends_on)
    for family_id in sorted(_homes(swap.child_id, swap.starts_on)):
        where = "dans ce foyer" if family_id == swap.family_id else "dans son autre foyer"
        journal(
            actor,
            now,
            action,
            f"{said} : {child.first_name} {where}, {days}",
            family_id,
            object_type="child",
            object_id=child.pk,
        )
