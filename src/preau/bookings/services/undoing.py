"""An agent takes a whole sending back: what it booked is given up, what it gave up comes back."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from preau.audit.services import record
from preau.bookings.enums import LIVE, Outcome
from preau.bookings.errors import BookingRefused
from preau.bookings.models import Booking, Submission
from preau.bookings.notices import tell_undone
from preau.bookings.rules import started
from preau.bookings.services.cancelling import cancel_bookings
from preau.bookings.services.places import Seats
from preau.bookings.services.reopening import restore_bookings
from preau.kernel import french
from preau.kernel.actors import Actor

_TAKEN = (Outcome.CONFIRMED, Outcome.WAITING)
_LEFT = {
    Outcome.CANCELLED: "CONFIRMED",
    Outcome.CHARGED: "CONFIRMED",
    Outcome.LEFT_QUEUE: "WAITING",
}


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did: days given up, days that came back, days that could not (the place was
    given since, or the day has begun)."""

    given_up: int
    back: int
    missed: int

    @property
    def words(self) -> str:
        """«2 jours retirés, 1 jour remis.»"""
        parts = [
            french.count(n, one, many)
            for n, one, many in (
                (self.given_up, "jour retiré", "jours retirés"),
                (self.back, "jour remis", "jours remis"),
                (self.missed, "jour resté comme il est", "jours restés comme ils sont"),
            )
            if n
        ]
        return (", ".join(parts) or "Rien n’a changé") + "."


@transaction.atomic
def undo_submission(
    *, reference: str, family_id: int, reason: str, now: datetime, actor: Actor
) -> Undone:
    """Take a sending back, at no cost, for a `reason` kept in the journal; the family is told.

    A place given to another child since stays his; a day that has begun stays as it is. Raises
    BookingRefused when it was undone already, or without a reason.
    """
    if not reason.strip():
        raise BookingRefused("Écrivez pourquoi cet envoi est défait.")
    sent = Submission.objects.select_for_update(no_key=True).get(
        reference=reference, family_id=family_id
    )
    if sent.undone_at is not None:
        raise BookingRefused("Cet envoi est déjà défait.")
    lines = [line for line in sent.receipt if line["booking"]]
    # Every slot at once, in order: the two steps below lock some of them again.
    Seats({line["slot"] for line in lines}, now)
    taken = {line["booking"] for line in lines if line["outcome"] in _TAKEN}
    left = {line["booking"]: line["outcome"] for line in lines if line["outcome"] in _LEFT}
    rows = Booking.objects.filter(pk__in=[*taken, *left]).select_related("slot")
    begun = {b.pk for b in rows if started(day=b.slot.day, starts_at=b.slot.starts_at, now=now)}
    mine = [b for b in rows if b.pk in taken and b.pk not in begun and b.status in LIVE]
    cancel_bookings(
        bookings=mine,
        reason=f"Défait par {actor.label}"[:200],
        channel=actor.channel,
        now=now,
        actor=actor,
    )
    held = {pk: _LEFT[Outcome(outcome)] for pk, outcome in left.items() if pk not in begun}
    restored = restore_bookings(held=held, now=now, actor=actor)
    sent.undone_at = now
    sent.save(update_fields=["undone_at"])
    done = Undone(
        len(mine), len(restored.back), len(restored.missed) + len(begun & (taken | set(left)))
    )
    record(
        actor=actor,
        now=now,
        action="bookings.undo_submission",
        summary=f"Planning {sent.reference} défait : {done.words} Motif : {reason.strip()}",
        family_id=family_id,
        object_type="bookings.Submission",
        object_id=sent.pk,
    )
    tell_undone(sent, words=done.words, now=now)
    return done
