"""Reminding families of what is late: level after level, by the worker, once per invoice and level.

Nothing here blocks anything: no booking, no meal. Who is not to be reminded now (a payment «en
cours», a debit announced, a line contested, a plan that is kept) is the caller's to say: see
`preau.journeys.debts`.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.queries import unpaid_invoices
from preau.documents.services import store_raw
from preau.families.queries import payers_of
from preau.kernel.actors import Actor
from preau.kernel.french import day, euros, month, telephone
from preau.messaging.services import Email, queue_emails
from preau.recovery.errors import NobodyToRemind, RunWorking
from preau.recovery.letters import letters_file
from preau.recovery.models import Reminder, ReminderLevel, ReminderRun

logger = logging.getLogger(__name__)
Status = ReminderRun.Status
Channel = ReminderLevel.Channel
CHUNK = 200
STALE = timedelta(minutes=3)
OBJECT = "reminder_run"


@dataclass(frozen=True, slots=True)
class Concerned:
    """A family that a level would remind, and the invoices for which."""

    family_id: int
    name: str
    code: str
    invoices: tuple[Any, ...]

    @property
    def left_cents(self) -> int:
        return sum(invoice.left_cents for invoice in self.invoices)


@dataclass(frozen=True, slots=True)
class Spared:
    """A late invoice that is not reminded now, and why."""

    invoice: Any
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a level concerns today, and whom it spares."""

    level: ReminderLevel
    concerned: tuple[Concerned, ...]
    spared: tuple[Spared, ...]

    @property
    def left_cents(self) -> int:
        return sum(row.left_cents for row in self.concerned)

    @property
    def invoice_ids(self) -> list[int]:
        return [invoice.pk for row in self.concerned for invoice in row.invoices]


def levels(*, only_active: bool = False) -> list[ReminderLevel]:
    """The town's levels, in order."""
    found = ReminderLevel.objects.all()
    return list(found.filter(is_active=True) if only_active else found)


def late_invoices(*, cash_office_id: int, rank: int, today: date) -> list[Any]:
    """Invoices whose next level is this one: late enough, the levels before already sent."""
    level = ReminderLevel.objects.filter(rank=rank, is_active=True).first()
    if level is None:
        return []
    before = (
        ReminderLevel.objects.filter(rank__lt=rank, is_active=True)
        .order_by("-rank")
        .values_list("rank", flat=True)
        .first()
    )
    found = (
        unpaid_invoices()
        .filter(cash_office_id=cash_office_id, due_on__lt=today - timedelta(days=level.days - 1))
        .exclude(pk__in=Reminder.objects.filter(rank__gte=rank).values("invoice_id"))
        .select_related("cash_office", "family")
    )
    if before is not None:
        found = found.filter(pk__in=Reminder.objects.filter(rank=before).values("invoice_id"))
    return list(found)


def preview(
    *, cash_office_id: int, level: ReminderLevel, spared: Mapping[int, str], today: date
) -> Preview:
    """Who would be reminded today; `spared` (invoice → why) are not."""
    families: dict[int, list[Any]] = {}
    left_alone = []
    for invoice in late_invoices(cash_office_id=cash_office_id, rank=level.rank, today=today):
        if why := spared.get(invoice.pk):
            left_alone.append(Spared(invoice, why))
        else:
            families.setdefault(invoice.family_id, []).append(invoice)
    concerned = [
        Concerned(pk, rows[0].family.name, rows[0].family.code, tuple(rows))
        for pk, rows in families.items()
    ]
    concerned.sort(key=lambda row: (row.name, row.code))
    return Preview(level, tuple(concerned), tuple(left_alone))


@transaction.atomic
def send_reminders(
    *, cash_office_id: int, found: Preview, actor: Actor, now: datetime
) -> ReminderRun:
    """Have the worker send what the preview shows. Raises NobodyToRemind, RunWorking."""
    if not found.concerned:
        raise NobodyToRemind
    try:
        with transaction.atomic():
            run = ReminderRun.objects.create(
                level=found.level,
                cash_office_id=cash_office_id,
                name=found.level.name,
                channel=found.level.channel,
                text=found.level.text,
                invoice_ids=found.invoice_ids,
                total=len(found.concerned),
                created_at=now,
                created_by=actor.label,
            )
    except IntegrityError as error:
        raise RunWorking from error
    record(
        actor=actor,
        now=now,
        action="recovery.send_reminders",
        summary=_("%(name)s : %(count)s familles, %(amount)s")
        % {
            "name": run.name,
            "count": run.total,
            "amount": euros(found.left_cents),
        },
        object_type=OBJECT,
        object_id=run.pk,
    )
    from preau.recovery.tasks import send_run

    send_run.configure(queueing_lock=f"recovery.send:{run.pk}").defer(run_id=run.pk)
    return run


def work(*, run_id: int, spared: Mapping[int, str], now: datetime) -> ReminderRun:
    """Send one run: chunk by chunk, each in its own transaction, then one PDF of all letters.

    Taken up again after a kill, it goes on where it stopped: an invoice is reminded once. What was
    paid or spared since the preview is left alone.
    """
    while _chunk(run_id, spared, now):
        pass
    run = ReminderRun.objects.select_related("cash_office").get(pk=run_id)
    if run.status != Status.WORKING:
        return run
    return _finish(run, now)


def resume_runs(*, now: datetime) -> list[int]:
    """The runs that a kill left open: to be taken up again."""
    return list(
        ReminderRun.objects.filter(status=Status.WORKING, created_at__lt=now - STALE).values_list(
            "pk", flat=True
        )
    )


@transaction.atomic
def _chunk(run_id: int, spared: Mapping[int, str], now: datetime) -> bool:
    run = (
        ReminderRun.objects.select_for_update(of=("self",), no_key=True)
        .select_related("level", "cash_office")
        .get(pk=run_id)
    )
    if run.status != Status.WORKING or not run.invoice_ids:
        return False
    families: dict[int, list[Any]] = {}
    known = set(
        Reminder.objects.filter(
            invoice_id__in=run.invoice_ids, rank__gte=run.level.rank
        ).values_list("invoice_id", flat=True)
    )
    unpaid: Iterable[Any] = unpaid_invoices().filter(pk__in=run.invoice_ids).order_by("family_id")
    for invoice in unpaid:
        if invoice.pk not in known and invoice.pk not in spared:
            families.setdefault(invoice.family_id, []).append(invoice)
    batch = dict(list(families.items())[:CHUNK])
    payers = payers_of(batch)
    rows, letters = [], []
    for family_id, invoices in batch.items():
        payer = payers.get(family_id)
        by_email = run.channel == Channel.EMAIL and payer is not None and payer.email
        rows += [
            Reminder(
                run=run,
                rank=run.level.rank,
                invoice=invoice,
                family_id=family_id,
                left_cents=invoice.left_cents,
                sent_at=now,
                channel=Channel.EMAIL if by_email else Channel.LETTER,
                to=(payer.email if by_email and payer else str(payer or ""))[:200],
            )
            for invoice in invoices
        ]
        if by_email and payer is not None:
            letters.append(_email(run, payer.email, family_id, invoices))
    Reminder.objects.bulk_create(rows)
    queue_emails(emails=letters, now=now)
    run.emails += len(letters)
    run.letters += len(batch) - len(letters)
    run.done += len(batch)
    run.save(update_fields=["emails", "letters", "done"])
    return len(families) > CHUNK


def _finish(run: ReminderRun, now: datetime) -> ReminderRun:
    pdf = None
    if run.letters:
        pdf = store_raw(
            content=ContentFile(letters_file(run, now=now)),
            name=f"relances-{run.pk}.pdf",
            content_type="application/pdf",
            actor=Actor.system(),
            now=now,
        )
    run.status, run.finished_at, run.pdf = Status.DONE, now, pdf
    run.total = run.done
    run.save(update_fields=["status", "finished_at", "pdf", "total"])
    return run


def fail(*, run_id: int, error: str) -> None:
    """Say that a run cannot be finished; what it sent stays sent."""
    ReminderRun.objects.filter(pk=run_id, status=Status.WORKING).update(
        status=Status.FAILED, error=error[:300]
    )


def _email(run: ReminderRun, to: str, family_id: int, invoices: list[Any]) -> Email:
    total = euros(sum(invoice.left_cents for invoice in invoices))
    office = run.cash_office
    lines = [
        _("Bonjour,"),
        "",
        _("Il reste %(total)s à payer à %(office)s :") % {"total": total, "office": office.name},
        *(
            _("– facture %(number)s (%(month)s), à régler avant le %(day)s : %(left)s")
            % {
                "number": invoice.number,
                "month": month(invoice.month),
                "day": day(invoice.due_on, year=True),
                "left": euros(invoice.left_cents),
            }
            for invoice in invoices
        ),
        "",
        run.text,
        "",
        _("Pour payer ou contester une ligne : l’espace familles, rubrique « Compte »."),
    ]
    if office.phone:
        lines.append(_("Une question ? %(phone)s") % {"phone": telephone(office.phone)})
    return Email(
        to=to,
        subject=_("%(name)s : il reste %(total)s à payer") % {"name": run.name, "total": total},
        body="\n".join(lines),
        family_id=family_id,
        key=f"reminder:{run.pk}:{family_id}",
    )
