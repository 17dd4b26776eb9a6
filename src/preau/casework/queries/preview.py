"""What a draft would ask, read again before it is sent: the same sentences as once it is."""

from dataclasses import dataclass
from datetime import datetime

from preau.casework.kinds import get_kind
from preau.casework.kinds.base import Asking, Consequence, Fact
from preau.casework.models import Draft, Request
from preau.kernel.clock import paris_day


@dataclass(frozen=True, slots=True)
class Preview:
    """The answers, the pieces that are still missing, and whether it is applied at once."""

    summary: str
    facts: list[Fact]
    missing: list[str]
    consequences: list[Consequence]


def preview(draft: Draft, *, now: datetime, by_agent: bool = False) -> Preview:
    """Read a draft as the request that it will be. Raises InvalidPayload."""
    kind = get_kind(draft.kind)
    day = paris_day(now)
    asking = Asking(
        family_id=draft.family_id,
        child_id=draft.child_id,
        day=day,
        user_id=None if by_agent else draft.user_id,
        by_agent=by_agent,
        at=now,
    )
    request = Request(
        kind=draft.kind,
        family=draft.family,
        child=draft.child,
        user=None if by_agent else draft.user,
        payload=kind.validate(draft.payload, asking),
    )
    given = [kind.file_kind(request.payload, row["kind"]) for row in draft.files]
    return Preview(
        summary=kind.summary(request),
        facts=kind.facts(request),
        missing=kind.missing(request, given, day),
        consequences=kind.consequences(request, day),
    )
