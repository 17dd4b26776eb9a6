"""Asking the bank: for gateways that sign nothing, only the answer to our own question counts.

A payment opened there has a next question (`ask_at`), with growing pauses. A hint from outside
brings it forward and changes nothing else. The call is made outside any transaction: a slow bank
holds no lock.
"""

import contextlib
import json
import logging
from datetime import datetime, timedelta

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from preau.payments.gateway import (
    GatewayMisconfigured,
    GatewayState,
    GatewayUnreachable,
    PolledGateway,
    Problem,
    Verdict,
)
from preau.payments.gateways import gateway_of
from preau.payments.models import Attempt, GatewayAccount, ProviderEvent
from preau.payments.outcomes import apply, problems_of

logger = logging.getLogger(__name__)
Status = Attempt.Status

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
LAST_LOOK = timedelta(minutes=20)
"""An operation lives 15 minutes: until then a refused or cancelled payer may begin again."""
PAGE_LIVES = timedelta(minutes=14)
"""Until when a payer may be sent to its operation again: a minute less than its life."""
ASK_FOR = timedelta(days=30)
LEAST_PAUSE = timedelta(seconds=10)
"""Between two questions on one payment, however many hints arrive."""
AT_ONCE = 50
MOST_HINTS = 30
"""Hints kept for one payment; beyond, they change nothing more and are not kept."""

_DECIDED = (Status.SETTLED, Status.REFUNDED)
_NOTHING_TO_TELL = (GatewayState.PENDING, GatewayState.EXPIRED)
_ENDED = (
    GatewayState.REFUSED, GatewayState.ABANDONED, GatewayState.CANCELLED, GatewayState.EXPIRED,
)  # fmt: skip


def find(account: GatewayAccount, provider_id: str) -> Attempt | None:
    """The payment that the bank knows under this name, at this cash office alone."""
    if not provider_id:
        return None
    return Attempt.objects.filter(
        cash_office_id=account.cash_office_id,
        gateway=account.gateway,
        use=account.use,
        provider_id=provider_id,
    ).first()


def may_keep(attempt: Attempt) -> bool:
    """Whether one more hint on this payment is kept."""
    return attempt.events.all()[:MOST_HINTS].count() < MOST_HINTS


@transaction.atomic
def ask_soon(attempt: Attempt, *, now: datetime) -> None:
    """Have the worker ask about this payment at once, or as soon as it decently may."""
    if attempt.status in _DECIDED:
        return
    at = max(now, attempt.asked_at + LEAST_PAUSE) if attempt.asked_at else now
    if attempt.ask_at is None or at < attempt.ask_at:
        Attempt.objects.filter(pk=attempt.pk).exclude(status__in=_DECIDED).update(ask_at=at)
    from preau.payments.tasks import ask_bank

    job = ask_bank.configure(
        queueing_lock=f"payments.ask.{attempt.pk}", schedule_at=at if at > now else None
    )
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(attempt_id=attempt.pk)


def ask_again(reference: str, *, now: datetime) -> bool:
    """The cashier wants to know now. False: this payment's bank cannot be asked."""
    attempt = Attempt.objects.filter(reference=reference).exclude(provider_id="").first()
    if attempt is None or _gateway(attempt) is None:
        return False
    ask_soon(attempt, now=now)
    return True


def ask_due(*, now: datetime) -> int:
    """Ask about the payments whose turn has come; how many answers.

    A bank that does not answer is left alone until the next turn: its others wait.
    """
    answers, silent = 0, set()
    due = Attempt.objects.filter(ask_at__lte=now).order_by("ask_at", "pk")
    for pk, office in list(due.values_list("pk", "cash_office_id")[:AT_ONCE]):
        if office in silent:
            continue
        if ask(attempt_id=pk, now=now):
            answers += 1
        else:
            silent.add(office)
    return answers


def ask(*, attempt_id: int, now: datetime) -> bool:
    """Ask the bank about one payment, keep the answer, act on it. False: no answer."""
    attempt = Attempt.objects.select_related("cash_office").get(pk=attempt_id)
    if attempt.status in _DECIDED or not attempt.provider_id or attempt.sent_at is None:
        Attempt.objects.filter(pk=attempt_id).update(ask_at=None)
        return True
    gateway = _gateway(attempt)
    if gateway is None:
        logger.warning("payment %s: its bank can no longer be asked", attempt.reference)
        _postpone(attempt, now=now)
        return False
    try:
        verdict = gateway.poll(attempt.provider_id, sent_at=attempt.sent_at, now=now)
    except GatewayUnreachable as error:
        logger.warning("payment %s: %s", attempt.reference, error)
        _postpone(attempt, now=now, fault=error.fault)
        return False
    with transaction.atomic():
        attempt = Attempt.objects.select_for_update(of=("self",), no_key=True).get(pk=attempt_id)
        problems = [*verdict.problems, *_contradictions(verdict, attempt)]
        outcome = (
            "sans suite : " + ", ".join(problems) if problems else apply(verdict, attempt, now=now)
        )
        ProviderEvent.objects.create(
            cash_office=attempt.cash_office,
            gateway=attempt.gateway,
            source=ProviderEvent.Source.POLL,
            received_at=now,
            raw=json.dumps(
                {"asked": attempt.provider_id, "status": verdict.bank_status, **verdict.raw},
                ensure_ascii=False,
            )[:16_384],
            attempt=attempt,
            is_verified=not problems,
            state=verdict.state,
            outcome=outcome[:40],
            problems=problems,
            bank_status=verdict.bank_status[:40],
        )
        attempt.ask_at = _next(attempt, GatewayState.UNKNOWN if problems else verdict.state, now)
        attempt.asked_at = now
        attempt.asked = min(attempt.asked + 1, 30_000)
        attempt.save(update_fields=["ask_at", "asked_at", "asked"])
    return True


def _gateway(attempt: Attempt) -> PolledGateway | None:
    account = GatewayAccount.objects.filter(
        cash_office_id=attempt.cash_office_id, gateway=attempt.gateway, use=attempt.use
    ).first()
    if account is None:
        return None
    try:
        gateway = gateway_of(account)
    except GatewayMisconfigured as error:
        logger.error("gateway of cash office %s: %s", account.cash_office_id, error)
        return None
    return gateway if isinstance(gateway, PolledGateway) else None


def _contradictions(verdict: Verdict, attempt: Attempt) -> list[Problem]:
    """What in a believed answer contradicts the payment that we asked about."""
    if not verdict.verified:
        return []
    says_nothing = not verdict.reference and verdict.amount_cents is None
    if says_nothing and verdict.state in _NOTHING_TO_TELL:
        return []
    problems = problems_of(verdict, attempt, states_amount=True)
    if attempt.year and verdict.raw.get("exer") != str(attempt.year):
        problems.append(Problem.REFERENCE)
    if verdict.reference != attempt.bank_document:
        problems.append(Problem.REFERENCE)
    if verdict.transaction_id != attempt.provider_id:
        problems.append(Problem.CONTRADICTION)
    return problems


def _next(attempt: Attempt, state: GatewayState, now: datetime) -> datetime | None:
    """When to ask again, or never."""
    sent_at = attempt.sent_at or now
    if attempt.status in _DECIDED:
        return None
    if state in _ENDED:
        return sent_at + LAST_LOOK if now < sent_at + LAST_LOOK else None
    if now > sent_at + ASK_FOR:
        return None
    return now + min(FIRST_PAUSE * 2 ** min(attempt.asked, 12), LONGEST_PAUSE)


@transaction.atomic
def _postpone(attempt: Attempt, *, now: datetime, fault: str = "") -> None:
    attempt = Attempt.objects.select_for_update(of=("self",), no_key=True).get(pk=attempt.pk)
    attempt.ask_at = _next(attempt, GatewayState.PENDING, now)
    attempt.asked_at = now
    attempt.asked = min(attempt.asked + 1, 30_000)
    attempt.save(update_fields=["ask_at", "asked_at", "asked"])
    last = attempt.events.filter(source=ProviderEvent.Source.POLL).order_by("-pk").first()
    if fault and (last is None or last.raw != fault):
        # What the service itself objects, for the cashier; the same words again say nothing more.
        ProviderEvent.objects.create(
            cash_office=attempt.cash_office,
            gateway=attempt.gateway,
            source=ProviderEvent.Source.POLL,
            received_at=now,
            raw=fault,
            attempt=attempt,
            is_verified=False,
            outcome="refus du service",
            problems=[],
            bank_status=fault[:40],
        )
