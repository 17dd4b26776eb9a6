"""Places held on the server while a family checks what it is about to send."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from preau.bookings.models import Hold
from preau.bookings.notices import tell_offers
from preau.bookings.services.deciding import Line, Sending
from preau.bookings.services.places import Planner, Seats
from preau.bookings.services.terms import get_terms
from preau.kernel.actors import Actor

__all__ = ["Held", "expire_holds", "hold_places", "release_holds"]


@dataclass(frozen=True, slots=True)
class Held:
    """What is held now, and until when (None: nothing is)."""

    lines: list[Line]
    until: datetime | None


@transaction.atomic
def hold_places(
    *,
    family_id: int,
    add: Iterable[tuple[int, int]],
    now: datetime,
    actor: Actor,
    late_allowed: bool = False,
    schooling: Mapping[int, Mapping[str, Any]] | None = None,
) -> Held:
    """Hold the free places among these days `(slot_id, child_id)` for as long as the town says.

    What this planning held and asks no more is given back; what it holds already is held longer.
    Each place has its ordinal now: nobody who comes later passes before. The places are given back
    at their time by a job, and by whoever looks at the slot after it.
    """
    minutes = get_terms().hold_minutes
    pairs = list(dict.fromkeys(add))
    if not minutes or actor.user_id is None:
        return Held([], None)
    until = now + timedelta(minutes=minutes)
    sending = Sending(
        family_id,
        pairs,
        [],
        now=now,
        actor=actor,
        channel=actor.channel,
        when_full="skip",
        late_allowed=late_allowed and actor.is_agent,
        schooling=schooling,
        hold_until=until,
    )
    lines = [line for line in sending.run() if line.held]
    tell_offers(sending.seats.offered, now=now)
    if not lines:
        return Held([], None)
    from preau.bookings.tasks import expire_holds_of

    expire_holds_of.configure(schedule_at=until).defer(family_id=family_id, user_id=actor.user_id)
    return Held(lines, until)


@transaction.atomic
def release_holds(*, family_id: int, user_id: int, now: datetime, late_only: bool = False) -> int:
    """Give back the places held for a planning; returns how many. `late_only`: those past their
    time."""
    planner = Planner(family_id, user_id)
    seats = Seats([], now, planner=planner)
    found = [hold for hold in seats.holds.values() if seats.is_ours(hold)]
    if late_only:
        found = [hold for hold in found if hold.expires_at <= now]
    for hold in found:
        seats.release_hold(hold)
    seats.settle()
    seats.save()
    tell_offers(seats.offered, now=now)
    return len(found)


def expire_holds(*, now: datetime) -> int:
    """Give back every place held past its time; each planning in a transaction of its own."""
    late = Hold.objects.filter(expires_at__lte=now).values_list("family_id", "user_id").distinct()
    return sum(
        release_holds(family_id=family_id, user_id=user_id, now=now, late_only=True)
        for family_id, user_id in late.order_by("family_id", "user_id")
    )
