"""Paying an invoice in several times: only where a council decision fixed it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing.online import lock_and_list_left
from preau.billing.queries import with_left
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.french import day, euros
from preau.recovery.errors import PlanRefused, ReasonNeeded
from preau.recovery.models import CollectionItem, Instalment, InstalmentRule, Plan, Reminder
from preau.recovery.rules import Step, cut, due_days, due_now, steps

Status = Plan.Status
OBJECT = "plan"


def rules_of(cash_office_ids: Iterable[int]) -> dict[int, InstalmentRule]:
    """The decisions in force, by cash office."""
    found = InstalmentRule.objects.filter(cash_office_id__in=list(cash_office_ids), is_active=True)
    return {rule.cash_office_id: rule for rule in found}


def proposal(*, left_cents: int, count: int, due_on: date, today: date) -> list[tuple[date, int]]:
    """The days and amounts of a plan: from the invoice's own date, or today's when it is past."""
    first = max(due_on, today)
    return list(zip(due_days(first, count), cut(left_cents, count), strict=True))


@transaction.atomic
def open_plan(
    *, invoice_number: str, family_id: int, count: int, actor: Actor, now: datetime
) -> Plan:
    """Cut what is left of an invoice in `count` instalments, as the council decided.

    Raises PlanRefused: no decision, amount too small, too many instalments, a plan already, the
    ordonnateur already told.
    """
    found = with_left().filter(number=invoice_number, family_id=family_id, kind="INVOICE").first()
    if found is None:
        raise PlanRefused(_("Cette facture n’existe pas dans ce dossier."))
    rule = rules_of([found.cash_office_id]).get(found.cash_office_id)
    if rule is None or rule.decided_on > paris_day(now):
        raise PlanRefused(
            _("Aucune délibération ne permet de payer cette régie en plusieurs fois.")
        )
    left = lock_and_list_left(family_id=family_id, cash_office_id=found.cash_office_id).get(
        found.pk, 0
    )
    if left < rule.min_cents:
        raise PlanRefused(
            _("Le paiement en plusieurs fois commence à %(amount)s.")
            % {"amount": euros(rule.min_cents)}
        )
    if not 2 <= count <= rule.max_count:
        raise PlanRefused(
            _("De 2 à %(count)s échéances, dit la délibération.") % {"count": rule.max_count}
        )
    if Plan.objects.filter(invoice_id=found.pk).exists():
        raise PlanRefused(_("Cette facture a déjà eu son échéancier."))
    if CollectionItem.objects.filter(
        invoice_id=found.pk, excluded_because="", list__status="APPROVED"
    ).exists():
        raise PlanRefused(_("Cette facture est déjà transmise à l’ordonnateur."))
    plan = Plan.objects.create(
        invoice_id=found.pk,
        family_id=family_id,
        decision=f"{rule.decision}, {day(rule.decided_on, year=True, weekday=False)}"[:200],
        total_cents=left,
        paid_before_cents=found.total_cents - left,
        created_at=now,
        created_by=actor.label,
    )
    dates = proposal(left_cents=left, count=count, due_on=found.due_on, today=paris_day(now))
    Instalment.objects.bulk_create(
        Instalment(plan=plan, rank=rank, due_on=due_on, amount_cents=cents)
        for rank, (due_on, cents) in enumerate(dates, 1)
    )
    record(
        actor=actor,
        now=now,
        action="recovery.open_plan",
        summary=_("Facture %(number)s : %(amount)s en %(count)s échéances (%(decision)s)")
        % {
            "number": found.number,
            "amount": euros(left),
            "count": count,
            "decision": plan.decision,
        },
        family_id=family_id,
        object_type=OBJECT,
        object_id=plan.pk,
    )
    return plan


@transaction.atomic
def end_plan(*, plan_id: int, reason: str, actor: Actor, now: datetime) -> Plan:
    """An agent stops a plan that is not kept: what is left is due at once. Raises ReasonNeeded."""
    if not reason.strip():
        raise ReasonNeeded
    plan = (
        Plan.objects.select_for_update(of=("self",), no_key=True)
        .select_related("invoice")
        .filter(pk=plan_id, status=Status.ACTIVE)
        .first()
    )
    if plan is None:
        raise PlanRefused(_("Cet échéancier est déjà arrêté."))
    plan.status, plan.ended_at, plan.end_reason = Status.ENDED, now, reason.strip()[:200]
    plan.save(update_fields=["status", "ended_at", "end_reason"])
    record(
        actor=actor,
        now=now,
        action="recovery.end_plan",
        summary=_("Échéancier de la facture %(number)s arrêté : %(why)s")
        % {"number": plan.invoice.number, "why": plan.end_reason},
        family_id=plan.family_id,
        object_type=OBJECT,
        object_id=plan.pk,
    )
    return plan


def plans() -> QuerySet[Plan]:
    """Every plan with its invoice and family, latest first."""
    return (
        Plan.objects.select_related("invoice__cash_office", "family")
        .prefetch_related("instalments")
        .order_by("-created_at", "-pk")
    )


def steps_of(plan: Plan, paid_cents: int) -> list[Step]:
    """The instalments of a plan; `paid_cents` is all that is paid on its invoice."""
    return steps(
        ((i.rank, i.due_on, i.amount_cents) for i in plan.instalments.all()),
        paid_cents - plan.paid_before_cents,
    )


def active_plans(invoice_paid: dict[int, int]) -> dict[int, tuple[Plan, list[Step]]]:
    """The running plans of these invoices (id → cents paid on it), with their instalments."""
    found = Plan.objects.filter(
        invoice_id__in=list(invoice_paid), status=Status.ACTIVE
    ).prefetch_related("instalments")
    return {
        plan.invoice_id: (plan, steps_of(plan, invoice_paid[plan.invoice_id])) for plan in found
    }


def is_kept(found: list[Step], today: date) -> bool:
    """Whether no instalment is late."""
    return not any(step.is_late(today) for step in found)


def bounds(invoice_paid: dict[int, int], *, on: date) -> dict[int, int]:
    """What may be debited on a day from invoices with a plan: what of it is due by then."""
    return {pk: due_now(found, on) for pk, (_plan, found) in active_plans(invoice_paid).items()}


def reminded(invoice_ids: Iterable[int]) -> dict[int, list[Reminder]]:
    """The reminders of these invoices, oldest first."""
    found: dict[int, list[Reminder]] = {}
    rows = Reminder.objects.filter(invoice_id__in=list(invoice_ids)).select_related("run")
    for row in rows.order_by("sent_at", "pk"):
        found.setdefault(row.invoice_id, []).append(row)
    return found


def may_open(invoice: Any, *, today: date) -> InstalmentRule | None:
    """The decision under which this invoice may be cut in instalments now, if there is one.

    `invoice` has `left_cents` (billing.queries.with_left).
    """
    if invoice.is_credit_note or not invoice.left_cents:
        return None
    rule = rules_of([invoice.cash_office_id]).get(invoice.cash_office_id)
    if rule is None or rule.decided_on > today or invoice.left_cents < rule.min_cents:
        return None
    if Plan.objects.filter(invoice_id=invoice.pk).exists():
        return None
    return rule
