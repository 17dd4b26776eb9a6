"""The tablet: arrivals and departures by code, QR or hand; corrections leave a trace."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import uuid4

from django.db import transaction

from preau.childcare.enums import PunchSource
from preau.childcare.errors import BadHours, UnknownCode
from preau.childcare.models import Contract, Presence, PresenceCorrection
from preau.childcare.services.common import child_name, journal
from preau.childcare.services.punches import SAME_GESTURE, receive_punch, received_on
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris, paris, paris_day
from preau.kernel.codes import normalise_code
from preau.kernel.ticks import TickAct, TickData, TickOutcome


@dataclass(frozen=True, slots=True)
class Punched:
    """What the tablet says back. `kind`: arrived, left or again (the same gesture twice)."""

    kind: str
    name: str
    at: datetime
    contract_id: int


def punch_code(
    *, code: str, establishment_id: int, source: PunchSource, now: datetime, actor: Actor
) -> Punched:
    """A code typed or scanned: the child arrives, or leaves. Raises UnknownCode."""
    contract = (
        received_on(paris_day(now))
        .filter(punch_code=normalise_code(code), establishment_id=establishment_id)
        .first()
    )
    if contract is None:
        raise UnknownCode
    return punch(contract_id=contract.pk, source=source, now=now, actor=actor)


def punch_child(
    *, child_id: int, establishment_id: int, source: PunchSource, now: datetime, actor: Actor
) -> Punched:
    """The child's own card: the same. Raises UnknownCode."""
    contract = (
        received_on(paris_day(now))
        .filter(child_id=child_id, establishment_id=establishment_id)
        .first()
    )
    if contract is None:
        raise UnknownCode
    return punch(contract_id=contract.pk, source=source, now=now, actor=actor)


def punch(*, contract_id: int, source: PunchSource, now: datetime, actor: Actor) -> Punched:
    """Note the arrival, then the departure; the same gesture twice is one.

    Raises UnknownCode, BadHours when the child already left.
    """
    day = paris_day(now)
    contract = received_on(day).filter(pk=contract_id).select_related("child").first()
    if contract is None:
        raise UnknownCode
    name = contract.child.first_name
    row = Presence.objects.filter(contract=contract, day=day).first()
    if row is not None:
        last = row.left_at or row.arrived_at
        if now - last < SAME_GESTURE:
            return Punched("again", name, last, contract.pk)
        if row.left_at is not None:
            raise BadHours(
                f"{name} est déjà parti à {french.clock_time(row.left_at)} : "
                "l’équipe peut corriger."
            )
    is_code = source != PunchSource.AGENT
    answer = receive_punch(
        tick=TickData(
            key=uuid4(),
            slot_id=contract.establishment_id,
            act=TickAct.PRESENT if row is None else TickAct.LEFT,
            at=now,
            child_id=contract.child_id,
            code=contract.punch_code or "code" if is_code else "",
            is_seen=source == PunchSource.QR,
        ),
        at=now,
        establishment_id=contract.establishment_id,
        now=now,
        actor=actor,
    )
    if answer.outcome != TickOutcome.APPLIED:  # another tablet was faster
        return Punched("again", name, now, contract.pk)
    return Punched("arrived" if row is None else "left", name, now, contract.pk)


@transaction.atomic
def correct_presence(
    *,
    contract_id: int,
    day: date,
    arrived: time | None,
    left: time | None,
    reason: str,
    now: datetime,
    actor: Actor,
) -> None:
    """Write the hours of a day as they were (both None: the child did not come).

    What was noted is kept beside. A statement already closed is put right by the next one.
    Raises BadHours.
    """
    contract = Contract.objects.select_for_update(no_key=True, of=("self",)).get(pk=contract_id)
    if day > paris_day(now) or (left and not arrived):
        raise BadHours
    if arrived and left and left <= arrived:
        raise BadHours
    row = Presence.objects.filter(contract=contract, day=day).first()
    before = _words(row)
    if arrived is None:
        if row:
            row.delete()
        after = ""
    else:
        row = row or Presence(contract=contract, day=day, arrived_by=PunchSource.AGENT)
        row.arrived_at = at_paris(day, arrived)
        row.left_at = at_paris(day, left) if left else None
        row.left_by = (row.left_by or PunchSource.AGENT) if left else ""
        row.is_corrected = True
        row.save()
        after = _words(row)
    PresenceCorrection.objects.create(
        contract=contract,
        day=day,
        before=before,
        after=after,
        reason=reason.strip()[:200],
        corrected_at=now,
        corrected_by=actor.label,
    )
    journal(
        contract,
        "correct_presence",
        f"Pointage de {child_name(contract.child_id)} corrigé, {french.day(day)} : "
        f"{before or 'rien'} devient {after or 'rien'}",
        now,
        actor,
        data={"reason": reason},
    )


def _words(row: Presence | None) -> str:
    if row is None:
        return ""
    end = f"{paris(row.left_at):%H:%M}" if row.left_at else "…"
    return f"{paris(row.arrived_at):%H:%M}–{end}"
