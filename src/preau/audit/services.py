"""Writing the journal: one line per act, in the transaction of the act."""

from datetime import datetime
from typing import Any

from preau.audit.models import Entry
from preau.kernel.actors import Actor
from preau.kernel.kept import KeptInsert

_write = KeptInsert("audit.Entry")


def record(
    *,
    actor: Actor,
    now: datetime,
    action: str,
    summary: str,
    family_id: int | None = None,
    object_type: str = "",
    object_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Add one line. `action` is «domain.verb»; `summary` a French sentence fit for the file's page.

    Never put health data, passwords or bank details in `summary` or `data`.
    """
    entry = Entry(
        at=now,
        actor_user_id=actor.user_id,
        actor_label=actor.label,
        channel=actor.channel,
        action=action,
        summary=summary[:400],
        family_id=family_id,
        object_type=object_type,
        object_id=object_id,
        data=data or {},
    )
    _write.tell(entry)


def record_many(
    *, actor: Actor, now: datetime, action: str, entries: list[tuple[int, str]]
) -> None:
    """Add one line per (family_id, summary), in few statements: for imports and mass acts."""
    Entry.objects.bulk_create(
        [
            Entry(
                at=now,
                actor_user_id=actor.user_id,
                actor_label=actor.label,
                channel=actor.channel,
                action=action,
                summary=summary[:400],
                family_id=family_id,
            )
            for family_id, summary in entries
        ],
        batch_size=1000,
    )
