"""Undoing a mass act: read first, then done by the worker, by small transactions, safe again.

Slots open again and, in the same transaction, places go back to those who held them: nobody comes
between. A place given since stays given: who held it waits, before those who came after.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from preau.bookings.enums import BookingStatus, SlotStatus
from preau.bookings.queries import get_bookings, slots_by_id
from preau.bookings.rules import begun_since
from preau.bookings.services import Restored, reopen_slots, restore_bookings
from preau.families.queries import get_children
from preau.journeys.mass_acts.acting import SLOTS_AT_ONCE, journal, locked
from preau.journeys.mass_acts.preview import CLOSING, MassActRefused
from preau.journeys.mass_acts.telling import tell_back
from preau.journeys.models import MassAct
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel

Fate = MassAct.Fate


@dataclass(frozen=True, slots=True)
class Back:
    """What undoing makes of one booking: a word of `Fate`, and why when it is not as before."""

    booking_id: int
    child_id: int
    family_id: int
    child: str
    day: date
    activity: str
    site: str
    fate: str
    why: str = ""


@dataclass(slots=True)
class UndoPreview:
    """What undoing would do now. `seen` names this very state."""

    rows: list[Back] = field(default_factory=list)
    opened: int = 0
    # Sessions that have begun since they were cancelled: they stay so.
    begun: int = 0
    # Other acts that close these days too, for the agent to think of.
    others: list[MassAct] = field(default_factory=list)

    def of(self, fate: str) -> list[Back]:
        return [row for row in self.rows if row.fate == fate]

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """(word of `Fate`, its label, how many), those that happen."""
        return [
            (fate.value, str(fate.label), n) for fate in Fate if (n := len(self.of(fate.value)))
        ]

    @property
    def families(self) -> int:
        return len({row.family_id for row in self.rows})

    @property
    def does_something(self) -> bool:
        return bool(self.opened) or any(row.fate != Fate.MISSED for row in self.rows)

    @property
    def seen(self) -> str:
        digest = hashlib.sha256(f"{self.opened};{self.begun};".encode())
        for row in sorted(self.rows, key=lambda row: row.booking_id):
            digest.update(f"{row.booking_id}:{row.fate};".encode())
        return digest.hexdigest()[:16]


def preview_undo(act: MassAct, now: datetime) -> UndoPreview:
    """What becomes of each child if the act is undone now, by day and name. Writes nothing."""
    held = {int(pk): status for pk, status in act.held.items()}
    closed = [s for s in slots_by_id(act.slots) if s.status == SlotStatus.CANCELLED]
    begun = [
        s
        for s in closed
        if begun_since(day=s.day, starts_at=s.starts_at, at=_done_at(act), now=now)
    ]
    opened = [s.pk for s in closed if s not in begun]
    restored = restore_bookings(
        held=held,
        now=now,
        actor=Actor.system(),
        queue_when_full=True,
        reopening=opened,
        look_only=True,
    )
    preview = UndoPreview(_rows(_fates(restored)), len(opened), len(begun))
    if opened:
        preview.others = _others(act)
    return preview


def undone_rows(act: MassAct) -> list[Back]:
    """Of an act that was undone: who has not what it held, and why."""
    return _rows(
        {
            int(pk): said
            for pk, said in act.became.items()
            if said.startswith((Fate.QUEUED, Fate.MISSED))
        }
    )


def _done_at(act: MassAct) -> datetime:
    return act.finished_at or act.asked_at


def _fates(restored: Restored) -> dict[int, str]:
    """Booking → its fate, with why after a colon."""
    found = {
        b.pk: str(Fate.WAITS if b.status == BookingStatus.WAITING else Fate.BACK)
        for b in restored.back
    }
    found |= {b.pk: str(Fate.QUEUED) for b in restored.queued}
    return found | {b.pk: f"{Fate.MISSED}:{restored.why[b.pk]}" for b in restored.missed}


def _rows(fates: dict[int, str]) -> list[Back]:
    bookings = get_bookings(fates)
    children = get_children({b.child_id for b in bookings})
    slots = {s.pk: s for s in slots_by_id({b.slot_id for b in bookings})}
    rows = []
    for booking in bookings:
        fate, _sep, why = fates[booking.pk].partition(":")
        slot = slots[booking.slot_id]
        rows.append(
            Back(
                booking.pk,
                booking.child_id,
                booking.family_id,
                str(children[booking.child_id]),
                slot.day,
                slot.offering.activity.name,
                slot.offering.establishment.name,
                fate,
                why or ("la place a été donnée depuis" if fate == Fate.QUEUED else ""),
            )
        )
    # Who has not what it held comes first: these are whom an agent thinks of.
    fine = (Fate.BACK, Fate.WAITS)
    return sorted(rows, key=lambda row: (row.fate in fine, row.day, row.child, row.booking_id))


def _others(act: MassAct) -> list[MassAct]:
    """Other acts that stand and close some of the same days and sites."""
    found = MassAct.objects.filter(
        status=MassAct.Status.DONE,
        kind__in=CLOSING,
        starts_on__lte=act.ends_on,
        ends_on__gte=act.starts_on,
    ).exclude(pk=act.pk)
    mine = act.scope.get("sites")
    return [
        other
        for other in found.exclude(kind=MassAct.Kind.SESSIONS).defer("held", "slots", "became")
        if mine is None or (theirs := other.scope.get("sites")) is None or set(theirs) & set(mine)
    ]


@transaction.atomic
def ask_undo(*, act_id: int, reason: str, seen: str, now: datetime, actor: Actor) -> None:
    """Have the worker undo what was read (`seen`, of the preview), for a `reason` that families
    read and the journal keeps. MassActRefused when the act is not done, is undone already, or
    nothing of it can come back, or when places have moved since the preview."""
    from preau.journeys.tasks import undo_mass_act

    act = locked(act_id)
    if act.status != MassAct.Status.DONE:
        raise MassActRefused("Cet acte n’est pas fini, ou il est déjà défait.")
    preview = preview_undo(act, now)
    if not preview.does_something:
        raise MassActRefused("Ces jours sont passés, ou tout a changé depuis : rien à rouvrir.")
    if not reason.strip():
        raise MassActRefused("Écrivez pourquoi vous revenez sur cet acte : les familles le liront.")
    if preview.seen != seen:
        raise MassActRefused("Des places ont bougé depuis l’aperçu : relisez-le avant de défaire.")
    act.status, act.undone_by = MassAct.Status.UNDOING, actor.label
    act.undo_reason = reason.strip()[:160]
    act.save(update_fields=["status", "undone_by", "undo_reason"])
    journal(act, "ask_undo", f"à défaire. Motif : {act.undo_reason}", now=now, actor=actor)
    undo_mass_act.defer(act_id=act.pk, user_id=actor.user_id, label=actor.label)


def run_undo(*, act_id: int, user_id: int | None, label: str, now: datetime) -> None:
    """The job: slots opened, places given back to those who held them, families told."""
    actor = Actor(user_id, label, Channel.COUNTER, is_agent=True)
    act = MassAct.objects.get(pk=act_id)
    if act.status != MassAct.Status.UNDOING:
        return
    held = {int(pk): status for pk, status in act.held.items()}
    of_slot = defaultdict(list)
    for booking in get_bookings(held):
        of_slot[booking.slot_id].append(booking.pk)
    for chunk in _chunks({*act.slots, *of_slot}):
        with transaction.atomic():
            mine = locked(act_id)
            reopen_slots(
                slot_ids=set(chunk) & set(act.slots), since=_done_at(act), now=now, actor=actor
            )
            restored = restore_bookings(
                held={pk: held[pk] for slot_id in chunk for pk in of_slot[slot_id]},
                now=now,
                actor=actor,
                queue_when_full=True,
            )
            mine.became |= {str(pk): said for pk, said in _fates(restored).items()}
            mine.save(update_fields=["became"])
    with transaction.atomic():
        act = locked(act_id)
        if act.status != MassAct.Status.UNDOING:
            return
        tell_back(act, now=now)
        fates = [said.partition(":")[0] for said in act.became.values()]
        act.restored = sum(fate in (Fate.BACK, Fate.WAITS) for fate in fates)
        act.queued, act.missed = fates.count(Fate.QUEUED), fates.count(Fate.MISSED)
        act.status = MassAct.Status.UNDONE
        act.save(update_fields=["restored", "queued", "missed", "status"])
        words = french.count(act.restored, "réservation remise", "réservations remises")
        journal(act, "undo_mass_act", f"défait, {words}", now=now, actor=actor)


def _chunks(slot_ids: set[int]) -> Iterator[list[int]]:
    """A few slots at once, an offering's day never parted: its products may share their places."""
    chunk: list[int] = []
    last: tuple[Any, ...] = ()
    for slot in slots_by_id(slot_ids):
        if len(chunk) >= SLOTS_AT_ONCE and (slot.day, slot.offering_id) != last:
            yield chunk
            chunk = []
        last = slot.day, slot.offering_id
        chunk.append(slot.pk)
    if chunk:
        yield chunk
