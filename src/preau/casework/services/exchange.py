"""Talking with the family about a request: a missing piece, an answer, a message, a withdrawal."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from preau.casework import mails
from preau.casework.errors import AlreadyDecided, MessageNeeded, NothingGiven
from preau.casework.kinds import get_kind
from preau.casework.models import OPEN_STATUSES, Request, RequestEvent, RequestFile, RequestStatus
from preau.casework.queries.settings import kind_settings
from preau.casework.services._common import (
    check_holder,
    check_open,
    check_version,
    free,
    journal,
    lock_request,
    tell,
)
from preau.casework.values import GivenFile
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day


@transaction.atomic
def ask_piece(
    *, request_id: int, message: str, now: datetime, actor: Actor, version: int | None = None
) -> Request:
    """Ask the family for what is missing; the request waits for it, out of the agents' way."""
    request = lock_request(request_id)
    check_open(request)
    check_holder(request, actor, now)
    check_version(request, version)
    if not message.strip():
        raise MessageNeeded("Écrivez quelle pièce il manque : la famille le lira.")
    request.status = RequestStatus.WAITING_FAMILY
    request.version += 1
    free(request)
    request.save()
    tell(request, RequestEvent.Kind.PIECE_ASKED, now=now, actor=actor, message=message.strip())
    journal(
        request,
        "ask_piece",
        f"Pièce demandée pour la demande {request.reference}",
        now=now,
        actor=actor,
    )
    mails.piece_asked(request, message.strip(), now=now)
    return request


@transaction.atomic
def give_piece(
    *,
    request_id: int,
    now: datetime,
    actor: Actor,
    files: Sequence[GivenFile] = (),
    message: str = "",
) -> Request:
    """Join pieces or a message to an open request: back in the inbox if it waited for them.

    The time to answer runs from the day when the file is complete.
    """
    request = lock_request(request_id)
    if request.status not in OPEN_STATUSES:
        raise AlreadyDecided("Cette demande est terminée : envoyez-en une nouvelle.")
    if not files and not message.strip():
        raise NothingGiven
    for given in files:
        RequestFile.objects.get_or_create(
            request=request,
            file_id=given.file_id,
            defaults={"document_kind_id": given.document_kind_id, "added_at": now},
        )
    if request.status == RequestStatus.WAITING_FAMILY:
        request.status = RequestStatus.SUBMITTED
        days = kind_settings(get_kind(request.kind)).days
        request.due_on = paris_day(now) + timedelta(days=days)
    request.version += 1
    request.save()
    told = message.strip()
    if files:
        counted = french.count(len(files), "pièce jointe", "pièces jointes")
        told = f"{counted}. {told}".strip()
    kind = RequestEvent.Kind.PIECE_GIVEN if files else RequestEvent.Kind.MESSAGE
    tell(request, kind, now=now, actor=actor, message=told)
    journal(
        request,
        "give_piece",
        f"Pièce ou réponse reçue pour la demande {request.reference}",
        now=now,
        actor=actor,
    )
    return request


@transaction.atomic
def send_message(*, request_id: int, message: str, now: datetime, actor: Actor) -> Request:
    """An agent writes to the family about a request, without deciding it."""
    request = lock_request(request_id)
    check_open(request)
    check_holder(request, actor, now)
    if not message.strip():
        raise MessageNeeded
    tell(request, RequestEvent.Kind.MESSAGE, now=now, actor=actor, message=message.strip())
    mails.message_sent(request, message.strip(), now=now)
    return request


@transaction.atomic
def add_note(*, request_id: int, message: str, now: datetime, actor: Actor) -> Request:
    """A note for colleagues; the family never sees it."""
    request = lock_request(request_id)
    if not message.strip():
        raise MessageNeeded("Écrivez la note.")
    tell(
        request,
        RequestEvent.Kind.NOTE,
        now=now,
        actor=actor,
        message=message.strip(),
        is_internal=True,
    )
    return request


@transaction.atomic
def withdraw(*, request_id: int, now: datetime, actor: Actor) -> Request:
    """The family takes its request back, as long as it is not decided."""
    request = lock_request(request_id)
    check_open(request)
    request.status = RequestStatus.WITHDRAWN
    request.version += 1
    free(request)
    request.save()
    tell(request, RequestEvent.Kind.WITHDRAWN, now=now, actor=actor)
    journal(request, "withdraw", f"Demande {request.reference} retirée", now=now, actor=actor)
    return request
