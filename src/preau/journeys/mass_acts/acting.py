"""Doing a mass act: in the worker, by small transactions, safe to run again.

What is done is read from the tables themselves: an open slot is still to cancel, a place held is
still to take back. A worker that dies leaves an act that its next run ends.
"""

import uuid
from datetime import datetime

from django.db import transaction

from preau.audit.services import record, record_many
from preau.bookings.enums import BookingStatus
from preau.bookings.queries import get_bookings, live_statuses, slots_within
from preau.bookings.rules import started
from preau.bookings.services import (
    cancel_bookings,
    cancel_slots,
)
from preau.journeys.mass_acts.preview import (
    Concerned,
    MassActRefused,
    Wish,
    concerned_bookings,
    judge,
    preview_mass_act,
)
from preau.journeys.mass_acts.telling import tell_taken
from preau.journeys.models import MassAct
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.kernel.locks import lock_form

SLOTS_AT_ONCE = 10


@transaction.atomic
def ask_mass_act(
    *, wish: Wish, where: str, seen: str, key: uuid.UUID, now: datetime, actor: Actor
) -> MassAct:
    """Hand the act to the worker. `seen` is that of the preview which the agent read: should
    bookings have changed since, MassActRefused asks to read again. The same `key` acts once."""
    from preau.journeys.tasks import apply_mass_act

    lock_form(key)
    known = MassAct.objects.filter(key=key).first()
    if known is not None:
        return known
    preview = preview_mass_act(wish, now)
    if preview.seen != seen:
        raise MassActRefused(
            "Des réservations ont changé depuis l’aperçu : relisez-le avant d’appliquer."
        )
    act = MassAct.objects.create(
        kind=wish.kind,
        reason=wish.reason.strip(),
        starts_on=wish.starts_on,
        ends_on=wish.ends_on,
        where=where[:300],
        total=preview.children,
        key=key,
        scope={
            "sites": None if wish.sites is None else sorted(wish.sites),
            "activity": wish.activity,
            "school_class": wish.school_class,
            "slots": sorted(wish.slots),
        },
        asked_at=now,
        asked_by=actor.label,
        asked_by_id=actor.user_id,
        channel=actor.channel,
    )
    journal(act, "ask_mass_act", "demandé", now=now, actor=actor)
    apply_mass_act.defer(act_id=act.pk)
    return act


def run_mass_act(*, act_id: int, now: datetime) -> None:
    """The job. Each step cancels a few slots, or one family's places, in its own transaction."""
    if not MassAct.objects.filter(pk=act_id, status__in=("QUEUED", "RUNNING")).update(
        status=MassAct.Status.RUNNING
    ):
        return
    act = MassAct.objects.get(pk=act_id)
    wish, actor = wish_of(act), actor_of(act)
    if wish.closes:
        _close(act, wish, now=now, actor=actor)
    else:
        _take_off(act, wish, now=now, actor=actor)
    with transaction.atomic():
        act = locked(act_id)
        if act.status != MassAct.Status.RUNNING:
            return
        act.families = tell_taken(act, now=now)
        act.status, act.finished_at = MassAct.Status.DONE, now
        act.save(update_fields=["families", "status", "finished_at"])
        words = french.count(act.done, "réservation retirée", "réservations retirées")
        journal(act, "mass_act", f"fait, {words}", now=now, actor=actor)


def _close(act: MassAct, wish: Wish, *, now: datetime, actor: Actor) -> None:
    slots = slots_within(
        first=wish.starts_on if wish.slots else max(wish.starts_on, paris_day(now)),
        last=wish.ends_on,
        establishment_ids=wish.sites,
        activity_id=wish.activity,
    )
    ids = [
        s.pk
        for s in slots
        if (
            s.pk in wish.slots
            if wish.slots
            else not started(day=s.day, starts_at=s.starts_at, now=now)
        )
    ]
    for start in range(0, len(ids), SLOTS_AT_ONCE):
        chunk = ids[start : start + SLOTS_AT_ONCE]
        with transaction.atomic():
            mine = locked(act.pk)
            before = live_statuses(chunk)
            taken = cancel_slots(
                slot_ids=chunk, reason=act.reason, now=now, actor=actor, tell=False
            )
            mine.held |= {str(b.pk): before.get(b.pk, "CONFIRMED") for b in taken}
            mine.slots = [*mine.slots, *chunk]
            _keep(mine, len(taken))
            record_many(
                actor=actor,
                now=now,
                action="bookings.cancel",
                entries=[
                    (family_id, f"{act.get_kind_display().capitalize()} : {act.reason}")
                    for family_id in sorted({b.family_id for b in taken})
                ],
            )


def _take_off(act: MassAct, wish: Wish, *, now: datetime, actor: Actor) -> None:
    # Those who wait first: none of them is offered a place that the act is about to free.
    concerned = concerned_bookings(wish, now)
    waiting = sorted({b.family_id for b in concerned if b.status == BookingStatus.WAITING})
    holding = sorted({b.family_id for b in concerned if b.status != BookingStatus.WAITING})
    turns = [(family_id, True) for family_id in waiting] + [(pk, False) for pk in holding]
    for family_id, waits in turns:
        with transaction.atomic():
            mine = locked(act.pk)
            found = [
                booking
                for booking in concerned_bookings(wish, now, family_id)
                if not waits or booking.status == BookingStatus.WAITING
            ]
            rows = judge(wish, found, now)
            before = live_statuses({row.slot_id for row in rows})
            for charged, sentence in sorted({(row.charged, row.sentence) for row in rows}):
                same = [r for r in rows if (r.charged, r.sentence) == (charged, sentence)]
                _cancel(act, same, charged, sentence, now=now, actor=actor)
            mine.held |= {str(r.booking_id): before[r.booking_id] for r in rows}
            _keep(mine, len(rows))


def _cancel(
    act: MassAct,
    rows: list[Concerned],
    charged: bool,
    sentence: str,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    cancel_bookings(
        bookings=get_bookings(row.booking_id for row in rows),
        reason=f"{act.get_kind_display().capitalize()} : {act.reason}",
        charged=charged,
        sentence=sentence,
        channel=actor.channel,
        now=now,
        actor=actor,
    )


def _keep(act: MassAct, count: int) -> None:
    act.done += count
    act.save(update_fields=["held", "slots", "done"])


def wish_of(act: MassAct) -> Wish:
    """The wish as it was asked."""
    sites = act.scope.get("sites")
    return Wish(
        act.kind,
        act.reason,
        act.starts_on,
        act.ends_on,
        None if sites is None else tuple(sites),
        act.scope.get("activity"),
        act.scope.get("school_class"),
        tuple(act.scope.get("slots", ())),
    )


def actor_of(act: MassAct) -> Actor:
    """The agent who asked, for the worker to sign with."""
    return Actor(act.asked_by_id, act.asked_by, Channel(act.channel), is_agent=True)


def locked(act_id: int) -> MassAct:
    """The act, nobody else's until the transaction ends."""
    return MassAct.objects.select_for_update(no_key=True).get(pk=act_id)


def journal(act: MassAct, verb: str, words: str, *, now: datetime, actor: Actor) -> None:
    """One line of the journal about the act."""
    record(
        actor=actor,
        now=now,
        action=f"journeys.{verb}",
        summary=f"{act.get_kind_display().capitalize()}, "
        f"{french.period(act.starts_on, act.ends_on)}, {act.where} : {words}",
        object_type="journeys.MassAct",
        object_id=act.pk,
    )
