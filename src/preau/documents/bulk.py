"""Storing many files at once, each in its own family's file: for take-overs."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import transaction

from preau.documents.models import StoredFile


@transaction.atomic
def store_for_families(
    *, content: bytes, name: str, content_type: str, family_ids: Sequence[int], now: datetime
) -> list[UUID]:
    """Keep one copy of the same file for each family (ids may repeat); their ids, in order.

    The content was checked by the caller, as in `services.store_raw`.
    """
    digest = hashlib.sha256(content).hexdigest()
    rows = []
    for family_id in family_ids:
        row = StoredFile(
            name=name,
            content_type=content_type,
            size=len(content),
            sha256=digest,
            created_at=now,
            family_id=family_id,
            uploaded_by_id=None,
        )
        row.file.save(name, ContentFile(content), save=False)
        rows.append(row)
    StoredFile.objects.bulk_create(rows, batch_size=1000)
    return [row.pk for row in rows]
