"""What changes the right to attend, and the documents of a file."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from preau.audit import services as audit
from preau.catalogue import queries as catalogue
from preau.enrolments.errors import (
    AlreadyEnrolled,
    DocumentRefusal,
    EnrolmentRefusal,
    NotInHousehold,
    OfferingClosed,
    OutsideOffering,
    ReasonNeeded,
)
from preau.enrolments.models import DocumentKind, Enrolment, ProvidedDocument, RequiredDocument
from preau.enrolments.rules import expiry
from preau.families import queries as families
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.kernel.locks import advisory_lock

ENROL_LOCK = 75


@transaction.atomic
def enrol(
    *,
    child_id: int,
    family_id: int,
    offering_id: int,
    starts_on: date,
    ends_on: date | None = None,
    channel: Channel,
    now: datetime,
    actor: Actor,
    request_id: int | None = None,
) -> Enrolment:
    """Give the child the right to attend the offering. `ends_on` None: as long as the offering.

    Dates are kept within the offering's own when they start before it. Raises OfferingClosed,
    OutsideOffering, NotInHousehold, AlreadyEnrolled (the database refuses an overlap as well).
    """
    offering = catalogue.get_offering(offering_id)
    if offering is None or not offering.is_open:
        raise OfferingClosed
    starts_on = max(starts_on, offering.starts_on)
    ends_on = min(ends_on or offering.ends_on, offering.ends_on)
    if starts_on > ends_on:
        raise OutsideOffering(
            f"{offering} est ouverte "
            f"{french.period(offering.starts_on, offering.ends_on, year=True)} : "
            "choisissez une date dans cette période."
        )
    children = families.children_of(family_id, starts_on)
    child = next((child for child in children if child.pk == child_id), None)
    if child is None:
        raise NotInHousehold
    # One at a time for a child: rows that exclude each other, written together, deadlock.
    advisory_lock(ENROL_LOCK, child_id)
    try:
        with transaction.atomic():
            enrolment = Enrolment.objects.create(
                child_id=child_id,
                family_id=family_id,
                offering_id=offering_id,
                starts_on=starts_on,
                ends_on=ends_on,
                channel=channel,
                created_at=now,
                request_id=request_id,
            )
    except IntegrityError as error:
        if "enrolment_once_at_a_time" not in str(error):
            raise
        raise AlreadyEnrolled from error
    audit.record(
        actor=actor,
        now=now,
        action="enrolments.enrol",
        summary=f"{child.first_name} : inscription à {offering}, "
        f"{french.period(starts_on, ends_on, year=True)}",
        family_id=family_id,
        object_type="enrolments.enrolment",
        object_id=enrolment.pk,
    )
    return enrolment


@transaction.atomic
def end_enrolment(
    *, enrolment_id: int, ends_on: date, reason: str, now: datetime, actor: Actor
) -> Enrolment:
    """End an enrolment on `ends_on` (its last day). An end before it started cancels it."""
    enrolment = (
        Enrolment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("child", "offering__activity", "offering__establishment")
        .get(pk=enrolment_id)
    )
    if enrolment.status == Enrolment.Status.ENDED:
        return enrolment
    today = paris_day(now)
    if ends_on > enrolment.ends_on:
        raise EnrolmentRefusal("La fin choisie est après la fin de l’inscription.")
    enrolment.ended_reason = reason[:200]
    if ends_on < enrolment.starts_on:
        enrolment.status = Enrolment.Status.ENDED
    else:
        enrolment.ends_on = ends_on
        if ends_on < today:
            enrolment.status = Enrolment.Status.ENDED
    enrolment.save(update_fields=["ended_reason", "status", "ends_on"])
    audit.record(
        actor=actor,
        now=now,
        action="enrolments.end",
        summary=f"{enrolment.child.first_name} : fin de l’inscription à {enrolment.offering} "
        f"({reason})",
        family_id=enrolment.family_id,
        object_type="enrolments.enrolment",
        object_id=enrolment.pk,
    )
    return enrolment


@transaction.atomic
def resume_enrolment(
    *, enrolment_id: int, ends_on: date, reason: str, now: datetime, actor: Actor
) -> bool:
    """Undo an end: the enrolment runs to `ends_on` again, unless that day is over, or another
    enrolment of the child took its place; whether it does."""
    enrolment = (
        Enrolment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("child", "offering__activity", "offering__establishment")
        .get(pk=enrolment_id)
    )
    if ends_on < paris_day(now):
        return False
    enrolment.ends_on, enrolment.status = ends_on, Enrolment.Status.ACTIVE
    enrolment.ended_reason = ""
    try:
        with transaction.atomic():
            enrolment.save(update_fields=["ended_reason", "status", "ends_on"])
    except IntegrityError:
        return False
    audit.record(
        actor=actor,
        now=now,
        action="enrolments.resume",
        summary=f"{enrolment.child.first_name} : l’inscription à {enrolment.offering} reprend "
        f"({reason})",
        family_id=enrolment.family_id,
        object_type="enrolments.enrolment",
        object_id=enrolment.pk,
    )
    return True


@transaction.atomic
def cancel_enrolment(*, enrolment_id: int, reason: str, now: datetime, actor: Actor) -> Enrolment:
    """Take an enrolment away as if it had never begun (a decision undone)."""
    enrolment = Enrolment.objects.only("starts_on").get(pk=enrolment_id)
    before = date.fromordinal(enrolment.starts_on.toordinal() - 1)
    return end_enrolment(
        enrolment_id=enrolment_id, ends_on=before, reason=reason, now=now, actor=actor
    )


@transaction.atomic
def provide_document(
    *,
    kind_id: int,
    family_id: int,
    child_id: int | None,
    file_id: UUID,
    now: datetime,
    actor: Actor,
    accepted: bool = False,
    expires_on: date | None = None,
) -> ProvidedDocument:
    """Put a piece in the file. `accepted`: an agent has already looked at it.

    The expiry is the kind's own unless given. A piece by family is kept without a child.
    """
    kind = DocumentKind.objects.get(pk=kind_id)
    if kind.subject == DocumentKind.Subject.FAMILY:
        child_id = None
    elif child_id is None:
        raise DocumentRefusal("Dites pour quel enfant est cette pièce.")
    document = ProvidedDocument.objects.create(
        kind=kind,
        family_id=family_id,
        child_id=child_id,
        file_id=file_id,
        status=ProvidedDocument.Status.ACCEPTED if accepted else ProvidedDocument.Status.RECEIVED,
        provided_at=now,
        expires_on=expires_on
        or expiry(
            paris_day(now),
            valid_months=kind.valid_months,
            until_school_year_end=kind.until_school_year_end,
        ),
    )
    audit.record(
        actor=actor,
        now=now,
        action="enrolments.provide_document",
        summary=f"Pièce reçue : {kind.name}",
        family_id=family_id,
        object_type="enrolments.provided_document",
        object_id=document.pk,
    )
    return document


@transaction.atomic
def review_document(
    *,
    document_id: int,
    accepted: bool,
    now: datetime,
    actor: Actor,
    reason: str = "",
    expires_on: date | None = None,
) -> ProvidedDocument:
    """Accept a piece (perhaps correcting its expiry) or refuse it, with why."""
    document = (
        ProvidedDocument.objects.select_for_update(of=("self",), no_key=True)
        .select_related("kind")
        .get(pk=document_id)
    )
    reason = reason.strip()
    if not accepted and not reason:
        raise ReasonNeeded
    document.status = (
        ProvidedDocument.Status.ACCEPTED if accepted else ProvidedDocument.Status.REFUSED
    )
    document.refusal_reason = "" if accepted else reason[:300]
    if expires_on is not None:
        document.expires_on = expires_on
    document.save(update_fields=["status", "refusal_reason", "expires_on"])
    audit.record(
        actor=actor,
        now=now,
        action="enrolments.review_document",
        summary=f"Pièce {'acceptée' if accepted else 'refusée'} : {document.kind.name}",
        family_id=document.family_id,
        object_type="enrolments.provided_document",
        object_id=document.pk,
    )
    return document


@transaction.atomic
def save_document_kind(
    *,
    slug: str,
    name: str,
    now: datetime,
    actor: Actor,
    hint: str = "",
    subject: str = DocumentKind.Subject.CHILD,
    valid_months: int | None = None,
    until_school_year_end: bool = False,
    is_sensitive: bool = False,
) -> DocumentKind:
    """Create or change a kind of document, named by its slug."""
    kind, created = DocumentKind.objects.update_or_create(
        slug=slug,
        defaults={
            "name": name,
            "hint": hint,
            "subject": subject,
            "valid_months": valid_months,
            "until_school_year_end": until_school_year_end,
            "is_sensitive": is_sensitive,
        },
    )
    audit.record(
        actor=actor,
        now=now,
        action="enrolments.save_document_kind",
        summary=f"Type de pièce {'créé' if created else 'modifié'} : {name}",
        object_type="enrolments.document_kind",
        object_id=kind.pk,
    )
    return kind


@transaction.atomic
def set_required_documents(
    *, activity_id: int, kind_ids: Iterable[int], now: datetime, actor: Actor
) -> None:
    """Say which documents an activity asks for, all at once."""
    wanted = set(kind_ids)
    current = RequiredDocument.objects.filter(activity_id=activity_id)
    current.exclude(kind_id__in=wanted).delete()
    RequiredDocument.objects.bulk_create(
        [RequiredDocument(activity_id=activity_id, kind_id=kind_id) for kind_id in sorted(wanted)],
        ignore_conflicts=True,
    )
    audit.record(
        actor=actor,
        now=now,
        action="enrolments.set_required_documents",
        summary="Pièces demandées modifiées",
        object_type="catalogue.activity",
        object_id=activity_id,
        data={"kinds": sorted(wanted)},
    )
