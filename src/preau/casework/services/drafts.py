"""What is being written: kept by the server, sent once, thrown away when abandoned."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from preau.accounts import services as accounts
from preau.casework.addresses import open_file_address
from preau.casework.errors import CaseRefusal
from preau.casework.kinds import get_kind
from preau.casework.models import Draft, Request, RequestKind
from preau.casework.services.submit import submit_request
from preau.casework.values import (
    OPEN_FILE_DRAFT_LIFE,
    PORTAL_DRAFT_LIFE,
    GivenFile,
)
from preau.families import services as families
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel

if TYPE_CHECKING:
    from preau.accounts.models import User
    from preau.documents.models import StoredFile

FILES_PER_DRAFT = 20


def start_draft(
    *,
    kind: str,
    family_id: int | None,
    child_id: int | None,
    user: "User",
    payload: Mapping[str, Any],
    now: datetime,
) -> Draft:
    """Keep a request that is to be read again before it is sent."""
    return Draft.objects.create(
        kind=get_kind(kind).kind,
        family_id=family_id,
        child_id=child_id,
        user=user,
        payload=dict(payload),
        created_at=now,
        expires_at=now + PORTAL_DRAFT_LIFE,
    )


def save_draft(*, draft: Draft, payload: Mapping[str, Any]) -> Draft:
    """Keep new answers; what was answered elsewhere stays."""
    draft.payload = {**draft.payload, **payload}
    draft.save(update_fields=["payload"])
    return draft


def add_draft_file(*, draft: Draft, stored: "StoredFile", document_kind_id: int | None) -> None:
    """Join a stored file to the draft."""
    if len(draft.files) >= FILES_PER_DRAFT:
        raise CaseRefusal(f"Une demande porte {FILES_PER_DRAFT} pièces au plus.")
    draft.files = [
        *draft.files,
        {"file": str(stored.pk), "kind": document_kind_id, "name": stored.name},
    ]
    draft.save(update_fields=["files"])


def drop_draft_file(*, draft: Draft, file_id: str) -> None:
    """Take a file out of the draft (its content stays stored until files are cleaned)."""
    draft.files = [row for row in draft.files if row["file"] != file_id]
    draft.save(update_fields=["files"])


def given_files(draft: Draft) -> list[GivenFile]:
    """The files of the draft, as `submit_request` takes them."""
    return [GivenFile(UUID(row["file"]), row["kind"]) for row in draft.files]


@transaction.atomic
def send_draft(
    *,
    draft: Draft,
    applicant_name: str,
    applicant_email: str,
    channel: Channel,
    now: datetime,
    actor: Actor,
) -> Request:
    """Send what was written. Twice the same draft is one request. Raises InvalidPayload."""
    request = submit_request(
        kind=draft.kind,
        family_id=draft.family_id,
        child_id=draft.child_id,
        user=draft.user if draft.user_id and not actor.is_agent else None,
        applicant_name=applicant_name,
        applicant_email=applicant_email,
        payload=draft.payload,
        files=given_files(draft),
        channel=channel,
        now=now,
        actor=actor,
        key=draft.pk,
    )
    Draft.objects.filter(pk=draft.pk).update(sent_request_id=request.pk)
    draft.sent_request_id = request.pk
    return request


def send_open_file_link(*, email: str, now: datetime) -> None:
    """Send the link that proves an address. Raises BadEmail, TooManyLinks."""
    families.ask_file_opening(email=email, address=open_file_address(), now=now)


@transaction.atomic
def use_open_file_link(*, token: str, now: datetime) -> Draft:
    """The draft that this link opens, its address being proved. Raises InvalidEmailLink.

    The link opens the same draft again, on another device as well, until it expires.
    """
    token_hash = accounts.hash_token(token)
    known = Draft.objects.filter(token_hash=token_hash, expires_at__gt=now).first()
    if known is not None:
        return known
    email = families.find_opening_email(token=token, now=now)
    draft, _ = Draft.objects.get_or_create(
        token_hash=token_hash,
        defaults={
            "kind": RequestKind.NEW_FAMILY,
            "email": email,
            "verified_at": now,
            "created_at": now,
            "expires_at": now + OPEN_FILE_DRAFT_LIFE,
        },
    )
    return draft


def purge_drafts(*, now: datetime) -> int:
    """Delete the drafts that expired; how many."""
    deleted, _ = Draft.objects.filter(expires_at__lte=now).delete()
    return deleted
