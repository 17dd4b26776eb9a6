"""Deciding: approve writes the file; refuse tells why and how to contest; undo within an hour."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from preau.casework import mails
from preau.casework.errors import (
    AlreadyDecided,
    CannotUndo,
    ConflictingChange,
    MessageNeeded,
    StaleRequest,
)
from preau.casework.kinds import get_kind
from preau.casework.models import Request, RequestEvent, RequestStatus
from preau.casework.services._common import (
    check_holder,
    check_open,
    check_version,
    free,
    journal,
    lock_request,
    tell,
)
from preau.casework.services.applying import apply_to_file
from preau.casework.services.signing import check_signatures
from preau.casework.values import UNDO_WINDOW
from preau.enrolments import services as enrolments
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


@transaction.atomic
def approve(
    *,
    request_id: int,
    now: datetime,
    actor: Actor,
    version: int | None = None,
    seen: str | None = None,
    message: str = "",
    choice: str = "",
    decided: Mapping[str, Any] | None = None,
    despite: bool = False,
) -> Request:
    """Approve: write the file in this transaction, and tell the family.

    `version` and `seen` (the fingerprint of what was shown) guard against deciding on what is no
    longer true: StaleRequest. `choice` answers the kind's own question (attach a new family to
    an existing file), `decided` is what it lets an agent grant of it. `despite`: the agent saw
    what changed in the file since the request was sent, and applies it all the same;
    ConflictingChange otherwise.
    An act that needs both parents waits for the other one's agreement: OtherParentMustAgree.
    Raises HeldByAnother, AlreadyDecided, and the domains' own refusals.
    """
    request = lock_request(request_id)
    check_open(request)
    check_holder(request, actor, now)
    check_version(request, version)
    kind = get_kind(request.kind)
    if seen and seen != kind.fingerprint(request, paris_day(now)):
        raise StaleRequest
    if not despite and kind.conflicts(request, paris_day(now)):
        raise ConflictingChange
    check_signatures(request, now)
    if kind.needs_answer and not message.strip():
        raise MessageNeeded
    if choice:
        request.payload = {**request.payload, "_choice": choice}
    if decided:
        request.payload = {**request.payload, "_decided": dict(decided)}
    apply_to_file(request, now=now, actor=actor, reviewed=True)
    _close(request, RequestStatus.APPROVED, message, now=now, actor=actor)
    told = " ".join(part for part in (request.result.get("told", ""), message.strip()) if part)
    tell(request, RequestEvent.Kind.APPROVED, now=now, actor=actor, message=told)
    journal(
        request,
        "approve",
        f"Demande {request.reference} acceptée : {request.summary}",
        now=now,
        actor=actor,
    )
    mails.decided(request, now=now)
    return request


@transaction.atomic
def refuse(
    *, request_id: int, reason: str, now: datetime, actor: Actor, version: int | None = None
) -> Request:
    """Refuse, with the reason that the family reads and the ways to contest (CRPA L211-2)."""
    request = lock_request(request_id)
    check_open(request)
    check_holder(request, actor, now)
    check_version(request, version)
    if not reason.strip():
        raise MessageNeeded("Écrivez le motif du refus : la famille le lira.")
    get_kind(request.kind).refused(request, reason.strip(), now=now, actor=actor)
    _close(request, RequestStatus.REFUSED, reason, now=now, actor=actor)
    tell(request, RequestEvent.Kind.REFUSED, now=now, actor=actor, message=reason.strip())
    journal(
        request,
        "refuse",
        f"Demande {request.reference} refusée : {request.summary}",
        now=now,
        actor=actor,
    )
    mails.decided(request, now=now)
    return request


@transaction.atomic
def undo(*, request_id: int, now: datetime, actor: Actor) -> Request:
    """Take a decision back within the hour: the file is as before, the request in the inbox.

    Raises CannotUndo when the hour is over, when the kind cannot be undone, or when the file
    has changed since.
    """
    request = lock_request(request_id)
    if request.status not in (RequestStatus.APPROVED, RequestStatus.REFUSED):
        raise AlreadyDecided("Cette demande n’est pas décidée.")
    if request.decided_at is None or now > request.decided_at + UNDO_WINDOW:
        raise CannotUndo("L’heure est passée : la décision ne s’annule plus, corrigez le dossier.")
    kind = get_kind(request.kind)
    was_approved = request.status == RequestStatus.APPROVED
    if was_approved:
        if not kind.undoable:
            raise CannotUndo("Une telle décision ne s’annule pas : corrigez le dossier.")
        kind.undo(request, now=now, actor=actor)
        for document_id in request.result.get("documents", []):
            enrolments.review_document(
                document_id=document_id,
                accepted=False,
                reason="Décision annulée",
                now=now,
                actor=actor,
            )
    request.status = RequestStatus.SUBMITTED
    request.decided_at = None
    request.decided_by_label = request.decision_message = ""
    request.was_automatic = False
    request.result = {}
    request.payload = {k: v for k, v in request.payload.items() if k != "_choice"}
    request.version += 1
    request.save()
    tell(
        request,
        RequestEvent.Kind.UNDONE,
        now=now,
        actor=actor,
        message="La décision précédente est annulée. Votre demande est de nouveau à traiter.",
    )
    journal(
        request,
        "undo",
        f"Décision annulée sur la demande {request.reference}",
        now=now,
        actor=actor,
    )
    mails.undone(request, now=now)
    return request


def _close(
    request: Request, status: RequestStatus, message: str, *, now: datetime, actor: Actor
) -> None:
    request.status = status
    request.decided_at = now
    request.decided_by_label = actor.label
    request.decision_message = message.strip()
    request.version += 1
    free(request)
    request.save()
