"""Issuing certificates: the facts come from a journey, the paper and its code from documents."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from preau.audit.services import record
from preau.certificates.enums import CertificateKind
from preau.certificates.models import Certificate
from preau.documents.services import issue_document
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day

_DOCUMENT = {
    CertificateKind.TAX: "TAX_CERTIFICATE",
    CertificateKind.ATTENDANCE: "ATTENDANCE_CERTIFICATE",
    CertificateKind.ENROLMENT: "ENROLMENT_CERTIFICATE",
    CertificateKind.SCHOOL: "SCHOOL_CERTIFICATE",
    CertificateKind.LEAVING: "SCHOOL_CERTIFICATE",
}


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What is certified, ready for the paper: French text and plain JSON values only.

    `public_facts` is what /verifier/ shows to whoever holds the paper.
    """

    title: str
    starts_on: date
    ends_on: date
    data: dict[str, Any]
    public_facts: dict[str, str]
    child_id: int | None = None


@transaction.atomic
def issue_certificate(
    *, kind: str, family_id: int, facts: CertificateFacts, now: datetime, actor: Actor
) -> Certificate:
    """Issue one certificate, numbered and archived. The same facts on the same day give the same
    one again: asking twice is harmless."""
    today = [
        certificate
        for certificate in Certificate.objects.filter(
            kind=kind,
            family_id=family_id,
            child_id=facts.child_id,
            starts_on=facts.starts_on,
            ends_on=facts.ends_on,
        ).select_related("document")
        if certificate.facts == facts.data and paris_day(certificate.issued_at) == paris_day(now)
    ]
    if today:
        return today[-1]
    document = issue_document(
        kind=_DOCUMENT[CertificateKind(kind)],
        title=facts.title,
        template="certificate",
        data=facts.data,
        public_facts=facts.public_facts,
        family_id=family_id,
        now=now,
    )
    certificate = Certificate.objects.create(
        kind=kind,
        family_id=family_id,
        child_id=facts.child_id,
        starts_on=facts.starts_on,
        ends_on=facts.ends_on,
        document=document,
        facts=facts.data,
        issued_at=now,
        channel=actor.channel,
    )
    record(
        actor=actor,
        now=now,
        action="certificates.issue",
        summary=f"{facts.title} délivrée, n° {document.number}",
        family_id=family_id,
        object_type="certificate",
        object_id=certificate.pk,
    )
    return certificate
