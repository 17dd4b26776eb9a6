"""Documents issued once: asked again, they are served as they were, with the same code."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from preau.documents.models import IssuedDocument
from preau.documents.queries import get_by_number, read_bytes
from preau.documents.services import issue_document
from preau.kernel.clock import paris_day


def issue_once(
    *,
    number: str,
    kind: str,
    title: str,
    template: str,
    data: Callable[[], dict[str, Any]],
    public_facts: Mapping[str, str],
    family_id: int | None,
    now: datetime,
) -> IssuedDocument:
    """The document under this number; made and kept if it is not there yet."""
    found = get_by_number(number)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return issue_document(
                kind=kind,
                title=title,
                template=template,
                data=data(),
                public_facts=dict(public_facts),
                family_id=family_id,
                now=now,
                number=number,
            )
    except IntegrityError:
        # Asked twice at once: the other one archived it.
        found = get_by_number(number)
        if found is None:
            raise
        return found


def issue_as_told(
    *,
    prefix: str,
    kind: str,
    title: str,
    template: str,
    data: dict[str, Any],
    public_facts: Mapping[str, str],
    family_id: int | None,
    now: datetime,
    on: date | None = None,
) -> IssuedDocument:
    """A paper with no number of its own: the same on one day (`on`, else today) for the same
    figures, another as soon as one of them changes. `prefix` tells whose it is."""
    said = json.dumps([prefix, title, data], sort_keys=True, default=str)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return issue_once(
        number=f"{prefix[:14]}-{on or paris_day(now):%Y%m%d}-{digest[:6]}",
        kind=kind,
        title=title,
        template=template,
        data=lambda: data,
        public_facts=public_facts,
        family_id=family_id,
        now=now,
    )


def content_of(document: IssuedDocument) -> bytes:
    """Its PDF, as it was issued."""
    return read_bytes(document.file)
