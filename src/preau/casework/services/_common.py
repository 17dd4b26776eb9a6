"""What the verbs share: locking one request, telling its steps."""

from datetime import datetime

from preau.audit import services as audit
from preau.casework.errors import AlreadyDecided, HeldByAnother, StaleRequest
from preau.casework.models import OPEN_STATUSES, Request, RequestEvent
from preau.kernel.actors import Actor

RELATED = ("family", "child", "user", "service", "held_by")


def lock_request(request_id: int) -> Request:
    """The request, locked until commit: who decides it next waits here, then sees it decided."""
    locked = Request.objects.select_for_update(of=("self",), no_key=True).get(pk=request_id)
    # Read the related rows once the lock is held: they are then those of now.
    return Request.objects.select_related(*RELATED).get(pk=locked.pk)


def check_open(request: Request) -> None:
    """Raises AlreadyDecided when nothing is left to decide."""
    if request.status not in OPEN_STATUSES:
        raise AlreadyDecided


def check_holder(request: Request, actor: Actor, now: datetime) -> None:
    """Raises HeldByAnother when another agent's lease still runs."""
    if (
        request.held_by_id is not None
        and request.held_by_id != actor.user_id
        and request.held_until is not None
        and request.held_until > now
    ):
        raise HeldByAnother(str(request.held_by))


def check_version(request: Request, version: int | None) -> None:
    """Raises StaleRequest when the request changed since it was shown."""
    if version is not None and version != request.version:
        raise StaleRequest


def free(request: Request) -> None:
    """Take the hold away (the caller saves)."""
    request.held_by = None
    request.held_since = request.held_until = None
    request.is_kept = False


HOLD_FIELDS = ["held_by", "held_since", "held_until", "is_kept"]


def tell(
    request: Request,
    kind: str,
    *,
    now: datetime,
    actor: Actor,
    message: str = "",
    is_internal: bool = False,
) -> RequestEvent:
    """Add a step to the request's story, in words."""
    return RequestEvent.objects.create(
        request=request,
        kind=kind,
        at=now,
        actor_label=actor.label,
        channel=actor.channel,
        message=message,
        is_internal=is_internal,
    )


def journal(request: Request, action: str, summary: str, *, now: datetime, actor: Actor) -> None:
    """One line in the journal about this request."""
    audit.record(
        actor=actor,
        now=now,
        action=f"casework.{action}",
        summary=summary,
        family_id=request.family_id,
        object_type="casework.request",
        object_id=request.pk,
    )
