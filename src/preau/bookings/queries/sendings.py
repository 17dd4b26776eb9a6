"""A planning before it is sent, and its receipt after."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from preau.bookings.enums import LIVE
from preau.bookings.models import Booking, Hold, PlanningDraft, Submission
from preau.kernel.kept import Kept
from preau.kernel.lane import Asked


def get_draft(family_id: int, user_id: int) -> PlanningDraft | None:
    """The choices not sent yet of one adult (or agent) for a household."""
    return _read_draft.first(family_id, user_id)


def asked_draft(family_id: int, user_id: int) -> Asked:
    """What `get_draft` asks, for `lane.ahead`."""
    return _read_draft.asked(family_id, user_id)


_read_draft = Kept(
    lambda family_id, user_id: PlanningDraft.objects.filter(family_id=family_id, user_id=user_id)
)


def holds_of(family_id: int, user_id: int) -> dict[tuple[int, int], datetime]:
    """The places held for a planning under way, (slot, child) → until when; one query."""
    rows = Hold.objects.filter(family_id=family_id, user_id=user_id).values_list(
        "slot_id", "child_id", "expires_at"
    )
    return {(slot, child): until for slot, child, until in rows}


def pairs_booked(family_id: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """The live bookings (ids) of these (slot, child) pairs, within a family's scope."""
    wanted = set(pairs)
    if not wanted:
        return []
    rows = (
        Booking.objects.for_family(family_id)
        .filter(slot__in={slot for slot, _ in wanted}, status__in=LIVE)
        .values_list("pk", "slot_id", "child_id")
    )
    return [pk for pk, slot, child in rows if (slot, child) in wanted]


def get_submission(reference: str, *, family_id: int) -> Submission | None:
    """A receipt, within a family's scope."""
    return _read_submission.first(reference, family_id)


_read_submission = Kept(
    lambda reference, family_id: Submission.objects.filter(reference=reference, family_id=family_id)
)


def submissions_of(family_id: int) -> QuerySet[Submission]:
    """The sendings of a household, latest first."""
    return Submission.objects.filter(family_id=family_id).order_by("-at", "-pk")
