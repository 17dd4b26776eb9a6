"""The door's tablets: each act kept once, with or without network; the day's hours follow from all.

The rule is that of a site's tablets (docs/decisions/0022): the earliest arrival and the earliest
departure win, a hand's correction beats what was earlier, an act taken back no longer counts. A
code says «somebody is at the door», no more: a tablet that knew nothing of the arrival takes the
evening's code for another one. Long after the arrival, it is the departure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from preau.childcare.enums import PunchSource
from preau.childcare.models import Contract, Presence, PresenceCorrection, Punch
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

_DOOR_LOCK = 7_312
SAME_GESTURE = timedelta(minutes=2)
ANOTHER_GESTURE = timedelta(minutes=30)
NOBODY = "Ce code ne correspond à aucun enfant accueilli aujourd’hui ici."


def receive_punches(
    *,
    ticks: Sequence[TickData],
    establishment_id: int,
    sent_at: datetime,
    now: datetime,
    actor: Actor,
    device: str = "",
    cards: Mapping[str, int] | None = None,
) -> list[TickAnswer]:
    """Take what a tablet of the door queued, each in its own transaction; again, nothing changes.

    `cards`: the children of codes that are not a contract's own (their card), by code as sent.
    """
    return [
        receive_punch(
            tick=tick,
            at=at,
            establishment_id=establishment_id,
            now=now,
            actor=actor,
            device=device,
            cards=cards,
        )
        for tick, at in set_right(ticks, sent_at=sent_at, now=now)
    ]


@transaction.atomic
def receive_punch(
    *,
    tick: TickData,
    at: datetime,
    establishment_id: int,
    now: datetime,
    actor: Actor,
    device: str = "",
    cards: Mapping[str, int] | None = None,
) -> TickAnswer:
    """Take one act; the same key again answers the same."""
    advisory_lock(_DOOR_LOCK, establishment_id)
    known = Punch.objects.select_related("contract__child").filter(key=tick.key).first()
    if known is not None:
        return _answer(known)
    day = paris_day(at)
    contract = _contract_of(tick, establishment_id, day, cards or {})
    if contract is None:
        outcome, sentence = TickOutcome.REFUSED, NOBODY
    elif tick.act not in (TickAct.PRESENT, TickAct.LEFT, TickAct.UNDO):
        outcome, sentence = TickOutcome.REFUSED, "Une absence se note sur le contrat."
    elif now - at > OLDEST:
        outcome, sentence = TickOutcome.REFUSED, "Ce pointage a plus de trois jours."
    else:
        outcome, sentence = _apply(tick, contract, day, at)
    source = PunchSource.AGENT
    if tick.code:
        source = PunchSource.QR if tick.is_seen else PunchSource.CODE
    return _answer(
        Punch.objects.create(
            key=tick.key,
            establishment_id=establishment_id,
            contract=contract,
            day=day,
            act=tick.act,
            source=source,
            punched_at=at,
            received_at=now,
            undoes=tick.undoes,
            device=device[:40],
            collected_by=tick.collected_by[:120],
            actor_id=actor.user_id,
            actor_label=actor.label,
            outcome=outcome,
            sentence=sentence,
        )
    )


def received_on(day: date) -> QuerySet[Contract]:
    """Contracts under which a child may come on a day, adaptation included."""
    return Contract.objects.filter(
        Q(starts_on__lte=day, ends_on__gte=day)
        | Q(adaptation__contains=[[day.isoformat()]], starts_on__gt=day)
    )


def _contract_of(
    tick: TickData, establishment_id: int, day: date, cards: Mapping[str, int]
) -> Contract | None:
    here = received_on(day).filter(establishment_id=establishment_id).select_related("child")
    if tick.child_id is not None:
        return here.filter(child_id=tick.child_id).first()
    if not tick.code:
        return None
    found = here.filter(punch_code=normalise_code(tick.code)).first()
    if found is None and tick.code in cards:
        found = here.filter(child_id=cards[tick.code]).first()
    return found


def _answer(row: Punch) -> TickAnswer:
    child = row.contract.child if row.contract else None
    return TickAnswer(
        row.key, row.outcome, row.sentence, child.pk if child else None, str(child) if child else ""
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """One act, as the fold sees it. `key` None: hours that no tablet said."""

    key: UUID | None
    act: str
    at: datetime
    source: str
    by: str = ""


def _apply(tick: TickData, contract: Contract, day: date, at: datetime) -> tuple[TickOutcome, str]:
    corrected = (
        PresenceCorrection.objects.filter(contract=contract, day=day)
        .order_by("-corrected_at")
        .values_list("corrected_at", flat=True)
        .first()
    )
    if corrected is not None and corrected > at:
        return TickOutcome.KEPT, "Corrigé à la main depuis."
    row = Presence.objects.filter(contract=contract, day=day).first()
    told = [
        punch
        for punch in Punch.objects.filter(contract=contract, day=day)
        if punch.outcome != TickOutcome.REFUSED
        and (corrected is None or punch.punched_at >= corrected)
    ]
    said = [_Said(p.key, p.act, p.punched_at, p.source, p.collected_by) for p in told]
    gone: set[UUID | None] = {punch.undoes for punch in told if punch.undoes}
    if tick.act == TickAct.UNDO:
        gone.add(tick.undoes)
        if tick.undoes not in {one.key for one in said}:
            # It has not come yet: when it does, it finds that it was taken back.
            return TickOutcome.APPLIED, ""
    elif tick.key in gone:
        return TickOutcome.KEPT, "Annulé sur la tablette."
    else:
        source = PunchSource.CODE if tick.code else PunchSource.AGENT
        source = PunchSource.QR if tick.code and tick.is_seen else source
        said.append(_Said(tick.key, tick.act, at, source, tick.collected_by[:120]))
    acts = [one for one in said if one.key not in gone] + _kept_before(row, said)
    before = (row.arrived_at, row.left_at) if row else None
    row = _write(row, contract, day, acts)
    after = (row.arrived_at, row.left_at) if row else None
    if after == before and tick.act != TickAct.UNDO:
        return TickOutcome.KEPT, _why_kept(tick, row)
    return TickOutcome.APPLIED, ""


def _kept_before(row: Presence | None, said: Iterable[_Said]) -> list[_Said]:
    """Hours of the row that no tablet said: a hand's, or another software's."""
    if row is None:
        return []
    times = {one.at for one in said}
    found = []
    if row.arrived_at not in times:
        found.append(_Said(None, TickAct.PRESENT, row.arrived_at, row.arrived_by))
    if row.left_at and row.left_at not in times:
        found.append(_Said(None, TickAct.LEFT, row.left_at, row.left_by, row.collected_by))
    return found


def _write(
    row: Presence | None, contract: Contract, day: date, acts: Sequence[_Said]
) -> Presence | None:
    """The day that these acts make, whatever their order."""
    arrivals = [one for one in acts if one.act == TickAct.PRESENT]
    arrived, left, by = fold_hours(
        [one.at for one in arrivals], [(one.at, one.by) for one in _leavings(acts)]
    )
    if arrived is None:
        if row is not None:
            row.delete()
        return None
    row = row or Presence(contract=contract, day=day)
    sources: dict[Any, str] = {one.at: one.source for one in reversed(acts)}
    row.arrived_at, row.arrived_by = arrived, sources[arrived]
    row.left_at, row.left_by = left, sources[left] if left else ""
    row.collected_by = by
    row.save()
    return row


def _leavings(acts: Sequence[_Said]) -> list[_Said]:
    """What counts as a departure, given the earliest arrival."""
    first = min((one.at for one in acts if one.act == TickAct.PRESENT), default=None)
    if first is None:
        return []
    by_code = (PunchSource.CODE, PunchSource.QR)
    found = []
    for one in acts:
        since = one.at - first
        if one.act == TickAct.LEFT and one.source in by_code and one.key is not None:
            is_leaving = since >= SAME_GESTURE
        elif one.act == TickAct.LEFT:
            is_leaving = since > timedelta(0)
        else:
            is_leaving = one.source in by_code and since >= ANOTHER_GESTURE
        if is_leaving:
            found.append(one)
    return found


def _why_kept(tick: TickData, row: Presence | None) -> str:
    if row is None:
        return "Départ noté : l’arrivée ne l’est pas encore."
    if tick.act == TickAct.PRESENT:
        return "Déjà pointé, arrivé plus tôt."
    return "Départ déjà noté plus tôt." if row.left_at else "Départ noté avant l’arrivée."
