"""Receiving a request: numbered, acknowledged, and applied at once when the town says so."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction

from preau.casework import mails
from preau.casework.kinds import get_kind
from preau.casework.kinds.base import Asking
from preau.casework.models import (
    ReferenceSequence,
    Request,
    RequestEvent,
    RequestFile,
    RequestStatus,
)
from preau.casework.queries.settings import kind_settings
from preau.casework.queries.signing import signers_of
from preau.casework.services._common import journal, tell
from preau.casework.services.applying import apply_to_file
from preau.casework.services.signing import ask_signers
from preau.casework.values import GivenFile
from preau.documents import queries as documents
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal

if TYPE_CHECKING:
    from preau.accounts.models import User


def submit_request(
    *,
    kind: str,
    family_id: int | None,
    child_id: int | None,
    payload: Mapping[str, Any],
    channel: Channel,
    now: datetime,
    actor: Actor,
    key: UUID | None,
    user: "User | None" = None,
    applicant_name: str = "",
    applicant_email: str = "",
    files: Sequence[GivenFile] = (),
) -> Request:
    """Receive a request. The same `key` again returns the first one, nothing is done twice.

    It is applied at once when its kind (or its activity) is automatic and nothing is missing;
    if the file's own domain then refuses, it stays in the inbox with the reason for agents.
    Raises InvalidPayload.
    """
    if key is not None and (known := Request.objects.filter(key=key).first()):
        return known
    try:
        with transaction.atomic():
            return _receive(
                kind=kind,
                family_id=family_id,
                child_id=child_id,
                payload=payload,
                channel=channel,
                now=now,
                actor=actor,
                key=key,
                user=user,
                applicant_name=applicant_name,
                applicant_email=applicant_email,
                files=files,
            )
    except IntegrityError:
        # Sent twice at the same time: the other one was received while we waited.
        if key is not None and (known := Request.objects.filter(key=key).first()):
            return known
        raise


def _receive(
    *,
    kind: str,
    family_id: int | None,
    child_id: int | None,
    payload: Mapping[str, Any],
    channel: Channel,
    now: datetime,
    actor: Actor,
    key: Any,
    user: "User | None",
    applicant_name: str,
    applicant_email: str,
    files: Sequence[GivenFile],
) -> Request:
    handler = get_kind(kind)
    day = paris_day(now)
    asking = Asking(
        family_id=family_id,
        child_id=child_id,
        day=day,
        user_id=user.pk if user else None,
        by_agent=actor.is_agent,
        at=now,
    )
    settings = kind_settings(handler)
    request = Request(
        reference=uuid.uuid4().hex[:12],  # until the number, taken last: its lock is short
        kind=handler.kind,
        family_id=family_id,
        child_id=child_id,
        user=user,
        applicant_name=applicant_name or actor.label,
        applicant_email=applicant_email,
        channel=channel,
        payload=handler.validate(payload, asking),
        status=RequestStatus.SUBMITTED,
        service_id=settings.service_id,
        submitted_at=now,
        due_on=day + timedelta(days=settings.days),
        key=key,
    )
    request.summary = handler.summary(request)[:240]
    request.service_id = handler.service_id(request) or request.service_id
    request.save(force_insert=True)
    files = [
        GivenFile(given.file_id, handler.file_kind(request.payload, given.document_kind_id))
        for given in files
    ]
    for given in files:
        if documents.get_file(given.file_id) is None:
            continue
        RequestFile.objects.get_or_create(
            request=request,
            file_id=given.file_id,
            defaults={"document_kind_id": given.document_kind_id, "added_at": now},
        )
    tell(request, RequestEvent.Kind.SUBMITTED, now=now, actor=actor)
    handler.received(request, now=now, actor=actor)
    missing = handler.missing(request, [given.document_kind_id for given in files], day)
    reason = ""
    waits = bool(signers_of(request, day))
    automatic = not missing and not waits and handler.is_automatic(request, settings.is_automatic)
    if automatic:
        try:
            with transaction.atomic():
                apply_to_file(request, now=now, actor=actor, reviewed=False)
        except Refusal as refusal:
            automatic, reason = False, str(refusal)
            request = Request.objects.get(pk=request.pk)
    if automatic:
        request.status = RequestStatus.APPROVED
        request.decided_at = now
        request.decided_by_label = "Préau"
        request.was_automatic = True
    else:
        request.payload = {**request.payload, "_before": handler.snapshot(request, day)}
    request.reference = _next_reference(day.year)
    request.save()
    journal(
        request,
        "submit",
        f"Demande {request.reference} reçue : {handler.title}, {request.summary}",
        now=now,
        actor=actor,
    )
    if automatic:
        tell(
            request,
            RequestEvent.Kind.APPROVED,
            now=now,
            actor=Actor.system(),
            message=request.result.get("told", ""),
        )
    elif reason:
        tell(
            request,
            RequestEvent.Kind.NOTE,
            now=now,
            actor=Actor.system(),
            message=f"Non appliquée d’elle-même : {reason}",
            is_internal=True,
        )
    mails.acknowledge(request, now=now, waits_for_parent=waits)
    if waits:
        ask_signers(request, now=now)
    return request


def _next_reference(year: int) -> str:
    """«2026-08814», without gap: the row stays locked until commit, a rollback gives it back."""
    ReferenceSequence.objects.bulk_create([ReferenceSequence(year=year)], ignore_conflicts=True)
    sequence = ReferenceSequence.objects.select_for_update(no_key=True).get(year=year)
    sequence.last += 1
    sequence.save(update_fields=["last"])
    return f"{year}-{sequence.last:05d}"
