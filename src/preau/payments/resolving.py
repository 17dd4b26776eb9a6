"""What a cashier decides of a payment in doubt, with a reason, and what an agent gives back.

The bank is always asked first (`asking.ask_again`). These acts are a person's, said to be so in the
payment's own events; a later word of the bank changes nothing more than it would have.
"""

import json
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.kernel.actors import Actor
from preau.kernel.french import euros
from preau.payments.errors import (
    NotInDoubt,
    ReasonNeeded,
    RefundElsewhere,
    RefundTooLarge,
)
from preau.payments.gateway import GatewayState
from preau.payments.models import Attempt, GatewayAccount, ProviderEvent
from preau.payments.outcomes import SOURCE, give_back, settle

Status = Attempt.Status
OPEN = (Status.PENDING, Status.REFUSED, Status.ABANDONED, Status.EXPIRED)


@transaction.atomic
def dismiss(*, reference: str, reason: str, actor: Actor, now: datetime) -> Attempt:
    """No money came: the payment is over. Raises ReasonNeeded, NotInDoubt."""
    attempt = _held(reference, reason, OPEN)
    if attempt.status == Status.PENDING:
        attempt.status, attempt.ended_at = Status.EXPIRED, now
    attempt.ask_at = None
    attempt.save(update_fields=["status", "ended_at", "ask_at"])
    _keep(attempt, _("classé sans suite"), GatewayState.EXPIRED, reason, "", actor=actor, now=now)
    return attempt


@transaction.atomic
def confirm(
    *, reference: str, bank_reference: str, reason: str, actor: Actor, now: datetime
) -> Attempt:
    """The money is on the bank's statement, under this reference: the payment is settled.

    Raises ReasonNeeded (the statement's reference too), NotInDoubt.
    """
    if not bank_reference.strip():
        raise ReasonNeeded(_("Écrivez la référence de l’opération sur le relevé de la banque."))
    attempt = _held(reference, reason, OPEN)
    settle(
        attempt,
        label=_("Paiement en ligne %(reference)s, constaté sur le relevé")
        % {"reference": attempt.reference},
        provider_id=attempt.provider_id,
        now=now,
    )
    attempt.ask_at = None
    attempt.save(update_fields=["ask_at"])
    _keep(
        attempt, _("constaté payé"), GatewayState.PAID, reason, bank_reference, actor=actor, now=now
    )
    return attempt


@transaction.atomic
def record_refund(
    *,
    reference: str,
    amount_cents: int,
    bank_reference: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Attempt:
    """The bank gave money back from its own screen and told us nothing: write it.

    Raises ReasonNeeded, RefundElsewhere (PayFiP gives nothing back), RefundTooLarge, NotInDoubt.
    """
    attempt = _held(reference, reason, (Status.SETTLED,))
    if attempt.gateway == GatewayAccount.Gateway.PAYFIP:
        raise RefundElsewhere
    given = sum(attempt.refunds.values_list("amount_cents", flat=True))
    if not 0 < amount_cents <= attempt.amount_cents - given:
        raise RefundTooLarge
    named = bank_reference.strip()
    if not named or attempt.refunds.filter(bank_reference=named[:60]).exists():
        raise ReasonNeeded(_("Écrivez la référence du remboursement, une par remboursement."))
    give_back(
        attempt,
        cents=amount_cents,
        bank_reference=named,
        reason=reason.strip(),
        actor_label=actor.label,
        now=now,
    )
    _keep(
        attempt, _("remboursement constaté"), GatewayState.REFUNDED, reason, named, actor=actor,
        now=now,
    )  # fmt: skip
    return attempt


def _held(reference: str, reason: str, statuses: tuple[str, ...]) -> Attempt:
    if not reason.strip():
        raise ReasonNeeded
    attempt = (
        Attempt.objects.select_for_update(of=("self",), no_key=True)
        .select_related("cash_office")
        .filter(reference=reference, status__in=statuses)
        .first()
    )
    if attempt is None:
        raise NotInDoubt
    return attempt


def _keep(
    attempt: Attempt,
    outcome: str,
    state: str,
    reason: str,
    bank_reference: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    said = {"by": actor.label, "why": reason.strip()[:300], "bank": bank_reference.strip()[:60]}
    ProviderEvent.objects.create(
        cash_office=attempt.cash_office,
        gateway=attempt.gateway,
        source=ProviderEvent.Source.AGENT,
        received_at=now,
        raw=json.dumps(said, ensure_ascii=False),
        attempt=attempt,
        is_verified=False,
        state=state,
        outcome=outcome[:40],
        problems=[],
    )
    record(
        actor=actor,
        now=now,
        action="payments.resolve",
        summary=_("Paiement en ligne de %(amount)s %(outcome)s : %(why)s")
        % {"amount": euros(attempt.amount_cents), "outcome": outcome, "why": said["why"]},
        family_id=attempt.family_id,
        object_type=SOURCE,
        object_id=attempt.pk,
    )
