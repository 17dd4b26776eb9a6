"""A planning sent, and what its days of prepaid activities set aside on the account."""

from datetime import datetime
from typing import Any

from django.db import transaction

from preau.billing.prepaid import has_prepaid, settle_family
from preau.bookings.services import Undone, submit_planning, undo_submission
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


def submit_with_advances(*, family_id: int, now: datetime, actor: Actor, **asked: Any) -> Any:
    """As `submit_planning`; the price of the days booked in prepaid activities is set aside, that
    of the days given up at no cost comes back. `advance` of what is returned says what is short.

    Raises NotEnoughInAdvance, nothing being written, where the cash office refuses: an agent's
    sending, and a meal, never are.
    """
    if not has_prepaid():
        sent: Any = submit_planning(family_id=family_id, now=now, actor=actor, **asked)
        sent.advance = ""
        return sent
    with transaction.atomic():
        sent = submit_planning(family_id=family_id, now=now, actor=actor, **asked)
        advance = settle_family(
            family_id=family_id,
            actor_label=actor.label,
            now=now,
            since=paris_day(now),
            may_refuse=not actor.is_agent,
        )
    sent.advance = advance.sentence
    return sent


@transaction.atomic
def undo_with_advances(*, family_id: int, now: datetime, actor: Actor, **asked: Any) -> Undone:
    """As `undo_submission`; what was set aside for its days follows."""
    done = undo_submission(family_id=family_id, now=now, actor=actor, **asked)
    if has_prepaid():
        settle_family(
            family_id=family_id,
            actor_label=actor.label,
            now=now,
            since=paris_day(now),
            may_refuse=False,
        )
    return done
