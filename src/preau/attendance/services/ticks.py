"""What tablets say, with or without network: replayed once and only once, in any order.

The rule (docs/decisions/0022): the earliest arrival and the earliest departure win; presence
beats absence, closing included; what a hand corrected later than the tick's instant wins over
it. So two tablets come to one sheet whichever speaks first. Every tick is kept, effect or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from preau.attendance.enums import (
    AttendanceSource,
    CardStatus,
    Presence,
)
from preau.attendance.errors import AttendanceRefused
from preau.attendance.models import Attendance, Card, SheetClosure, Tick
from preau.attendance.services.sheets import SHEET_LOCK, households_of_walk_ins, trace
from preau.bookings.queries import get_slot, holders_of
from preau.families.queries import get_children
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import normalise_code
from preau.kernel.locks import advisory_lock
from preau.kernel.ticks import (
    OLDEST,
    TickAct,
    TickAnswer,
    TickData,
    TickOutcome,
    fold_hours,
    set_right,
)


def receive_ticks(
    *,
    ticks: Sequence[TickData],
    slot_ids: frozenset[int],
    sent_at: datetime,
    device: str = "",
    now: datetime,
    actor: Actor,
) -> list[TickAnswer]:
    """Take what a tablet queued, each in its own transaction: one bad line stops no other.

    `slot_ids`: the slots where the actor may take attendance. `sent_at` is the tablet's clock
    when it sends: a clock that is wrong moves each instant by as much.
    """
    answers = []
    for tick, at in set_right(ticks, sent_at=sent_at, now=now):
        if tick.slot_id not in slot_ids:
            answers.append(TickAnswer(tick.key, TickOutcome.REFUSED, "Séance inconnue."))
            continue
        answers.append(receive_tick(tick=tick, at=at, device=device, now=now, actor=actor))
    return answers


@transaction.atomic
def receive_tick(
    *, tick: TickData, at: datetime, device: str = "", now: datetime, actor: Actor
) -> TickAnswer:
    """Take one act; again, it changes nothing and answers the same."""
    advisory_lock(SHEET_LOCK, tick.slot_id)
    known = Tick.objects.filter(key=tick.key).first()
    if known is not None:
        return _answer(known)
    child_id, problem = _child(tick)
    if problem:
        outcome, sentence = TickOutcome.REFUSED, problem
    else:
        assert child_id is not None
        try:
            outcome, sentence = _apply(tick, child_id, at, now, actor)
        except AttendanceRefused as refusal:
            outcome, sentence = TickOutcome.REFUSED, str(refusal)
    return _answer(
        Tick.objects.create(
            key=tick.key,
            slot_id=tick.slot_id,
            child_id=child_id,
            act=tick.act,
            ticked_at=at,
            received_at=now,
            undoes=tick.undoes,
            device=device[:40],
            collected_by=tick.collected_by[:120],
            actor_id=actor.user_id,
            actor_label=actor.label,
            outcome=outcome,
            sentence=sentence[:200],
        )
    )


def _answer(tick: Tick) -> TickAnswer:
    child = get_children([tick.child_id]).get(tick.child_id) if tick.child_id else None
    return TickAnswer(
        tick.key, tick.outcome, tick.sentence, tick.child_id, str(child) if child else ""
    )


def _child(tick: TickData) -> tuple[int | None, str]:
    """The child, or why there is none."""
    if tick.act not in TickAct.values:
        return None, "Acte inconnu."
    if not tick.code:
        if tick.child_id is None or tick.child_id not in get_children([tick.child_id]):
            return None, "Enfant inconnu."
        return tick.child_id, ""
    card = Card.objects.filter(code=normalise_code(tick.code)).first()
    if card is None:
        return None, "Cette carte n’est pas connue."
    if card.status != CardStatus.ACTIVE:
        return card.child_id, "Cette carte n’est plus valable."
    return card.child_id, ""


def _apply(
    tick: TickData, child_id: int, at: datetime, now: datetime, actor: Actor
) -> tuple[TickOutcome, str]:
    slot = get_slot(tick.slot_id)
    if slot is None or slot.day > paris_day(now):
        raise AttendanceRefused("On ne pointe pas un jour à venir.")
    if paris_day(at) != slot.day or now - at > OLDEST:
        raise AttendanceRefused("Ce pointage n’est pas du jour de la séance.")
    row = Attendance.objects.filter(slot=slot, child_id=child_id).first()
    before = (row.presence, row.arrived_at, row.left_at) if row else None
    if row is not None and row.corrected_at is not None and row.corrected_at > at:
        return TickOutcome.KEPT, "Corrigé à la main depuis."
    ticks = [
        t
        for t in Tick.objects.filter(slot=slot, child_id=child_id)
        if t.outcome != TickOutcome.REFUSED
        and (row is None or row.corrected_at is None or t.ticked_at >= row.corrected_at)
    ]
    gone = {t.undoes for t in ticks if t.undoes}
    if tick.act == TickAct.UNDO:
        if tick.undoes not in {t.key for t in ticks}:
            # It has not come yet: when it does, it finds that it was taken back.
            return TickOutcome.APPLIED, ""
        if row is None or row.source not in (AttendanceSource.TABLET, AttendanceSource.CARD):
            return TickOutcome.KEPT, "Changé depuis sur la liste."
        acts = [_Said.of(t) for t in ticks if t.key not in gone | {tick.undoes}]
        row.presence, row.arrived_at, row.left_at, row.collected_by = "", None, None, ""
    else:
        if tick.key in gone:
            return TickOutcome.KEPT, "Annulé sur la tablette."
        if row is None:
            family_id = holders_of(slot.pk).get(child_id)
            row = Attendance(
                slot=slot,
                child_id=child_id,
                family_id=family_id or households_of_walk_ins([child_id], slot.day)[child_id],
                is_walk_in=family_id is None,
                presence="",
            )
        acts = [_Said.of(t) for t in ticks if t.key not in gone]
        acts.append(_Said(tick.act, at, tick.collected_by[:120]))
    _fold(row, acts)
    after = (row.presence, row.arrived_at, row.left_at)
    if after == before:
        return TickOutcome.KEPT, _why_kept(tick.act, row)
    if not row.presence:
        row.delete()
    else:
        row.source = AttendanceSource.CARD if tick.code else AttendanceSource.TABLET
        row.recorded_at, row.recorded_by_id = now, actor.user_id
        row.save()
    if SheetClosure.objects.filter(slot=slot).exists():
        trace(row, before, now=now, actor=actor)
    return TickOutcome.APPLIED, ""


@dataclass(frozen=True, slots=True)
class _Said:
    act: str
    at: datetime
    collected_by: str = ""

    @classmethod
    def of(cls, tick: Tick) -> "_Said":
        return cls(tick.act, tick.ticked_at, tick.collected_by)


def _fold(row: Attendance, acts: Sequence[_Said]) -> None:
    """The row that all the acts make together with what was there: the same whatever the order.

    Present as soon as one said so; arrived at the earliest arrival; gone at the earliest
    departure that is not before it.
    """
    arrivals = [one.at for one in acts if one.act == TickAct.PRESENT]
    leavings = [(one.at, one.collected_by) for one in acts if one.act == TickAct.LEFT]
    if row.arrived_at is not None:
        arrivals.append(row.arrived_at)
    if row.left_at is not None:
        leavings.append((row.left_at, row.collected_by))
    if arrivals or leavings or row.presence == Presence.PRESENT:
        row.presence, row.is_justified = Presence.PRESENT, None
    elif any(one.act == TickAct.ABSENT for one in acts):
        row.presence = Presence.ABSENT
    row.arrived_at, row.left_at, row.collected_by = fold_hours(arrivals, leavings)


def _why_kept(act: str, row: Attendance) -> str:
    if act == TickAct.ABSENT:
        present = row.presence == Presence.PRESENT
        return "Déjà vu sur place : la présence l’emporte." if present else "Déjà noté absent."
    if act == TickAct.PRESENT:
        return "Déjà pointé, arrivé plus tôt."
    if row.left_at is None:
        return "Départ noté avant l’arrivée."
    return "Départ déjà noté plus tôt."
