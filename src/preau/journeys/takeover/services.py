"""Taking over another software's files: read and previewed by a job, agreed by an agent, applied
by a job; or both by a command."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet

from preau.audit.services import record
from preau.documents.queries import read_bytes
from preau.documents.services import store_raw
from preau.journeys.models import TakeOver, TakeOverNote
from preau.journeys.takeover.apply import apply_plan, written_totals
from preau.journeys.takeover.plan import MAX_NOTES, Draft, Plan, make_plan
from preau.journeys.takeover.reading import NotATakeOverFile, Note, Source, read_rows
from preau.kernel import french
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from preau.kernel.locks import advisory_lock

TAKE_OVER_LOCK = (7101, 2)
EXAMPLES = 20
Status = TakeOver.Status


class TakeOverRefused(Refusal):
    message = "Cette reprise n’est pas possible."
    code = "take_over_refused"


# --- By an agent, on the screen --------------------------------------------------------------


@transaction.atomic
def start_take_over(
    *, uploaded: File, name: str, as_of: date, now: datetime, actor: Actor
) -> TakeOver:
    """Keep the file and have the worker read it; nothing of it is written before an agent agrees.

    `as_of`: the day on which the old software stated its balances.
    """
    from preau.journeys.tasks import read_take_over

    if not name.lower().endswith((".xlsx", ".xlsm", ".zip", ".csv", ".txt")):
        raise TakeOverRefused(NotATakeOverFile.message)
    stored = store_raw(
        content=uploaded,
        name=name[-120:],
        content_type="application/octet-stream",
        actor=actor,
        now=now,
    )
    row = TakeOver.objects.create(
        file_id=stored.pk,
        name=name[:200],
        as_of=as_of,
        created_at=now,
        created_by=actor.label,
        created_by_id=actor.user_id,
    )
    _journal(row, "start_take_over", "fichier reçu", now=now, actor=actor)
    read_take_over.defer(take_over_id=row.pk)
    return row


def run_reading(*, take_over_id: int, now: datetime) -> None:
    """The job: read and judge the file, keep what it would write. Safe to run again."""
    row = TakeOver.objects.filter(pk=take_over_id, status=Status.READING).first()
    if row is None:
        return
    try:
        with _path(row) as path:
            plan = read_plan(path, name=row.name, day=paris_day(now))
    except Refusal as error:
        row.status, row.error = Status.FAILED, str(error)[:300]
        row.save(update_fields=["status", "error"])
        return
    _keep_preview(row, plan)


@transaction.atomic
def approve_take_over(*, take_over_id: int, now: datetime, actor: Actor) -> None:
    """Hand a previewed take-over to the worker. Approving twice does it once."""
    from preau.journeys.tasks import apply_take_over

    if not TakeOver.objects.filter(pk=take_over_id, status=Status.PREVIEWED).update(
        status=Status.APPLYING
    ):
        raise TakeOverRefused("Cette reprise est déjà partie, ou elle n’est pas lisible.")
    row = TakeOver.objects.get(pk=take_over_id)
    _journal(row, "approve_take_over", "validée", now=now, actor=actor)
    apply_take_over.defer(take_over_id=take_over_id)


def abandon_take_over(*, take_over_id: int, now: datetime, actor: Actor) -> None:
    """Leave a take-over without applying it."""
    if not TakeOver.objects.filter(
        pk=take_over_id, status__in=(Status.PREVIEWED, Status.READING, Status.FAILED)
    ).update(status=Status.ABANDONED):
        raise TakeOverRefused("Cette reprise est déjà partie.")
    row = TakeOver.objects.get(pk=take_over_id)
    _journal(row, "abandon_take_over", "abandonnée", now=now, actor=actor)


def run_take_over(*, take_over_id: int, now: datetime) -> None:
    """The job: read again, open what is not open yet. Killed, its next run goes on."""
    row = TakeOver.objects.filter(pk=take_over_id, status=Status.APPLYING).first()
    if row is None:
        return
    actor = Actor(row.created_by_id, row.created_by, Channel.SYSTEM, is_agent=True)
    with _path(row) as path:
        plan = read_plan(path, name=row.name, day=paris_day(row.created_at))
        already = len(plan.known)

        def progress(done: int) -> None:
            TakeOver.objects.filter(pk=row.pk).update(done=already + done)

        refused = apply_plan(plan, as_of=row.as_of, now=now, actor=actor, progress=progress)
    _finish(row, plan, refused, now=now, actor=actor)


# --- By the command line ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command prints: the row kept, and the remarks."""

    row: TakeOver
    notes: list[Note]


def read_plan(path: Path, *, name: str = "", day: date) -> Plan:
    """Read and judge a file; nothing is written. Raises NotATakeOverFile."""
    source = Source()
    plan = make_plan(read_rows(path, source, name=name), source, day=day)
    plan.notes = sorted(
        source.notes + plan.notes, key=lambda note: (not note.is_refused, note.table, note.line)
    )
    return plan


def take_over_now(
    path: Path, *, as_of: date | None, apply: bool, now: datetime, actor: Actor
) -> Outcome:
    """Read a file and, with `apply`, open its families at once. Run again, it goes on."""
    day = paris_day(now)
    plan = read_plan(path, day=day)
    row = TakeOver(
        name=path.name[:200],
        as_of=as_of or day,
        created_at=now,
        created_by=actor.label,
        created_by_id=actor.user_id,
    )
    if not apply:
        _fill(row, plan)
        return Outcome(row, plan.notes)
    row.status = Status.APPLYING
    row.save()
    _fill(row, plan)
    if plan.source.is_unusable:
        row.status, row.error = Status.FAILED, UNUSABLE
        row.save()
        _keep_notes(row, plan.notes)
        return Outcome(row, plan.notes)
    row.save()
    _keep_notes(row, plan.notes)
    refused = apply_plan(plan, as_of=row.as_of, now=now, actor=actor)
    _finish(row, plan, refused, now=now, actor=actor)
    row.refresh_from_db()
    return Outcome(row, plan.notes + refused)


# --- Reading ---------------------------------------------------------------------------------


def list_take_overs() -> QuerySet[TakeOver]:
    """Take-overs, latest first."""
    return TakeOver.objects.order_by("-pk")


def get_take_over(pk: int) -> TakeOver | None:
    return list_take_overs().filter(pk=pk).first()


def notes_of(row: TakeOver, *, table: str = "", refused: bool | None = None) -> QuerySet[Any]:
    """The remarks of a take-over, refusals first, in the order of the file."""
    found = TakeOverNote.objects.filter(take_over=row)
    if table:
        found = found.filter(table=table)
    if refused is not None:
        found = found.filter(is_refused=refused)
    return found.order_by("-is_refused", "table", "line", "pk")


@dataclass(frozen=True, slots=True)
class Balance:
    """One line of the reconciliation of a cash office, in cents."""

    office: str
    read: tuple[int, int]
    kept: tuple[int, int]
    refused: tuple[int, int]
    known: tuple[int, int]
    written: tuple[int, int] | None

    @property
    def difference(self) -> int:
        """What the ledger holds less what should have been written; 0 when all is there."""
        if self.written is None:
            return 0
        return sum(self.written) - sum(self.kept) - sum(self.known)


def reconciliation(row: TakeOver) -> list[Balance]:
    """By cash office: what the file says, what is kept, refused, and what the ledger holds."""

    def pair(values: Any) -> tuple[int, int]:
        return (values[0], values[1]) if values else (0, 0)

    is_written = row.status == Status.APPLIED
    return [
        Balance(
            office,
            pair(told.get("read")),
            pair(told.get("kept")),
            pair(told.get("refused")),
            pair(told.get("known")),
            pair(row.written.get(office)) if is_written else None,
        )
        for office, told in sorted(row.totals.items())
    ]


# --- What they share -------------------------------------------------------------------------

UNUSABLE = "Il manque des tables ou des colonnes : rien n’est repris. Voyez les remarques."


@transaction.atomic
def _keep_preview(row: TakeOver, plan: Plan) -> None:
    _fill(row, plan)
    row.status = Status.FAILED if plan.source.is_unusable else Status.PREVIEWED
    row.error = UNUSABLE if plan.source.is_unusable else ""
    row.save()
    _keep_notes(row, plan.notes)


def _fill(row: TakeOver, plan: Plan) -> None:
    kept = plan.kept if not plan.source.is_unusable else []
    row.counts, row.totals = plan.counts(), plan.totals()
    row.encodings, row.families = plan.source.encodings, len(kept)
    row.examples = [_words(draft) for draft in kept[:EXAMPLES]]


def _words(draft: Draft) -> str:
    file = draft.file
    name = file.name or french.and_join(f"{a.first_name} {a.last_name}" for a in file.adults)
    children = french.count(len(file.children), "enfant")
    return f"{name} ({file.former_code}), {file.address.one_line}, {children}"


def _keep_notes(row: TakeOver, notes: Iterable[Note]) -> None:
    TakeOverNote.objects.filter(take_over=row).delete()
    _add_notes(row, list(notes)[:MAX_NOTES])


def _add_notes(row: TakeOver, notes: Iterable[Note]) -> None:
    TakeOverNote.objects.bulk_create(
        [
            TakeOverNote(
                take_over=row,
                table=note.table,
                line=note.line,
                family=note.family,
                reason=note.reason,
                is_refused=note.is_refused,
            )
            for note in notes
        ],
        batch_size=2000,
    )


@transaction.atomic
def _finish(row: TakeOver, plan: Plan, refused: list[Note], *, now: datetime, actor: Actor) -> None:
    """Write the reconciliation: what the ledger holds for the file's families."""
    advisory_lock(*TAKE_OVER_LOCK)
    _add_notes(row, refused)
    row = TakeOver.objects.select_for_update(no_key=True).get(pk=row.pk)
    if row.status != Status.APPLYING:
        return
    row.written = written_totals(plan)
    row.done = len(plan.known) + sum(draft.file.family_id is not None for draft in plan.kept)
    row.status, row.applied_at = Status.APPLIED, now
    row.save()
    words = french.count(row.done, "dossier repris", "dossiers repris")
    _journal(row, "take_over", words, now=now, actor=actor)


def _journal(row: TakeOver, verb: str, words: str, *, now: datetime, actor: Actor) -> None:
    record(
        actor=actor,
        now=now,
        action=f"journeys.{verb}",
        summary=f"Reprise de dossiers «\u00a0{row.name}\u00a0» : {words}",
        object_type="journeys.TakeOver",
        object_id=row.pk,
    )


@contextmanager
def _path(row: TakeOver) -> Iterator[Path]:
    """The stored file, where readers can open it."""
    assert row.file is not None
    suffix = Path(row.name).suffix.lower()
    with tempfile.NamedTemporaryFile(suffix=suffix) as copy:
        copy.write(read_bytes(row.file))
        copy.flush()
        yield Path(copy.name)
