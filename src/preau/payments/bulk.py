"""Payments on line that a bank settled before Préau was there: taken over at once.

Nothing was said by the bank to Préau: no message of it is kept, unlike `services.receive`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from preau.audit.services import record
from preau.billing.bulk import OnlinePayment, post_online_payments
from preau.kernel.actors import Actor
from preau.kernel.codes import random_code
from preau.kernel.money import euros
from preau.payments.models import Attempt, AttemptItem, GatewayAccount

_MINUTES = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class SettledPayment:
    """One invoice (or a part of it) paid by card: cents, by whom, and when the bank said so."""

    family_id: int
    invoice_id: int
    cents: int
    payer_label: str
    payer_email: str
    at: datetime


@transaction.atomic
def take_over_payments(
    *, cash_office_id: int, payments: Sequence[SettledPayment], now: datetime, actor: Actor
) -> int:
    """Write settled attempts and what they pay; how many. Refuses an invoice paid twice."""
    gateway = GatewayAccount.objects.get(cash_office_id=cash_office_id, use="REGIE").gateway
    attempts = Attempt.objects.bulk_create(
        [
            Attempt(
                reference=random_code(20),
                cash_office_id=cash_office_id,
                family_id=p.family_id,
                gateway=gateway,
                amount_cents=p.cents,
                status=Attempt.Status.SETTLED,
                payer_label=p.payer_label[:160],
                payer_email=p.payer_email,
                created_at=p.at - _MINUTES,
                sent_at=p.at - _MINUTES,
                ended_at=p.at,
                key=uuid.uuid4(),
            )
            for p in payments
        ],
        batch_size=1000,
    )
    rows = [(a.pk, a.reference, p) for a, p in zip(attempts, payments, strict=True)]
    AttemptItem.objects.bulk_create(
        [
            AttemptItem(attempt_id=pk, invoice_id=p.invoice_id, amount_cents=p.cents)
            for pk, _reference, p in rows
        ],
        batch_size=1000,
    )
    post_online_payments(
        cash_office_id=cash_office_id,
        payments=[
            OnlinePayment(
                attempt_id=pk,
                family_id=p.family_id,
                invoice_id=p.invoice_id,
                cents=p.cents,
                label=f"Paiement par carte, référence {reference}",
                actor_label=p.payer_label,
                at=p.at,
            )
            for pk, reference, p in rows
        ],
    )
    record(
        actor=actor,
        now=now,
        action="payments.take_over",
        summary=f"{len(payments)} paiements en ligne repris, "
        f"{euros(sum(p.cents for p in payments))}",
        object_type="cash_office",
        object_id=cash_office_id,
    )
    return len(payments)
