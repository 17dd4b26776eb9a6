"""What changes the crèche's waiting list and its contracts."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from preau.audit import services as audit
from preau.childcare.errors import AlreadyWaiting, BadDates, ContractOverlaps, NotWaiting
from preau.childcare.models import Contract, Preregistration
from preau.childcare.rules import checked_week, week_words
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.kernel.locks import advisory_lock

_CHILD_LOCK = 7_310


@transaction.atomic
def preregister(
    *,
    child_id: int,
    family_id: int,
    establishment_id: int | None,
    wished_from: date,
    weekly_minutes: Sequence[int],
    channel: Channel,
    now: datetime,
    actor: Actor,
    comment: str = "",
    request_id: int | None = None,
    asked_at: datetime | None = None,
) -> Preregistration:
    """Put a child, born or to be born, on the waiting list. Raises BadWeek, AlreadyWaiting.

    The rank follows `asked_at` (when the family asked), else now.
    """
    week = checked_week(weekly_minutes)
    advisory_lock(_CHILD_LOCK, child_id)
    if Preregistration.objects.filter(
        child_id=child_id, status=Preregistration.Status.WAITING
    ).exists():
        raise AlreadyWaiting
    row = Preregistration.objects.create(
        child_id=child_id,
        family_id=family_id,
        establishment_id=establishment_id,
        wished_from=wished_from,
        weekly_minutes=week,
        comment=comment.strip()[:500],
        created_at=asked_at or now,
        channel=channel,
        request_id=request_id,
    )
    _journal(
        row,
        "preregister",
        f"Liste d’attente de la crèche : {_name(child_id)}, à partir du "
        f"{french.day(wished_from, year=True, weekday=False)}",
        now,
        actor,
    )
    return row


@transaction.atomic
def withdraw(*, preregistration_id: int, reason: str, now: datetime, actor: Actor) -> None:
    """Take a child off the waiting list. Raises NotWaiting."""
    row = _lock_waiting(preregistration_id)
    row.status = Preregistration.Status.WITHDRAWN
    row.save(update_fields=["status"])
    said = f" ({reason.strip()})" if reason.strip() else ""
    _journal(
        row,
        "withdraw",
        f"Retiré de la liste d’attente de la crèche : {_name(row.child_id)}{said}",
        now,
        actor,
    )


@transaction.atomic
def admit(
    *,
    preregistration_id: int,
    establishment_id: int,
    starts_on: date,
    ends_on: date,
    weekly_minutes: Sequence[int],
    now: datetime,
    actor: Actor,
) -> Contract:
    """Give a place: the child leaves the list and its contract begins.

    Raises NotWaiting and what `sign_contract` raises.
    """
    row = _lock_waiting(preregistration_id)
    contract = sign_contract(
        child_id=row.child_id,
        family_id=row.family_id,
        establishment_id=establishment_id,
        starts_on=starts_on,
        ends_on=ends_on,
        weekly_minutes=weekly_minutes,
        now=now,
        actor=actor,
    )
    row.status = Preregistration.Status.ADMITTED
    row.save(update_fields=["status"])
    return contract


@transaction.atomic
def sign_contract(
    *,
    child_id: int,
    family_id: int,
    establishment_id: int,
    starts_on: date,
    ends_on: date,
    weekly_minutes: Sequence[int],
    now: datetime,
    actor: Actor,
) -> Contract:
    """Write a weekly contract. Raises BadWeek, BadDates, ContractOverlaps."""
    week = checked_week(weekly_minutes)
    if ends_on < starts_on:
        raise BadDates
    advisory_lock(_CHILD_LOCK, child_id)
    if Contract.objects.filter(
        child_id=child_id, starts_on__lte=ends_on, ends_on__gte=starts_on
    ).exists():
        raise ContractOverlaps
    contract = Contract.objects.create(
        child_id=child_id,
        family_id=family_id,
        establishment_id=establishment_id,
        starts_on=starts_on,
        ends_on=ends_on,
        weekly_minutes=week,
        created_at=now,
    )
    _journal(
        contract,
        "sign_contract",
        f"Contrat de crèche : {_name(child_id)}, {week_words(week)}, "
        f"{french.period(starts_on, ends_on, year=True)}",
        now,
        actor,
    )
    return contract


@transaction.atomic
def end_contract(
    *, contract_id: int, ends_on: date, reason: str, now: datetime, actor: Actor
) -> Contract:
    """The contract's last day becomes `ends_on`. Raises BadDates."""
    contract = Contract.objects.select_for_update(no_key=True).get(pk=contract_id)
    if not contract.starts_on <= ends_on <= contract.ends_on:
        raise BadDates("Le dernier jour doit être dans le contrat.")
    contract.ends_on = ends_on
    contract.ended_reason = reason.strip()[:200]
    contract.save(update_fields=["ends_on", "ended_reason"])
    _journal(
        contract,
        "end_contract",
        f"Fin du contrat de crèche de {_name(contract.child_id)} le "
        f"{french.day(ends_on, year=True, weekday=False)}",
        now,
        actor,
    )
    return contract


def _lock_waiting(preregistration_id: int) -> Preregistration:
    row = Preregistration.objects.select_for_update(of=("self",), no_key=True).get(
        pk=preregistration_id
    )
    if row.status != Preregistration.Status.WAITING:
        raise NotWaiting
    return row


def _name(child_id: int) -> str:
    return str(families.get_children([child_id]).get(child_id, ""))


def _journal(
    row: Preregistration | Contract, action: str, summary: str, now: datetime, actor: Actor
) -> None:
    audit.record(
        actor=actor,
        now=now,
        action=f"childcare.{action}",
        summary=summary,
        family_id=row.family_id,
        object_type=f"childcare.{type(row).__name__.lower()}",
        object_id=row.pk,
    )
