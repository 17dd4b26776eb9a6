"""The commission: places to give, decisions on numbers and points, minutes frozen at the end."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from preau.childcare.enums import Outcome
from preau.childcare.errors import ChildcareRefusal, SessionClosed, TooManyAdmitted
from preau.childcare.models import Commission, CommissionPlace, Decision, Offer
from preau.childcare.queries.commissions import minutes_of
from preau.childcare.rules.week import read_week
from preau.childcare.services.common import journal
from preau.childcare.services.offers import make_offer, week_within
from preau.childcare.services.wishes import lock_open
from preau.kernel import french
from preau.kernel.actors import Actor


@transaction.atomic
def open_commission(*, label: str, held_on: date, now: datetime, actor: Actor) -> Commission:
    """A session to come, or of the day."""
    row = Commission.objects.create(label=label.strip()[:120], held_on=held_on, created_at=now)
    journal(
        row,
        "open_commission",
        f"Commission d’attribution ouverte : {row.label}, "
        f"{french.day(held_on, year=True, weekday=False)}",
        now,
        actor,
    )
    return row


@transaction.atomic
def set_members(*, commission_id: int, members: str, now: datetime, actor: Actor) -> None:
    """Who sat, a name a line. Raises SessionClosed."""
    row = _lock(commission_id)
    row.members = members.strip()
    row.save(update_fields=["members"])
    journal(row, "set_members", f"Membres présents : {row.label}", now, actor)


@transaction.atomic
def save_place(
    *,
    commission_id: int,
    section_id: int,
    starts_on: date,
    weekdays: Sequence[int],
    count: int,
    now: datetime,
    actor: Actor,
) -> CommissionPlace:
    """Places that the session may give. Raises SessionClosed."""
    row = _lock(commission_id)
    place = CommissionPlace.objects.create(
        commission=row,
        section_id=section_id,
        starts_on=starts_on,
        weekdays=sorted(set(weekdays)),
        count=count,
    )
    journal(row, "save_place", f"{french.count(count, 'place')} pour {row.label}", now, actor)
    return place


@transaction.atomic
def remove_place(*, commission_id: int, place_id: int, now: datetime, actor: Actor) -> None:
    """Only while nobody was given it. Raises SessionClosed, ChildcareRefusal."""
    row = _lock(commission_id)
    place = CommissionPlace.objects.get(pk=place_id, commission=row)
    if place.decisions.exists():
        raise ChildcareRefusal("Des décisions portent sur ces places : changez-les d’abord.")
    place.delete()
    journal(row, "remove_place", f"Places retirées de {row.label}", now, actor)


@transaction.atomic
def decide(
    *,
    commission_id: int,
    preregistration_id: int,
    outcome: Outcome,
    now: datetime,
    actor: Actor,
    place_id: int | None = None,
    reason: str = "",
) -> Decision:
    """What the session decides for a file; said again, it replaces what was said.

    Raises SessionClosed, TooManyAdmitted, NotWaiting, ChildcareRefusal.
    """
    session = _lock(commission_id)
    row = lock_open(preregistration_id)
    place = None
    if outcome != Outcome.WAIT:
        if place_id is None:
            raise ChildcareRefusal("Choisissez la place.")
        place = CommissionPlace.objects.get(pk=place_id, commission=session)
    others = Decision.objects.filter(commission=session).exclude(preregistration=row)
    rank = None
    if place is not None and outcome == Outcome.ADMIT:
        if others.filter(place=place, outcome=Outcome.ADMIT).count() >= place.count:
            raise TooManyAdmitted
    elif place is not None:
        last = (
            others.filter(place=place, outcome=Outcome.SUBSTITUTE)
            .order_by("-substitute_rank")
            .values_list("substitute_rank", flat=True)
            .first()
        )
        rank = (last or 0) + 1
    decision, _made = Decision.objects.update_or_create(
        commission=session,
        preregistration=row,
        defaults={
            "outcome": outcome,
            "place": place,
            "substitute_rank": rank,
            "score": row.score,
            "reason": reason.strip()[:200],
            "decided_at": now,
            "decided_by": actor.label,
        },
    )
    journal(
        row,
        "decide",
        f"{session.label} : dossier {row.number}, {Outcome(outcome).label}",
        now,
        actor,
        data={"reason": decision.reason},
    )
    return decision


@transaction.atomic
def close_commission(*, commission_id: int, now: datetime, actor: Actor) -> list[Offer]:
    """Freeze the minutes and offer the places given; the offers made. Raises SessionClosed."""
    session = _lock(commission_id)
    session.minutes = minutes_of(session)
    session.closed_at, session.closed_by = now, actor.label
    session.save()
    offers: list[Offer] = []
    admitted: Any = (
        Decision.objects.filter(commission=session, outcome=Outcome.ADMIT)
        .select_related("preregistration", "place")
        .order_by("pk")
    )
    for decision in admitted:
        offers.append(
            make_offer(
                preregistration_id=decision.preregistration_id,
                section_id=decision.place.section_id,
                starts_on=max(decision.place.starts_on, decision.preregistration.wished_from),
                week=week_within(read_week(decision.preregistration.week), decision.place.weekdays),
                place_id=decision.place_id,
                now=now,
                actor=actor,
            )
        )
    journal(
        session,
        "close_commission",
        f"{session.label} close, places proposées : {len(offers)}",
        now,
        actor,
    )
    return offers


def _lock(commission_id: int) -> Commission:
    row = Commission.objects.select_for_update(no_key=True, of=("self",)).get(pk=commission_id)
    if row.closed_at:
        raise SessionClosed
    return row
