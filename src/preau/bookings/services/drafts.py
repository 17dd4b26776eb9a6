"""Choices of a planning before it is sent: kept on the server, copied, undone."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from preau.bookings.models import PlanningDraft
from preau.kernel.text import is_number

KEPT_STATES = 20
# A year of three children on five activities is some 2,500 choices.
MOST_CHANGES = 3000


def pair(slot_id: int, child_id: int) -> str:
    """How a draft names one child on one slot."""
    return f"{slot_id}-{child_id}"


def parse_pair(text: str) -> tuple[int, int] | None:
    """(slot, child) of what a form sent back; None when it is no pair."""
    slot, _, child = text.partition("-")
    return (int(slot), int(child)) if is_number(slot) and is_number(child) else None


@transaction.atomic
def change_draft(
    *, family_id: int, user_id: int, changes: Mapping[str, bool | None], now: datetime
) -> PlanningDraft:
    """Set choices (True: wanted, False: given up, None: as it is booked) and keep the state
    before, for `undo_draft`. Nothing is written when nothing changes."""
    draft = _locked(family_id, user_id, now)
    after = dict(draft.changes)
    for name, wanted in changes.items():
        if wanted is None:
            after.pop(name, None)
        else:
            after[name] = wanted
    after = dict(list(after.items())[-MOST_CHANGES:])
    _move(draft, after, now)
    return draft


@transaction.atomic
def undo_draft(*, family_id: int, user_id: int, now: datetime) -> PlanningDraft:
    """Come back to the choices before the last change."""
    draft = _locked(family_id, user_id, now)
    if draft.history:
        last = draft.history.pop()
        if "was" in last:
            for name, wanted in last["was"].items():
                if wanted is None:
                    draft.changes.pop(name, None)
                else:
                    draft.changes[name] = wanted
        else:  # a whole state, as drafts of before kept them
            draft.changes = last
    else:
        draft.changes = {}
    draft.updated_at = now
    draft.save(update_fields=["changes", "history", "updated_at"])
    return draft


@transaction.atomic
def clear_draft(*, family_id: int, user_id: int, now: datetime) -> None:
    """Give up all the choices (they can still be undone)."""
    _move(_locked(family_id, user_id, now), {}, now)


def keep_held(
    *,
    family_id: int,
    user_id: int,
    pairs: Iterable[tuple[int, int]],
    until: datetime | None,
    now: datetime,
) -> None:
    """Remember which choices have their places held, and until when: the calendar says it, and
    says when the time is over."""
    PlanningDraft.objects.filter(family_id=family_id, user_id=user_id).update(
        held=[pair(slot, child) for slot, child in pairs] if until else [],
        held_until=until,
        updated_at=now,
    )


def _move(draft: PlanningDraft, after: dict[str, bool], now: datetime) -> None:
    """Go to other choices; the history keeps what these were where they change, a year of days
    being too much to keep whole twenty times."""
    before = draft.changes
    if after == before:
        return
    was = {
        name: before.get(name)
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }
    draft.history = [*draft.history, {"was": was}][-KEPT_STATES:]
    draft.changes = after
    draft.updated_at = now
    draft.save(update_fields=["changes", "history", "updated_at"])


def _locked(family_id: int, user_id: int, now: datetime) -> PlanningDraft:
    PlanningDraft.objects.bulk_create(
        [PlanningDraft(family_id=family_id, user_id=user_id, key=uuid.uuid4(), updated_at=now)],
        ignore_conflicts=True,
    )
    return PlanningDraft.objects.select_for_update(no_key=True).get(
        family_id=family_id, user_id=user_id
    )
