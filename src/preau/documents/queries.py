"""Reading files and issued documents."""

import hashlib
import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from preau.documents.models import IssuedDocument, SealedFile, StoredFile
from preau.kernel import sealing
from preau.kernel.codes import normalise_code


def get_file(file_id: uuid.UUID, *, family_id: int | None = None) -> StoredFile | None:
    """The file, within one family's scope when `family_id` is given."""
    files = StoredFile.objects.filter(pk=file_id)
    if family_id is not None:
        files = files.filter(family_id=family_id)
    return files.first()


def read_bytes(stored: StoredFile) -> bytes:
    """The content, checked against the digest taken when it was stored. OSError otherwise."""
    with stored.file.open("rb") as source:
        content: bytes = source.read()
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise OSError(f"stored file {stored.pk} does not match its digest")
    return content


def get_sealed(file_id: uuid.UUID) -> SealedFile | None:
    """The sealed file: the caller has checked who asks, and journals the reading."""
    return SealedFile.objects.filter(pk=file_id).first()


def open_sealed(found: SealedFile) -> tuple[str, bytes]:
    """Its name and its content. Raises kernel.sealing.CannotUnseal."""
    return sealing.unseal(found.sealed_name), sealing.unseal_bytes(bytes(found.sealed))


def list_issued(*family_ids: int) -> QuerySet[IssuedDocument]:
    """What the town issued to this family (its file, those that joined it), latest first."""
    return (
        IssuedDocument.objects.filter(family_id__in=family_ids)
        .select_related("file")
        .order_by("-issued_at", "-pk")
    )


def find_by_code(code: str) -> IssuedDocument | None:
    """The document that bears this code, as `/verifier/` asks; None when there is none."""
    code = normalise_code(code)
    return IssuedDocument.objects.filter(code=code).first() if len(code) == 12 else None


def get_by_number(number: str) -> IssuedDocument | None:
    """The issued document that bears this number."""
    return IssuedDocument.objects.select_related("file").filter(number=number).first()


def codes_of(numbers: Iterable[str]) -> dict[str, str]:
    """The code of each document issued under one of these numbers, as its paper writes it."""
    return {
        number: "-".join(code[i : i + 4] for i in range(0, len(code), 4))
        for number, code in IssuedDocument.objects.filter(number__in=list(numbers)).values_list(
            "number", "code"
        )
    }
