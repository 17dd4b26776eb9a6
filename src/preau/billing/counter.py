"""Payments taken at the counter, each with its receipt; a void leaves both lines."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import ledger, numbering
from preau.billing.errors import (
    AlreadyVoided,
    BillingRefusal,
    CashOfficeClosed,
    MeansNotAccepted,
    NotAPositiveAmount,
    ReasonMissing,
    TooMuchCash,
)
from preau.billing.messages import acknowledge_counter_payment
from preau.billing.models import CashOffice, CounterPayment, Movement
from preau.billing.rules import CASH_MAX_CENTS, spread
from preau.kernel.actors import Actor
from preau.kernel.clock import paris_day
from preau.kernel.money import euros

Means = CounterPayment.Means
SOURCE = "counter_payment"
MAX_CENTS = 10_000_000


@transaction.atomic
def take_payment(
    *,
    family_id: int,
    cash_office_id: int,
    means: str,
    amount_cents: int,
    key: uuid.UUID,
    actor: Actor,
    now: datetime,
    chosen: Mapping[int, int] | None = None,
    cheque_number: str = "",
    cheque_drawer: str = "",
) -> CounterPayment:
    """Take cash or a cheque, give a receipt. Sending the same form (`key`) twice takes it once.

    Pays `chosen` (invoice id → cents), by default the oldest debt first; the rest becomes the
    account's credit. Raises a BillingRefusal.
    """
    if amount_cents <= 0:
        raise NotAPositiveAmount
    if amount_cents > MAX_CENTS:
        raise BillingRefusal(_("Ce montant est trop grand pour un encaissement au guichet."))
    if means == Means.CASH and amount_cents > CASH_MAX_CENTS:
        raise TooMuchCash
    office = CashOffice.objects.get(pk=cash_office_id)
    if not office.is_active:
        raise CashOfficeClosed
    if means not in Means.values or means not in office.means:
        raise MeansNotAccepted
    if means == Means.CHEQUE and not cheque_number.strip():
        raise BillingRefusal(_("Écrivez le numéro du chèque."))
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    if existing := CounterPayment.objects.filter(key=key).first():
        return existing
    payment = _write(
        office,
        actor,
        now,
        family_id=family_id,
        means=means,
        amount_cents=amount_cents,
        key=key,
        cheque_number=cheque_number.strip()[:20],
        cheque_drawer=cheque_drawer.strip()[:120],
    )
    ledger.post(
        account=account,
        kind=Movement.Kind.PAYMENT_COUNTER,
        label=_("Paiement au guichet, %(means)s (reçu %(number)s)")
        % {"means": payment.get_means_display(), "number": payment.receipt_number},
        at=now,
        source=(SOURCE, payment.pk),
        actor_label=actor.label,
        family_cents=-amount_cents,
        legs=[ledger.Leg(means, amount_cents)],
        allocations=spread(amount_cents, ledger.list_dues(account), chosen=chosen),
    )
    record(
        actor=actor,
        now=now,
        action="billing.take_payment",
        summary=_("Encaissement de %(amount)s en %(means)s, reçu %(number)s")
        % {
            "amount": euros(amount_cents),
            "means": payment.get_means_display(),
            "number": payment.receipt_number,
        },
        family_id=family_id,
        object_type=SOURCE,
        object_id=payment.pk,
    )
    acknowledge_counter_payment(payment, office=office, now=now)
    return payment


@transaction.atomic
def void_payment(
    *, payment_id: int, reason: str, key: uuid.UUID, actor: Actor, now: datetime
) -> CounterPayment:
    """Undo an encashment: a second line says why, what it paid is due again.

    Raises AlreadyVoided, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    payment = CounterPayment.objects.select_related("cash_office").get(pk=payment_id)
    account = ledger.lock_account(
        family_id=payment.family_id, cash_office_id=payment.cash_office_id
    )
    if existing := CounterPayment.objects.filter(key=key).first():
        return existing
    if payment.voids_id or CounterPayment.objects.filter(voids=payment).exists():
        raise AlreadyVoided
    void = _write(
        payment.cash_office,
        actor,
        now,
        family_id=payment.family_id,
        means=payment.means,
        amount_cents=payment.amount_cents,
        key=key,
        voids=payment,
        void_reason=reason.strip()[:200],
    )
    movement = Movement.objects.get(
        kind=Movement.Kind.PAYMENT_COUNTER, source_type=SOURCE, source_id=payment.pk
    )
    ledger.reverse(
        account=account,
        movement=movement,
        label=_("Annulation du reçu %(number)s : %(reason)s")
        % {"number": payment.receipt_number, "reason": void.void_reason},
        at=now,
        actor_label=actor.label,
    )
    record(
        actor=actor,
        now=now,
        action="billing.void_payment",
        summary=_("Annulation du reçu %(number)s (%(amount)s) : %(reason)s")
        % {
            "number": payment.receipt_number,
            "amount": euros(payment.amount_cents),
            "reason": void.void_reason,
        },
        family_id=payment.family_id,
        object_type=SOURCE,
        object_id=void.pk,
    )
    return void


def _write(office: CashOffice, actor: Actor, now: datetime, **fields: object) -> CounterPayment:
    # The number comes last: whoever waits for this sequence waits for the least time.
    year = paris_day(now).year
    rank = numbering.take_numbers(
        cash_office_id=office.pk, year=year, kind=numbering.RECEIPT, count=1
    )[0]
    return CounterPayment.objects.create(
        cash_office=office,
        received_at=now,
        receipt_number=numbering.printed(
            office_code=office.code, year=year, kind=numbering.RECEIPT, rank=rank
        ),
        taken_by_id=actor.user_id,
        taken_by_label=actor.label,
        **fields,
    )
