"""Issuing thousands of documents: each set on its own, in processes of their own, archived."""

import hashlib
import multiprocessing
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from preau.documents.compiling import set_document
from preau.documents.models import IssuedDocument, StoredFile
from preau.documents.render import known_facts
from preau.kernel.codes import random_code


@dataclass(frozen=True, slots=True)
class ToIssue:
    """A document whose number is already given, as `services.issue_document` takes it."""

    kind: str
    number: str
    title: str
    template: str
    data: dict[str, Any]
    public_facts: dict[str, str]
    family_id: int | None


@contextmanager
def setters(processes: int = 2) -> Iterator[ProcessPoolExecutor]:
    """Processes that set documents; they start afresh and never see the database."""
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield pool


def numbers_issued(numbers: Iterable[str]) -> set[str]:
    """Those of the numbers that a document already bears."""
    return set(
        IssuedDocument.objects.filter(number__in=list(numbers)).values_list("number", flat=True)
    )


def issue_many(pool: ProcessPoolExecutor, wanted: Sequence[ToIssue], *, now: datetime) -> int:
    """Set and archive them, all or none; how many. Those issued meanwhile stay as they are.

    Raises IntegrityError when one was issued at the same instant: do it again.
    """
    codes = [random_code(12, group=4) for _one in wanted]
    facts = known_facts()
    told = [
        facts | one.data | {"number": one.number, "code": code, "title": one.title}
        for one, code in zip(wanted, codes, strict=True)
    ]
    pdfs = list(pool.map(set_document, [one.template for one in wanted], told, chunksize=5))
    files, rows = [], []
    with transaction.atomic():
        known = numbers_issued(one.number for one in wanted)
        for one, code, pdf in zip(wanted, codes, pdfs, strict=True):
            if one.number in known:
                continue
            file = _file(one, pdf, now)
            files.append(file)
            rows.append(
                IssuedDocument(
                    kind=one.kind,
                    number=one.number,
                    code=code.replace("-", ""),
                    title=one.title,
                    public_facts=one.public_facts,
                    file=file,
                    issued_at=now,
                    family_id=one.family_id,
                )
            )
        StoredFile.objects.bulk_create(files)
        IssuedDocument.objects.bulk_create(rows)
    return len(rows)


def _file(one: ToIssue, pdf: bytes, now: datetime) -> StoredFile:
    name = f"{re.sub(r'[^A-Za-z0-9-]+', '-', one.number)}.pdf"
    file = StoredFile(
        name=name,
        content_type="application/pdf",
        size=len(pdf),
        sha256=hashlib.sha256(pdf).hexdigest(),
        created_at=now,
        family_id=one.family_id,
        uploaded_by_id=None,
    )
    file.file.save(name, ContentFile(pdf), save=False)
    return file
