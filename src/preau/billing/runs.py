"""The monthly billing run: previewed, approved, issued by the worker, all or nothing.

Each step is safe to begin again: what computes writes nothing but its result, what issues does so
in one transaction, under a lock of the run's row. Killed anywhere, the next start finishes.
"""

import logging
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.computing import Computed, compute
from preau.billing.contracts import note_billed, post_credits
from preau.billing.errors import MonthNotOver, RunAlreadyOpen, RunNotReady
from preau.billing.invoicing import issue_invoices
from preau.billing.models import (
    BillingRun,
)
from preau.billing.registrations import note_paid
from preau.billing.spending import spend_holds
from preau.billing.third_party_invoices import issue_shares
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.collecting import collector_held
from preau.kernel.french import month as month_words
from preau.kernel.money import euros
from preau.kernel.periods import month_period

logger = logging.getLogger(__name__)
Status = BillingRun.Status
SILENCE = timedelta(minutes=2)
"""A run that says nothing for so long lost its worker."""


@transaction.atomic
def open_run(*, cash_office_id: int, month: date, actor: Actor, now: datetime) -> BillingRun:
    """Begin a run and hand its preview to the worker. Raises RunAlreadyOpen, MonthNotOver."""
    month = month.replace(day=1)
    if month_period(month).ends_on >= paris_day(now):  # type: ignore[operator]
        raise MonthNotOver
    try:
        with transaction.atomic():
            run = BillingRun.objects.create(
                cash_office_id=cash_office_id,
                month=month,
                created_at=now,
                created_by=actor.label,
                step_at=now,
            )
    except IntegrityError as error:
        raise RunAlreadyOpen from error
    _record(run, actor, now, "open_run", _("Facturation %(month)s préparée"))
    _defer_preview(run.pk)
    return run


@transaction.atomic
def approve_run(*, run_id: int, fingerprint: str, actor: Actor, now: datetime) -> BillingRun:
    """Approve exactly what was previewed; the worker issues it. Raises RunNotReady."""
    run = _lock(run_id)
    if run.status in (Status.ISSUING, Status.ISSUED) and run.fingerprint == fingerprint:
        return run
    if run.status != Status.PREVIEWED or run.fingerprint != fingerprint:
        raise RunNotReady
    run.status = Status.ISSUING
    run.approved_by = actor.label
    run.progress = 0
    run.step_at = now
    run.error = ""
    run.save()
    _record(run, actor, now, "approve_run", _("Facturation %(month)s validée"))
    _defer_issue(run.pk)
    return run


@transaction.atomic
def recompute_run(*, run_id: int, actor: Actor, now: datetime) -> BillingRun:
    """Preview again, with what changed since. Raises RunNotReady."""
    run = _lock(run_id)
    if run.status not in (Status.PREVIEWED, Status.FAILED):
        raise RunNotReady
    run.status, run.progress, run.step_at, run.error = Status.PREVIEWING, 0, now, ""
    run.save()
    _defer_preview(run.pk)
    return run


@transaction.atomic
def cancel_run(*, run_id: int, actor: Actor, now: datetime) -> BillingRun:
    """Give a run up, until it is issued: nothing was written. Raises RunNotReady."""
    run = _lock(run_id)
    if run.status == Status.CANCELLED:
        return run
    if run.status == Status.ISSUED:
        raise RunNotReady
    run.status = Status.CANCELLED
    run.save(update_fields=["status"])
    _record(run, actor, now, "cancel_run", _("Facturation %(month)s abandonnée"))
    return run


def preview(*, run_id: int, now: datetime) -> None:
    """The worker's first step: compute, keep what an agent must see. Writes no invoice."""
    run = BillingRun.objects.select_related("cash_office").filter(pk=run_id).first()
    if run is None or run.status != Status.PREVIEWING:
        return
    try:
        computed = compute(office=run.cash_office, month=run.month, run_id=run.pk)
    except Exception as error:
        _fail(run_id, error, from_status=Status.PREVIEWING)
        raise
    _keep_preview(run_id, computed, now=now, from_status=Status.PREVIEWING)


def issue(*, run_id: int, now: datetime) -> None:
    """The worker's second step: compute again, and write everything at once.

    If the charges are no longer those approved, nothing is written and the agent is asked again.
    """
    run = BillingRun.objects.select_related("cash_office").filter(pk=run_id).first()
    if run is None or run.status != Status.ISSUING:
        return
    try:
        computed = compute(office=run.cash_office, month=run.month, run_id=run.pk)
        if computed.fingerprint != run.fingerprint:
            _keep_preview(
                run_id,
                computed,
                now=now,
                from_status=Status.ISSUING,
                error=_("Des réservations ou des pointages ont changé : relisez avant d’émettre."),
            )
            return
        _write(run_id, computed, now=now)
    except Exception as error:
        _fail(run_id, error, from_status=Status.ISSUING)
        raise


@collector_held()
@transaction.atomic
def _write(run_id: int, computed: Computed, *, now: datetime) -> None:
    run = _lock(run_id)
    if run.status != Status.ISSUING:
        return  # another worker was faster, or an agent gave it up
    invoice_ids = issue_invoices(
        office=run.cash_office,
        month=run.month,
        drafts=computed.drafts,
        run_id=run.pk,
        actor_label=run.approved_by,
        now=now,
    )
    note_billed(drafts=computed.drafts, invoice_ids=invoice_ids, now=now)
    note_paid(computed.drafts)
    post_credits(
        office=run.cash_office,
        drafts=computed.drafts,
        invoice_ids=invoice_ids,
        month=run.month,
        actor_label=run.approved_by,
        now=now,
    )
    issue_shares(
        office=run.cash_office,
        month=run.month,
        drafts=computed.drafts,
        run_id=run.pk,
        actor_label=run.approved_by,
        now=now,
    )
    spend_holds(office=run.cash_office, month=run.month, run_id=run.pk, now=now)
    run.status = Status.ISSUED
    run.issued_at = now
    run.progress = 100
    run.invoice_count = len(computed.drafts)
    run.total_cents = sum(draft.total_cents for draft in computed.drafts)
    run.save()
    _record(
        run,
        Actor.system(),
        now,
        "issue_run",
        _("Facturation %(month)s émise : %(count)s factures, %(total)s"),
    )


@transaction.atomic
def _keep_preview(
    run_id: int, computed: Computed, *, now: datetime, from_status: str, error: str = ""
) -> None:
    run = _lock(run_id)
    if run.status != from_status:
        return
    run.status = Status.PREVIEWED
    run.preview = computed.preview
    run.fingerprint = computed.fingerprint
    run.previewed_at = now
    run.progress = 100
    run.invoice_count = len(computed.drafts)
    run.total_cents = computed.preview["total_cents"]
    run.error = error
    run.save()


def _fail(run_id: int, error: Exception, *, from_status: str) -> None:
    logger.exception("billing run %s", run_id)
    BillingRun.objects.filter(pk=run_id, status=from_status).update(
        status=Status.FAILED,
        error=_("L’étape n’a pas abouti (%(what)s). Rien n’a été émis.")
        % {"what": type(error).__name__},
    )


def resume_runs(*, now: datetime) -> int:
    """Hand again to the worker what a kill left open. How many; harmless when all goes well."""
    open_runs = BillingRun.objects.filter(
        Q(step_at__lt=now - SILENCE) | Q(step_at__isnull=True),
        status__in=[Status.PREVIEWING, Status.ISSUING],
    )
    for run in open_runs:
        if run.status == Status.PREVIEWING:
            _defer_preview(run.pk)
        else:
            _defer_issue(run.pk)
    return len(open_runs)


def _lock(run_id: int) -> BillingRun:
    return (
        BillingRun.objects.select_for_update(of=("self",), no_key=True)
        .select_related("cash_office")
        .get(pk=run_id)
    )


def _record(run: BillingRun, actor: Actor, now: datetime, action: str, text: str) -> None:
    record(
        actor=actor,
        now=now,
        action=f"billing.{action}",
        summary=text
        % {
            "month": month_words(run.month),
            "count": run.invoice_count,
            "total": euros(run.total_cents),
        },
        object_type="billing_run",
        object_id=run.pk,
    )


def _defer_preview(run_id: int) -> None:
    from preau.billing.tasks import defer_once, preview_run

    defer_once(preview_run, f"billing.preview:{run_id}", run_id=run_id)


def _defer_issue(run_id: int) -> None:
    from preau.billing.tasks import defer_once, issue_run

    defer_once(issue_run, f"billing.issue:{run_id}", run_id=run_id)
