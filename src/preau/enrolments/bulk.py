"""Enrolling many children at once, and putting many pieces in files: for imports and take-overs.

The same rows as `services.enrol` and `services.provide_document`; the database refuses the same
overlaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from preau.audit.services import record_many
from preau.enrolments.models import DocumentKind, Enrolment, ProvidedDocument
from preau.enrolments.rules import expiry
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel

BATCH = 2000


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """A right to attend, from one day to another, both within the offering's own."""

    child_id: int
    family_id: int
    offering_id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A piece already looked at; `child_id` None for a piece of the whole family."""

    kind_id: int
    family_id: int
    child_id: int | None
    file_id: UUID


@transaction.atomic
def enrol_many(
    *, enrolments: Sequence[NewEnrolment], channel: Channel, now: datetime, actor: Actor
) -> dict[tuple[int, int], int]:
    """Enrol all these children; the ids by (child, offering), one journal line per family.

    An overlap with an enrolment that runs raises IntegrityError: all or nothing.
    """
    rows = [
        Enrolment(
            child_id=e.child_id,
            family_id=e.family_id,
            offering_id=e.offering_id,
            starts_on=e.starts_on,
            ends_on=e.ends_on,
            channel=channel,
            created_at=now,
        )
        for e in enrolments
    ]
    Enrolment.objects.bulk_create(rows, batch_size=BATCH)
    counts: dict[int, int] = {}
    for row in rows:
        counts[row.family_id] = counts.get(row.family_id, 0) + 1
    record_many(
        actor=actor,
        now=now,
        action="enrolments.enrol",
        entries=[
            (family_id, f"{n} inscription{'s' if n > 1 else ''} enregistrée{'s' if n > 1 else ''}")
            for family_id, n in counts.items()
        ],
    )
    return {(row.child_id, row.offering_id): row.pk for row in rows}


@transaction.atomic
def provide_documents(*, documents: Sequence[NewDocument], now: datetime, actor: Actor) -> int:
    """Put pieces that were accepted elsewhere in their files; how many."""
    kinds = DocumentKind.objects.in_bulk()
    today = paris_day(now)
    ends = {
        kind.pk: expiry(
            today,
            valid_months=kind.valid_months,
            until_school_year_end=kind.until_school_year_end,
        )
        for kind in kinds.values()
    }
    ProvidedDocument.objects.bulk_create(
        [
            ProvidedDocument(
                kind_id=d.kind_id,
                family_id=d.family_id,
                child_id=d.child_id
                if kinds[d.kind_id].subject == DocumentKind.Subject.CHILD
                else None,
                file_id=d.file_id,
                status=ProvidedDocument.Status.ACCEPTED,
                provided_at=now,
                expires_on=ends[d.kind_id],
            )
            for d in documents
        ],
        batch_size=BATCH,
    )
    record_many(
        actor=actor,
        now=now,
        action="enrolments.provide_document",
        entries=[(family_id, "Pièces reprises") for family_id in {d.family_id for d in documents}],
    )
    return len(documents)
