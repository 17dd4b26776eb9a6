"""What the services of early childhood share: the journal, locks, names."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from preau.audit import services as audit
from preau.families import queries as families
from preau.kernel.actors import Actor
from preau.kernel.locks import advisory_lock

_CHILD_LOCK = 7_310


def lock_child(child_id: int) -> None:
    """One act at a time for a child: no row stands for all its wishes and contracts."""
    advisory_lock(_CHILD_LOCK, child_id)


def child_name(child_id: int) -> str:
    return str(families.get_children([child_id]).get(child_id, ""))


def journal(
    row: Model,
    action: str,
    summary: str,
    now: datetime,
    actor: Actor,
    *,
    family_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """One line of the journal, in the transaction of the act."""
    audit.record(
        actor=actor,
        now=now,
        action=f"childcare.{action}",
        summary=summary,
        family_id=getattr(row, "family_id", None) if family_id is None else family_id,
        object_type=f"childcare.{type(row).__name__.lower()}",
        object_id=row.pk,
        data=data,
    )
