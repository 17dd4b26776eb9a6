"""Requests for the tests: a household, an agent, and sending one of each kind."""

import datetime as dt
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from preau.accounts.models import User
from preau.casework import services
from preau.casework.models import Request
from preau.casework.values import GivenFile
from preau.documents import services as documents
from preau.enrolments.models import DocumentKind, RequiredDocument
from preau.families import queries as families
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from tests.harness.people import NOW, child_of

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)


def agent_actor(user: User) -> Actor:
    return Actor(user_id=user.pk, label=str(user), channel=Channel.COUNTER, is_agent=True)


def family_actor(family: Any) -> Actor:
    return Actor(user_id=None, label="Amina Belkacem", channel=Channel.PORTAL)


def make_file(family: Any = None, *, now: dt.datetime = NOW) -> Any:
    return documents.store_upload(
        uploaded=SimpleUploadedFile("piece.png", PNG, "image/png"),
        family_id=family.pk if family else None,
        actor=Actor.system(),
        now=now,
    )


def make_document_kind(slug: str = "assurance", **fields: Any) -> DocumentKind:
    return DocumentKind.objects.create(slug=slug, **{"name": slug.capitalize(), **fields})


def require(activity: Any, kind: DocumentKind) -> None:
    RequiredDocument.objects.create(activity=activity, kind=kind)


def submit(
    family: Any,
    kind: str,
    payload: dict[str, Any],
    *,
    child: Any = None,
    channel: str = "PORTAL",
    files: tuple[GivenFile, ...] = (),
    key: uuid.UUID | None = None,
    now: dt.datetime = NOW,
    email: str = "amina@example.fr",
    user: User | None = None,
) -> Request:
    return services.submit_request(
        kind=kind,
        family_id=family.pk if family else None,
        child_id=child.pk if child else None,
        user=user,
        applicant_name="Amina Belkacem",
        applicant_email=email,
        payload=payload,
        files=files,
        channel=Channel(channel),
        now=now,
        actor=family_actor(family),
        key=key or uuid.uuid4(),
    )


ADDRESS = {
    "line1": "41 bis, avenue des Aulnes",
    "line2": "bâtiment C",
    "postcode": "94300",
    "city": "Vincennes",
    "since": "2026-10-01",
}


def move(family: Any, **fields: Any) -> Request:
    return submit(family, "ADDRESS_CHANGE", ADDRESS, **fields)


def diet(family: Any, order: int = 0, value: str = "NO_PORK", **fields: Any) -> Request:
    return submit(family, "DIET", {"diet": value}, child=child_of(family, order), **fields)


def reload(family: Any) -> Any:
    return families.get_family(family.pk)
