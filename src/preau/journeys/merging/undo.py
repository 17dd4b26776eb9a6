"""Undoing a merge or a split: every row back as it was, money by opposite movements.

Possible for thirty days, while nothing that the act moved has changed since.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from preau.audit.services import record
from preau.billing.carrying import Carried, carry_back, money_moved_since
from preau.bookings.services import restore_bookings
from preau.families.services import lock_family, refresh_search
from preau.journeys.merging.record import ChangedSince, Changes, rows_of
from preau.journeys.models import FamilyAct
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.errors import Refusal

UNDO_DAYS = 30


class CannotUndoAct(Refusal):
    message = "Cet acte ne se défait plus."
    code = "cannot_undo_act"


def acts_of(family_id: int) -> QuerySet[FamilyAct]:
    """Merges and splits that concern a file, latest first."""
    return FamilyAct.objects.filter(Q(family_id=family_id) | Q(other_id=family_id)).select_related(
        "family", "other"
    )


def get_act(pk: int) -> FamilyAct | None:
    """A merge or a split, with its two files."""
    return FamilyAct.objects.select_related("family", "other").filter(pk=pk).first()


def why_not(act: FamilyAct, now: datetime) -> str:
    """Why the act cannot be undone, in a sentence; "" when it can."""
    try:
        _check(act, now)
    except Refusal as refusal:
        return str(refusal)
    return ""


@transaction.atomic
def undo_act(*, act_id: int, now: datetime, actor: Actor) -> FamilyAct:
    """Put back all that the act changed. Raises CannotUndoAct, ChangedSince."""
    act = FamilyAct.objects.select_for_update(of=("self",), no_key=True).get(pk=act_id)
    for pk in sorted((act.family_id, act.other_id)):
        lock_family(pk, even_closed=True)
    _check(act, now)
    Changes(act.changes["steps"]).undo()
    if act.kind == FamilyAct.Kind.SPLIT:
        # The new file stays, closed and empty: it was journaled, nothing of it is erased.
        rows_of("families.Family").filter(pk=act.other_id).update(
            status="CLOSED", closed_on=paris_day(now), merged_into_id=act.family_id
        )
    held = {int(pk): status for pk, status in act.changes.get("held", {}).items()}
    if held:
        restore_bookings(held=held, now=now, actor=actor)
    if carried := _carried(act):
        carry_back(
            from_family_id=act.other_id,
            to_family_id=act.family_id,
            carried=carried,
            now=now,
            actor=actor,
        )
    act.status, act.undone_at, act.undone_by = FamilyAct.Status.UNDONE, now, actor.label
    act.save(update_fields=["status", "undone_at", "undone_by"])
    refresh_search([act.family_id, act.other_id])
    for pk in (act.family_id, act.other_id):
        record(
            actor=actor,
            now=now,
            action="journeys.undo_family_act",
            summary=f"{act.get_kind_display().capitalize()} : défait",
            family_id=pk,
            object_type="journeys.FamilyAct",
            object_id=act.pk,
        )
    return act


def _carried(act: FamilyAct) -> list[Carried]:
    return [
        Carried(**{**one, "movement_ids": tuple(one["movement_ids"])})
        for one in act.changes.get("carried", [])
    ]


def _check(act: FamilyAct, now: datetime) -> None:
    if act.status != FamilyAct.Status.DONE:
        raise CannotUndoAct("Cet acte est déjà défait.")
    if now > act.at + timedelta(days=UNDO_DAYS):
        raise CannotUndoAct(f"Plus de {UNDO_DAYS} jours ont passé : on ne peut plus défaire.")
    later = FamilyAct.objects.filter(
        Q(family_id__in=(act.family_id, act.other_id))
        | Q(other_id__in=(act.family_id, act.other_id)),
        status=FamilyAct.Status.DONE,
        pk__gt=act.pk,
    )
    if later.exists():
        raise CannotUndoAct("Un autre acte a suivi sur ces dossiers : défaites-le d’abord.")
    movements = [pk for one in _carried(act) for pk in one.movement_ids]
    if movements and money_moved_since(
        family_ids=[act.family_id, act.other_id], movement_ids=movements
    ):
        raise ChangedSince("De l’argent a bougé depuis sur ces comptes : on ne peut plus défaire.")
    _check_nothing_new(act)
    Changes(act.changes["steps"]).check()


def _check_nothing_new(act: FamilyAct) -> None:
    """What was written since on what moved would be left without its owner."""
    last: dict[str, Any] = act.changes.get("last_entry", {})
    enrolments = Changes(act.changes["steps"]).ids_of("enrolments.Enrolment")
    new_days = rows_of("bookings.Booking").filter(
        pk__gt=last.get("bookings.Booking", 0), enrolment_id__in=enrolments
    )
    if new_days.exists():
        raise ChangedSince("Des jours ont été réservés depuis : on ne peut plus défaire.")
    if act.kind == FamilyAct.Kind.SPLIT:
        new_rows = rows_of("enrolments.Enrolment").filter(
            pk__gt=last.get("enrolments.Enrolment", 0), family_id=act.other_id
        )
        invoices = rows_of("billing.Invoice").filter(family_id=act.other_id)
        if new_rows.exists() or invoices.exists():
            raise ChangedSince("Le nouveau dossier a déjà servi : on ne peut plus défaire.")
