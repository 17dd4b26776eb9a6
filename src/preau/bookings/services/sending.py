"""Sending a planning: days added and taken back in one go, each with its own answer."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from django.db import transaction
from psycopg.types.json import Jsonb

from preau.audit.services import record
from preau.bookings.enums import Outcome
from preau.bookings.errors import BookingRefused, NeedsRecap, NotAllFree, NothingToSend
from preau.bookings.models import PlanningDraft, Submission
from preau.bookings.notices import tell_offers, tell_receipt
from preau.bookings.services.deciding import Line, Sending
from preau.bookings.services.places import Planner, asked_slots
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code
from preau.kernel.french import count
from preau.kernel.kept import typed
from preau.kernel.lane import Asked, ahead, ask, gathered, tell

_SENDING = """
INSERT INTO bookings_submission (key, family_id, user_id, reference, at, channel, receipt)
VALUES (%s, %s, %s, %s, %s, %s, '[]') ON CONFLICT DO NOTHING RETURNING id
"""
_TOLD = tuple(field.name for field in fields(Line))
_RECEIPT = "UPDATE bookings_submission SET receipt = %s WHERE id = %s"


@transaction.atomic
def submit_planning(
    *,
    family_id: int,
    add: Iterable[tuple[int, int]] = (),
    remove: Iterable[int] = (),
    key: uuid.UUID,
    channel: str,
    now: datetime,
    actor: Actor,
    when_full: str = "wait",
    all_or_nothing: bool = False,
    late_allowed: bool = False,
    reason: str = "",
    use_kept: bool = False,
    no_surprise: bool = False,
    schooling: Mapping[int, Mapping[str, Any]] | None = None,
    family: Any = None,
    had_draft: bool = True,
) -> Submission:
    """Add days `(slot_id, child_id)` and take back bookings (ids) of a household, in one sending.

    Each day has its own outcome in `receipt`: booked, waiting (with its rank), taken back (due or
    not), refused and why. `when_full` is "wait" or "skip". With `all_or_nothing`, NotAllFree is
    raised and nothing is written unless every day added is booked. With `no_surprise`, NeedsRecap
    is raised and nothing is written when a day would stay due or bear a surcharge. An agent may
    book after the deadline, or before the booking opens, with `late_allowed` and a `reason`, kept
    in the journal, and give places that the town keeps with `use_kept`. The same `key` again
    returns the first receipt. `family`: its row, when the caller has it; `had_draft`: False
    when it knows that there is no draft to forget. Raises NothingToSend when there is nothing in
    it.
    """
    late_allowed = late_allowed and actor.is_agent
    if late_allowed and not reason.strip():
        raise BookingRefused("Écrivez pourquoi ces jours sont acceptés hors délai.")
    pairs = list(dict.fromkeys((int(slot), int(child)) for slot, child in add))
    removed_ids = sorted(set(remove))
    if not pairs and not removed_ids:
        sent = Submission.objects.filter(key=key, family_id=family_id).first()
        if sent is None:
            raise NothingToSend
        return sent
    # The second of two identical sendings waits here for the first, then reads its receipt.
    submission = Submission(
        key=key,
        family_id=family_id,
        user_id=actor.user_id,
        reference=_reference(now),
        at=now,
        channel=channel,
    )
    planner = Planner(family_id, actor.user_id) if actor.user_id is not None else None
    with ahead(
        _asked(submission),
        *([asked_slots({slot for slot, _ in pairs}, planner)] if not removed_ids else []),
    ):
        if not _insert(submission):
            return Submission.objects.get(key=key, family_id=family_id)
        sending = Sending(
            family_id,
            pairs,
            removed_ids,
            now=now,
            actor=actor,
            channel=channel,
            when_full=when_full,
            late_allowed=late_allowed,
            use_kept=use_kept,
            schooling=schooling,
            family=family,
        )
    lines = sending.run()
    kept = sum(booking.from_kept for booking in sending.created)
    if all_or_nothing and any(
        line.act == "add" and line.outcome not in (Outcome.CONFIRMED, Outcome.ALREADY)
        for line in lines
    ):
        raise NotAllFree
    if no_surprise and any(line.surcharge or line.outcome == Outcome.CHARGED for line in lines):
        raise NeedsRecap
    submission.receipt = [{name: getattr(line, name) for name in _TOLD} for line in lines]
    with gathered():
        tell(_RECEIPT, typed([Jsonb(submission.receipt), submission.pk]))
        if actor.user_id is not None and had_draft:
            PlanningDraft.objects.filter(
                family_id=family_id, user_id=actor.user_id, key=key
            ).delete()
        record(
            actor=actor,
            now=now,
            action="bookings.submit_planning",
            summary=f"Planning {submission.reference} : {summary(lines)}"
            + (f". {count(kept, 'place gardée', 'places gardées')} par la ville" if kept else "")
            + (f". Hors délai ou avant l’ouverture : {reason.strip()}" if late_allowed else ""),
            family_id=family_id,
            object_type="bookings.Submission",
            object_id=submission.pk,
        )
        tell_receipt(submission, now=now)
    tell_offers(sending.seats.offered, now=now)
    return submission


def _insert(submission: Submission) -> bool:
    """Write a sending under its key; False when one with this key is there already. The second of
    two at once waits for the first to end, which `ignore_conflicts` does not tell apart."""
    while True:
        rows, _touched = ask(*_asked(submission))
        if rows:
            submission.pk, submission._state.adding = rows[0][0], False
            submission._state.db = "default"
            return True
        if Submission.objects.filter(key=submission.key).exists():
            return False
        # Ninety million references a year: of thousands, two are sometimes the same.
        submission.reference = _reference(submission.at)


def _asked(submission: Submission) -> Asked:
    return _SENDING, typed(
        [
            submission.key,
            submission.family_id,
            submission.user_id,
            submission.reference,
            submission.at,
            str(submission.channel),
        ]
    )


def _reference(now: datetime) -> str:
    return f"R-{paris_day(now).year}-{random_code(6)}"


def preview_planning(
    *,
    family_id: int,
    add: Iterable[tuple[int, int]] = (),
    remove: Iterable[int] = (),
    now: datetime,
    actor: Actor,
    when_full: str = "wait",
    late_allowed: bool = False,
    use_kept: bool = False,
    schooling: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Line]:
    """What sending this would do if it were sent now, day by day. Locks and writes nothing: the
    receipt may still differ, should someone be faster."""
    sending = Sending(
        family_id,
        list(dict.fromkeys(add)),
        sorted(set(remove)),
        now=now,
        actor=actor,
        channel=actor.channel,
        when_full=when_full,
        late_allowed=late_allowed and actor.is_agent,
        use_kept=use_kept,
        schooling=schooling,
        look_only=True,
    )
    return sending.run()


def summary(lines: Iterable[Line]) -> str:
    """«3 réservés, 1 en liste d’attente»: the outcomes of a sending, counted."""
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        counts[line.outcome] += 1
    return ", ".join(
        f"{count(n, 'jour')} {Outcome(outcome).label}" for outcome, n in counts.items()
    )


def receipt_lines(submission: Submission) -> list[Line]:
    """The receipt as it was written."""
    return [Line(**row) for row in submission.receipt]


__all__ = ["Line", "preview_planning", "receipt_lines", "submit_planning", "summary"]
