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
from preau.kernel.copying import copy_rows, take_ids
from preau.kernel.money import euros
from preau.payments.models import Attempt, GatewayAccount

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
    gateway = GatewayAccount.objects.get(cash_office_id=cash_office_id).gateway
    ids = take_ids("payments_attempt", len(payments))
    references = [random_code(20) for _ in payments]
    rows = list(zip(ids, references, payments, strict=True))
    copy_rows(
        "payments_attempt",
        "id reference cash_office_id family_id user_id gateway amount_cents status payer_label "
        "payer_email provider_id created_at sent_at ended_at key",
        (
            (
                pk, reference, cash_office_id, p.family_id, None, gateway, p.cents,
                Attempt.Status.SETTLED.value, p.payer_label[:160], p.payer_email, "",
                p.at - _MINUTES, p.at - _MINUTES, p.at, uuid.uuid4(),
            )
            for pk, reference, p in rows
        ),
    )
    copy_rows(
        "payments_attemptitem",
        "attempt_id invoice_id amount_cents",
        ((pk, p.invoice_id, p.cents) for pk, _reference, p in rows),
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
