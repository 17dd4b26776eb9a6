"""The monthly billing run: previewed, approved, issued by the worker, all or nothing.

Each step is safe to begin again: what computes writes nothing but its result, what issues does so
in one transaction, under a lock of the run's row. Killed anywhere, the next start finishes.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import charges as reading
from preau.billing import regularising
from preau.billing.contracts import add_contract_lines, note_billed, say_not_closed
from preau.billing.drafts import Draft, by_activity, fingerprint
from preau.billing.errors import MonthNotOver, RunAlreadyOpen, RunNotReady
from preau.billing.households import follow_custody
from preau.billing.invoicing import issue_invoices
from preau.billing.models import (
    ActivityAccounting,
    BillingRun,
    CashOffice,
    Invoice,
    InvoiceLine,
    InvoicePer,
    PayerRule,
)
from preau.billing.people import read_people
from preau.billing.prepaid import spend_holds
from preau.billing.pricing import Bill, Biller
from preau.billing.shares import apply_terms, terms_of
from preau.billing.third_party_invoices import issue_shares
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.collecting import collector_held
from preau.kernel.french import month as month_words
from preau.kernel.money import euros
from preau.kernel.periods import month_period

logger = logging.getLogger(__name__)
Status = BillingRun.Status
LOOK_BACK = timedelta(days=92)
"""Days missed by earlier runs are billed late, up to three months: then it is an agent's matter."""
SECONDS_BETWEEN_WORDS = 2.0
"""How often the page hears of the progress."""
SILENCE = timedelta(minutes=2)
"""A run that says nothing for so long lost its worker."""
UNUSUAL_FACTOR = 3
UNUSUAL_MIN_CENTS = 10_000


@dataclass(slots=True)
class Computed:
    """What a run would issue."""

    drafts: list[Draft]
    preview: dict[str, Any]
    fingerprint: str


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
                error=_("Des réservations ou des pointages ont changé : relisez avant d’émettre."),
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
        _("Facturation %(month)s émise : %(count)s factures, %(total)s"),
    )


def compute(*, office: CashOffice, month: date, run_id: int | None = None) -> Computed:
    """What is to be billed for the month, and what looks wrong. Writes nothing but progress."""
    with collector_held():
        return _compute(office, month, run_id)


def _compute(office: CashOffice, month: date, run_id: int | None) -> Computed:
    period = month_period(month)
    assert period.ends_on is not None
    first, last = month - LOOK_BACK, period.ends_on
    special = reading.what_is_special(cash_office_id=office.pk, first=first, last=last)
    by_custody = special.two_homes and office.payer_rule == PayerRule.CUSTODY
    found = reading.read_month(
        cash_office_id=office.pk, first=first, last=last, month=month, by_custody=by_custody
    )
    if by_custody:
        found = follow_custody(found, first=first, last=last)
    codes = dict(
        ActivityAccounting.objects.filter(cash_office=office).values_list(
            "activity_id", "accounting_code"
        )
    )
    extras = regularising.accepted_charges(office.pk) if special.regularisations else {}
    care_cents = add_contract_lines(extras, codes=codes, month=month) if special.contracts else {}
    for family_id in extras:
        found.setdefault(family_id, reading.FamilyCharges())
    already: set[tuple[int, int | None]] = set(
        Invoice.objects.filter(
            cash_office=office, month=month, kind=Invoice.Kind.INVOICE, run__isnull=False
        ).values_list("family_id", "activity_id")
    )
    # One invoice per payer and month: what came late waits for the next month's.
    waiting = {family_id for family_id in found if (family_id, None) in already}
    for family_id in waiting:
        del found[family_id]
    people = read_people(
        found,
        (child_id for charges in found.values() for child_id in charges.child_ids()),
        first=first,
        last=last,
    )
    biller = Biller(
        people,
        month=month,
        accounting_codes=codes,
        several_products=reading.activities_with_several_products(),
        fees_billed=partial(_fees_billed, office, month),
    )
    told = time.monotonic()
    for done, (family_id, charges) in enumerate(found.items()):
        if run_id and time.monotonic() - told > SECONDS_BETWEEN_WORDS:
            told = time.monotonic()
            BillingRun.objects.filter(pk=run_id).update(
                progress=done * 90 // len(found), step_at=Now()
            )
        biller.bill_family(
            family_id, charges.days, charges.stretches, extras=extras.get(family_id, ())
        )
    bill = biller.result
    for name, cents in care_cents.items():
        bill.activity_cents[name] += cents
    if special.contracts:
        say_not_closed(bill.anomalies, codes=codes, month=month)
    if special.agreements:
        terms = terms_of(found, first=first, last=last)
        apply_terms(bill.drafts, terms, first=month, last=last)
    if office.invoice_per == InvoicePer.ACTIVITY:
        parted = [part for draft in bill.drafts for part in by_activity(draft)]
        bill.drafts = [d for d in parted if (d.family_id, d.activity_id) not in already]
        waiting |= {d.family_id for d in parted if (d.family_id, d.activity_id) in already}
    return Computed(
        drafts=bill.drafts,
        preview=_preview(office, month, bill, first=month, last=last, waiting=len(waiting)),
        fingerprint=fingerprint(bill.drafts),
    )


def _fees_billed(office: CashOffice, month: date) -> frozenset[str]:
    """What was due once for a year or a term, and was billed; a year and a half back."""
    since = month - timedelta(days=550)
    return frozenset(
        InvoiceLine.objects.filter(invoice__cash_office=office, invoice__month__gte=since)
        .exclude(fee_key="")
        .values_list("fee_key", flat=True)
    )


def _preview(
    office: CashOffice, month: date, bill: Bill, *, first: date, last: date, waiting: int
) -> dict[str, Any]:
    before = (month - timedelta(days=1)).replace(day=1)
    earlier = Invoice.objects.filter(cash_office=office, month=before, kind=Invoice.Kind.INVOICE)
    totals = [draft.total_cents for draft in bill.drafts]
    earlier_by_family = dict(earlier.values_list("family_id", "total_cents"))
    _say_unusual(bill, earlier_by_family)
    for name, count in reading.unassigned_activities(first=first, last=last):
        bill.anomalies.say("unassigned", None, None, partial(_unassigned, name, count))
    earlier_activities = dict(
        InvoiceLine.objects.filter(invoice__in=earlier)
        .values_list("activity__name")
        .annotate(total=Sum("amount_cents"))
        .order_by()
    )
    names = sorted(set(bill.activity_cents) | {n for n in earlier_activities if n})
    return {
        "invoices": len(totals),
        "total_cents": sum(totals),
        "before_invoices": len(earlier_by_family),
        "before_total_cents": sum(earlier_by_family.values()),
        "waiting": waiting,
        "activities": [
            {
                "name": name,
                "cents": bill.activity_cents.get(name, 0),
                "before_cents": earlier_activities.get(name, 0),
            }
            for name in names
        ],
        "anomaly_counts": dict(bill.anomalies.counts),
        "anomalies": [
            {"kind": a.kind, "family_id": a.family_id, "text": a.text} for a in bill.anomalies.told
        ],
        "largest": [
            {
                "family_id": draft.family_id,
                "name": draft.debtor["name"],
                "cents": draft.total_cents,
                "lines": len(draft.lines),
            }
            for draft in sorted(bill.drafts, key=lambda d: -d.total_cents)[:20]
        ],
    }


def _say_unusual(bill: Bill, earlier_by_family: Mapping[int, int]) -> None:
    for draft in bill.drafts:
        usual, total = earlier_by_family.get(draft.family_id), draft.total_cents
        if usual and total > max(UNUSUAL_MIN_CENTS, usual * UNUSUAL_FACTOR):
            bill.anomalies.say(
                "unusual",
                draft.family_id,
                None,
                partial(_unusual, draft.debtor["name"], total, usual),
            )


def _unusual(name: str, total: int, usual: int) -> str:
    return _("%(name)s : %(now)s, contre %(before)s le mois précédent") % {
        "name": name,
        "now": euros(total),
        "before": euros(usual),
    }


def _unassigned(name: str, count: int) -> str:
    return _("%(name)s : %(count)s réservations sans régie") % {"name": name, "count": count}


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
