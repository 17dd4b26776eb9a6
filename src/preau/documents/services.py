"""Receiving files, and issuing documents that are archived as they were."""

import hashlib
import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Any

import filetype
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.db import transaction
from django.db.models import ProtectedError

from preau.documents.errors import UploadRefused
from preau.documents.models import DocumentSequence, IssuedDocument, SealedFile, StoredFile
from preau.documents.render import render_pdf
from preau.kernel import sealing
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.codes import random_code

ACCEPTED = {
    "application/pdf": "PDF",
    "image/jpeg": "photo JPEG",
    "image/png": "image PNG",
    "image/heic": "photo HEIC",
    "image/webp": "image WebP",
}
_PREFIX = {
    IssuedDocument.Kind.LETTER: "L",
    IssuedDocument.Kind.INVOICE: "F",
    IssuedDocument.Kind.CREDIT_NOTE: "A",
    IssuedDocument.Kind.RECEIPT: "R",
    IssuedDocument.Kind.STATEMENT: "E",
    IssuedDocument.Kind.TAX_CERTIFICATE: "AF",
    IssuedDocument.Kind.ATTENDANCE_CERTIFICATE: "AP",
    IssuedDocument.Kind.ENROLMENT_CERTIFICATE: "AI",
    IssuedDocument.Kind.SCHOOL_CERTIFICATE: "CS",
    IssuedDocument.Kind.CONTRACT: "CC",
}


def store_upload(
    *, uploaded: File, family_id: int | None, actor: Actor, now: datetime
) -> StoredFile:
    """Keep a file that a person gave. Its type is read from its content, never from its name.

    Raises UploadRefused when it is empty, too large, or neither a PDF nor a picture.
    """
    kind, content = _checked(uploaded)
    return _store(
        content,
        name=_clean_name(uploaded.name or "fichier", kind.extension),
        content_type=kind.mime,
        family_id=family_id,
        uploaded_by_id=actor.user_id,
        now=now,
    )


def store_sealed(*, uploaded: File, actor: Actor, now: datetime) -> SealedFile:
    """Keep a file that few may read, sealed in the database. Raises UploadRefused."""
    kind, content = _checked(uploaded)
    return SealedFile.objects.create(
        sealed_name=sealing.seal(_clean_name(uploaded.name or "fichier", kind.extension)),
        content_type=kind.mime,
        size=len(content),
        sealed=sealing.seal_bytes(content),
        created_at=now,
        uploaded_by_id=actor.user_id,
    )


def attach_to_family(*, file_ids: Iterable[uuid.UUID], family_id: int) -> None:
    """Files given before the household had a file of its own become this family's."""
    StoredFile.objects.filter(pk__in=list(file_ids), family_id__isnull=True).update(
        family_id=family_id
    )


def store_raw(
    *, content: File, name: str, content_type: str, actor: Actor, now: datetime
) -> StoredFile:
    """Keep a file whose type the caller has checked by reading it (an import)."""
    content.seek(0)
    return _store(
        content.read(),
        name=name,
        content_type=content_type,
        family_id=None,
        uploaded_by_id=actor.user_id,
        now=now,
    )


def discard_files(*, file_ids: Iterable[uuid.UUID]) -> int:
    """Erase files that have served, rows and contents; how many. One that something still holds
    stays. The content goes after commit: a rollback loses nothing."""
    gone = 0
    for stored in StoredFile.objects.filter(pk__in=list(file_ids)):
        try:
            with transaction.atomic():
                stored.delete()
        except ProtectedError:
            continue
        gone += 1
        transaction.on_commit(partial(stored.file.storage.delete, stored.file.name))
    return gone


@transaction.atomic
def issue_document(
    *,
    kind: str,
    title: str,
    template: str,
    data: dict[str, Any],
    public_facts: dict[str, str],
    family_id: int | None,
    now: datetime,
    number: str | None = None,
) -> IssuedDocument:
    """Render, number, archive. `data` gets `number` and `code`; `public_facts` is what
    /verifier/ shows to whoever holds the paper: enough to compare it with, no more."""
    number = number or _next_number(kind, paris_day(now).year)
    code = random_code(12, group=4)
    pdf = render_pdf(template, data | {"number": number, "code": code, "title": title})
    file = _store(
        pdf,
        name=f"{re.sub(r'[^A-Za-z0-9-]+', '-', number)}.pdf",
        content_type="application/pdf",
        family_id=family_id,
        uploaded_by_id=None,
        now=now,
    )
    return IssuedDocument.objects.create(
        kind=kind,
        number=number,
        code=code.replace("-", ""),
        title=title,
        public_facts=public_facts,
        file=file,
        issued_at=now,
        family_id=family_id,
    )


def _next_number(kind: str, year: int) -> str:
    DocumentSequence.objects.bulk_create(
        [DocumentSequence(kind=kind, year=year)], ignore_conflicts=True
    )
    sequence = DocumentSequence.objects.select_for_update(no_key=True).get(kind=kind, year=year)
    sequence.last += 1
    sequence.save(update_fields=["last"])
    return f"{_PREFIX[IssuedDocument.Kind(kind)]}{year}-{sequence.last:06d}"


def _checked(uploaded: File) -> tuple[Any, bytes]:
    """What the content is, and the content. Raises UploadRefused."""
    size = uploaded.size or 0
    if size == 0:
        raise UploadRefused("Ce fichier est vide.")
    if size > settings.MAX_DOCUMENT_BYTES:
        limit = settings.MAX_DOCUMENT_BYTES // 1_000_000
        raise UploadRefused(f"Ce fichier dépasse {limit} Mo. Une photo suffit souvent.")
    uploaded.seek(0)
    content = uploaded.read()
    kind = filetype.guess(content[:4096])
    if kind is None or kind.mime not in ACCEPTED:
        raise UploadRefused("Envoyez un PDF ou une photo (JPEG, PNG, HEIC).")
    return kind, content


def _store(
    content: bytes,
    *,
    name: str,
    content_type: str,
    family_id: int | None,
    uploaded_by_id: int | None,
    now: datetime,
) -> StoredFile:
    stored = StoredFile(
        name=name,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=now,
        family_id=family_id,
        uploaded_by_id=uploaded_by_id,
    )
    stored.file.save(name, ContentFile(content), save=False)
    stored.save(force_insert=True)
    return stored


def _clean_name(name: str, extension: str) -> str:
    stem = re.sub(r"[^\w\s.,()'’-]+", " ", PurePath(name).stem).strip()[:120] or "fichier"
    return f"{stem}.{extension}"
