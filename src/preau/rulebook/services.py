"""The verbs that change the rules: write a draft, publish it, put a version away."""

import hashlib
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from preau.audit.services import record
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.rulebook.checking.check import blocking, check
from preau.rulebook.checking.findings import Finding
from preau.rulebook.enums import Status
from preau.rulebook.errors import FileError
from preau.rulebook.models import RulebookVersion
from preau.rulebook.queries import rulebook_on, town_calendar
from preau.rulebook.refusals import NotADraft, NotPublishable, RulebookRefusal, UnreadableText
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.text.read_book import read_text
from preau.rulebook.text.writer import write_text


def checksum(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read(text: str, name: str) -> Rulebook:
    try:
        return read_text(text, name)
    except FileError as error:
        raise UnreadableText("\n".join(problem.sentence() for problem in error.problems)) from None


@transaction.atomic
def save_draft(
    *,
    text: str,
    now: datetime,
    actor: Actor,
    version_id: int | None = None,
    name: str = "",
) -> RulebookVersion:
    """Write a draft, new or already there. The text must be readable; it may have holes.

    Raises UnreadableText (each line that is wrong), NotADraft for a published version.
    """
    text = text.replace("\r\n", "\n")
    book = _read(text, name or "texte")
    if version_id is None:
        row = RulebookVersion(created_at=now)
    else:
        row = _locked(version_id)
        if row.status != Status.DRAFT:
            raise NotADraft
    row.name = name or row.name or book.name
    row.text, row.checksum = text, checksum(text)
    row.council_decision = book.council_decision
    row.executory_on = book.executory_on
    row.applies_from, row.applies_until = book.applies_from, book.applies_until
    row.updated_at, row.author = now, actor.label
    row.save()
    record(
        actor=actor,
        now=now,
        action="rulebook.draft_saved",
        summary=f"Règles « {row.name} » : brouillon enregistré.",
        object_type="rulebook.RulebookVersion",
        object_id=row.pk,
    )
    return row


def _locked(version_id: int) -> RulebookVersion:
    try:
        return RulebookVersion.objects.select_for_update(no_key=True).get(pk=version_id)
    except RulebookVersion.DoesNotExist:
        raise RulebookRefusal("Cette version n’existe plus.") from None


def report(version: RulebookVersion) -> tuple[Finding, ...]:
    """What the checker finds in a version, on the town's calendar, against the rules in force."""
    book = _read(version.text, version.name)
    day = book.applies_from or paris_day(version.created_at)
    return check(book, town_calendar(day), rulebook_on(day))


@transaction.atomic
def publish(
    *,
    version_id: int,
    now: datetime,
    actor: Actor,
    council_decision: str = "",
    executory_on: date | None = None,
    applies_from: date | None = None,
) -> RulebookVersion:
    """Put a draft in force from its day. Refused while the checker finds an error, or without its
    council decision and its dates (taken from the text unless given here)."""
    row = _locked(version_id)
    if row.status != Status.DRAFT:
        raise NotADraft
    book = _read(row.text, row.name)
    wanted = replace(
        book,
        council_decision=council_decision or book.council_decision,
        executory_on=executory_on or book.executory_on,
        applies_from=applies_from or book.applies_from,
    )
    if wanted != book:
        row.text = write_text(wanted)
        row.checksum = checksum(row.text)
        book = wanted
    if not book.council_decision or book.executory_on is None or book.applies_from is None:
        raise NotPublishable(
            message="Pour publier, indiquez la délibération, le jour où elle est exécutoire et "
            "le jour à partir duquel les règles s’appliquent."
        )
    errors = blocking(check(book, town_calendar(book.applies_from), rulebook_on(book.applies_from)))
    if errors:
        raise NotPublishable(errors)
    same_day = RulebookVersion.objects.filter(
        status=Status.PUBLISHED, applies_from=book.applies_from
    ).exclude(pk=row.pk)
    if same_day.exists():
        raise NotPublishable(
            message="Une version publiée s’applique déjà à partir du "
            f"{french.day(book.applies_from, year=True)} : archivez-la d’abord."
        )
    row.council_decision, row.executory_on = book.council_decision, book.executory_on
    row.applies_from, row.applies_until = book.applies_from, book.applies_until
    row.status, row.published_at, row.updated_at = Status.PUBLISHED, now, now
    row.save()
    record(
        actor=actor,
        now=now,
        action="rulebook.published",
        summary=f"Règles « {row.name} » publiées, à partir du "
        f"{french.day(book.applies_from, year=True)} ({row.council_decision}).",
        object_type="rulebook.RulebookVersion",
        object_id=row.pk,
    )
    return row


@transaction.atomic
def archive(*, version_id: int, now: datetime, actor: Actor) -> RulebookVersion:
    """Put a version away: it is kept, no longer applied. A draft is archived only once published;
    throw it away with `delete_draft`."""
    row = _locked(version_id)
    if row.status != Status.PUBLISHED:
        raise RulebookRefusal("Seule une version publiée s’archive.")
    row.status, row.archived_at, row.updated_at = Status.ARCHIVED, now, now
    row.save(update_fields=["status", "archived_at", "updated_at"])
    record(
        actor=actor,
        now=now,
        action="rulebook.archived",
        summary=f"Règles « {row.name} » archivées.",
        object_type="rulebook.RulebookVersion",
        object_id=row.pk,
    )
    return row


@transaction.atomic
def delete_draft(*, version_id: int, now: datetime, actor: Actor) -> None:
    """Throw a draft away. Raises NotADraft for any other version."""
    row = _locked(version_id)
    if row.status != Status.DRAFT:
        raise NotADraft
    name, pk = row.name, row.pk
    row.delete()
    record(
        actor=actor,
        now=now,
        action="rulebook.draft_deleted",
        summary=f"Règles « {name} » : brouillon supprimé.",
        object_type="rulebook.RulebookVersion",
        object_id=pk,
    )
