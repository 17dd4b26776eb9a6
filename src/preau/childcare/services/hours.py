"""The tablet: arrivals and departures by code, QR or hand; corrections leave a trace."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from preau.childcare.enums import PunchSource
from preau.childcare.errors import BadHours, UnknownCode
from preau.childcare.models import Contract, Presence, PresenceCorrection
from preau.childcare.services.common import child_name, journal
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import at_paris, paris, paris_day
from preau.kernel.codes import normalise_code

SAME_GESTURE = timedelta(minutes=2)


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


@transaction.atomic
def punch(*, contract_id: int, source: PunchSource, now: datetime, actor: Actor) -> Punched:
    """Note the arrival, then the departure; the same gesture twice is one.

    Raises UnknownCode, BadHours when the child already left.
    """
    day = paris_day(now)
    contract = (
        Contract.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=contract_id)
        .select_related("child")
        .first()
    )
    if contract is None or not _is_received(contract, day):
        raise UnknownCode
    name = contract.child.first_name
    row = Presence.objects.filter(contract=contract, day=day).first()
    if row is None:
        try:
            with transaction.atomic():
                Presence.objects.create(
                    contract=contract, day=day, arrived_at=now, arrived_by=source
                )
        except IntegrityError:  # the other tablet was faster
            return Punched("again", name, now, contract.pk)
        return Punched("arrived", name, now, contract.pk)
    if row.left_at is None:
        if now - row.arrived_at < SAME_GESTURE:
            return Punched("again", name, row.arrived_at, contract.pk)
        row.left_at, row.left_by = now, source
        row.save(update_fields=["left_at", "left_by"])
        return Punched("left", name, now, contract.pk)
    if now - row.left_at < SAME_GESTURE:
        return Punched("again", name, row.left_at, contract.pk)
    raise BadHours(
        f"{name} est déjà parti à {french.clock_time(row.left_at)} : l’équipe peut corriger."
    )


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
        f"Pointage de {child_name(contract.child_id)} corrigé, {french.day(day)} : "
        f"{before or 'rien'} devient {after or 'rien'}",
        now,
        actor,
        data={"reason": reason},
    )


def received_on(day: date) -> QuerySet[Contract]:
    """Contracts under which a child may come on a day, adaptation included."""
    return Contract.objects.filter(
        Q(starts_on__lte=day, ends_on__gte=day)
        | Q(adaptation__contains=[[day.isoformat()]], starts_on__gt=day)
    )


def _is_received(contract: Contract, day: date) -> bool:
    steps = {step[0] for step in contract.adaptation}
    return contract.starts_on <= day <= contract.ends_on or day.isoformat() in steps


def _words(row: Presence | None) -> str:
    if row is None:
        return ""
    end = f"{paris(row.left_at):%H:%M}" if row.left_at else "…"
    return f"{paris(row.arrived_at):%H:%M}–{end}"
