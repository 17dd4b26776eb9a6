"""Reading the versions of the rules; compiled rulebooks are kept by each process."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Case, F, Q, QuerySet, TextField, Value, When

from preau.catalogue.queries import rule_calendar
from preau.rulebook.enums import Status
from preau.rulebook.models import RulebookVersion
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.text.read_book import read_text
from preau.rulebook.when import Calendar, Holiday

_KEPT = 24
_compiled: dict[tuple[int, str], Rulebook] = {}


@dataclass(frozen=True, slots=True)
class InForce:
    """The version in force on a day and its compiled rules."""

    id: int
    name: str
    council_decision: str
    executory_on: date | None
    applies_from: date
    book: Rulebook


def list_versions() -> QuerySet[RulebookVersion]:
    """All versions, the latest first."""
    return RulebookVersion.objects.order_by("-applies_from", "-pk")


def get_version(pk: int) -> RulebookVersion | None:
    """One version, or None."""
    return RulebookVersion.objects.filter(pk=pk).first()


def version_words(ids: Iterable[int | None]) -> str:
    """What priced something: «Tarifs 2026-2027, délibération 2026-06-18/27»; "" for no version.

    One query, none when there is nothing to ask.
    """
    wanted = {pk for pk in ids if pk is not None}
    if not wanted:
        return ""
    rows = RulebookVersion.objects.filter(pk__in=wanted).order_by("applies_from", "pk")
    return " ; ".join(
        ", ".join(part for part in (row.name, _decision(row.council_decision)) if part)
        for row in rows
    )


def _decision(text: str) -> str:
    return text[:1].lower() + text[1:]


def compiled(version: RulebookVersion) -> Rulebook:
    """The version's rules, read once by each process for a given text. Its `version` is the
    row's number, that prices carry. Raises FileError when the text is not a rulebook."""
    key = (version.pk, version.checksum)
    book = _compiled.get(key)
    if book is None:
        book = replace(
            read_text(version.text, version.name),
            version=str(version.pk),
            applies_from=version.applies_from,
            applies_until=version.applies_until,
        )
        if len(_compiled) >= _KEPT:
            _compiled.pop(next(iter(_compiled)))
        _compiled[key] = book
    return book


def version_on(day: date) -> InForce | None:
    """The version in force on a day, by the rules of that time; None when none is. One query,
    and another the first time that this process meets the version."""
    row = (
        RulebookVersion.objects.filter(status=Status.PUBLISHED, applies_from__lte=day)
        .filter(Q(applies_until=None) | Q(applies_until__gte=day))
        .order_by("-applies_from")
        .defer("text")
        .first()
    )
    if row is None or row.applies_from is None:
        return None
    return InForce(
        row.pk, row.name, row.council_decision, row.executory_on, row.applies_from, compiled(row)
    )


def rulebook_on(day: date) -> Rulebook | None:
    """The rules in force on a day, compiled; None when none is published for it."""
    found = version_on(day)
    return found.book if found else None


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a published version rules, and its compiled rules."""

    starts_on: date
    ends_on: date | None
    book: Rulebook


def published_books() -> list[Span]:
    """Every published version, the one that applies latest first: the first that holds a day rules
    it. One query, that brings the text of the versions this process has not compiled yet."""
    known = [pk for pk, _checksum in _compiled]
    rows = (
        RulebookVersion.objects.filter(status=Status.PUBLISHED, applies_from__isnull=False)
        .annotate(
            unread=Case(
                When(~Q(pk__in=known), then=F("text")), default=Value(""), output_field=TextField()
            )
        )
        .defer("text")
        .order_by("-applies_from")
    )
    found = []
    for row in rows:
        if row.unread:
            row.text = row.unread
        assert row.applies_from is not None
        found.append(Span(row.applies_from, row.applies_until, compiled(row)))
    return found


def change_days() -> list[date]:
    """The days from which other rules are in force than the day before, in order; one query."""
    rows = RulebookVersion.objects.filter(status=Status.PUBLISHED).values_list(
        "applies_from", "applies_until"
    )
    days = {starts_on for starts_on, _ends_on in rows if starts_on}
    days |= {ends_on + timedelta(days=1) for _starts_on, ends_on in rows if ends_on}
    return sorted(days)


def town_calendar(around: date) -> Calendar:
    """The town's calendar as rules read it, from four months before to seventeen after."""
    found = rule_calendar(around - timedelta(days=120), around + timedelta(days=500))
    return Calendar(
        holidays=tuple(Holiday(h.name, h.starts_on, h.resumes_on) for h in found.holidays),
        public_holidays=found.public_holidays,
        closed_days=found.closed_days,
        no_school_days=found.no_school_days,
        school_weekdays=found.school_weekdays,
        zone=found.zone,
    )
