"""What is owed back, and what was written on the wrong account: the ledger's side.

What is owed back is a credit first. Given back, it leaves the account; nobody crosses offices.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import acts, counter, ledger
from preau.billing.errors import (
    CorrectedAlready,
    NoCredit,
    NotAPositiveAmount,
    ReasonMissing,
    RefundRefused,
)
from preau.billing.models import CounterPayment, CreditReturn, LedgerLine, Movement
from preau.billing.refusing import journalled
from preau.billing.rules import spread, take_from
from preau.kernel.actors import Actor
from preau.kernel.money import euros

CORRECTION = "correction"
Account = ledger.Account


@transaction.atomic
def give_back(
    *,
    family_id: int,
    cash_office_id: int,
    amount_cents: int,
    by_cash: bool,
    label: str,
    source: tuple[str, int],
    actor: Actor,
    now: datetime,
) -> int:
    """Take a credit off the account, to be paid by the finance service or, `by_cash`, by the till.

    The movement's id. Raises NotAPositiveAmount, NoCredit (more than the credit), NotNamed, and
    RefundRefused when the cash office's act does not allow cash back or the till lacks it.
    """
    if amount_cents <= 0:
        raise NotAPositiveAmount
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    credits = ledger.list_credits(account)
    if amount_cents > sum(left for _movement, left in credits):
        raise NoCredit(_("Le crédit de ce compte ne suffit pas."))
    if by_cash:
        _refuse_cash(cash_office_id, amount_cents, actor=actor, now=now)
    movement = ledger.post(
        account=account,
        kind=Movement.Kind.REFUND,
        label=label,
        at=now,
        source=source,
        actor_label=actor.label,
        family_cents=amount_cents,
        legs=[ledger.Leg(Account.CASH if by_cash else Account.REFUND, -amount_cents)],
    )
    CreditReturn.objects.bulk_create(
        CreditReturn(credit_id=pk, movement=movement, amount_cents=part)
        for pk, part in take_from(credits, amount_cents)
    )
    return movement.pk


def _refuse_cash(cash_office_id: int, amount_cents: int, *, actor: Actor, now: datetime) -> None:
    acts.refuse_unnamed(cash_office_id=cash_office_id, actor=actor, now=now)
    act = acts.refuse_outside(
        cash_office_id=cash_office_id, means=["CASH"], invoice_ids=[], now=now
    )
    if not act.allows_refunds:
        raise RefundRefused(
            _("L’acte de la régie ne lui permet pas de rembourser : c’est au service finances.")
        )
    if act.refund_max_cents and amount_cents > act.refund_max_cents:
        raise RefundRefused(
            _("L’acte de la régie limite un remboursement à %(amount)s.")
            % {"amount": euros(act.refund_max_cents)}
        )
    if ledger.lock_till(cash_office_id)["CASH"] < amount_cents:
        raise RefundRefused(_("La caisse n’a pas reçu assez d’espèces pour ce remboursement."))


@transaction.atomic
def undo_give_back(
    *, movement_id: int, family_id: int, label: str, actor: Actor, now: datetime
) -> None:
    """The credit is the account's again. Twice raises IntegrityError."""
    movement = Movement.objects.get(pk=movement_id, kind=Movement.Kind.REFUND)
    account = ledger.lock_account(family_id=family_id, cash_office_id=movement.cash_office_id)
    ledger.reverse(account=account, movement=movement, label=label, at=now, actor_label=actor.label)


@journalled("billing.refused_correction")
def correct_payment(
    *, payment_id: int, to_family_id: int, reason: str, key: uuid.UUID, actor: Actor, now: datetime
) -> None:
    """Once deposited, an encashment is no longer voided: it changes account, the money stays.

    What it paid is due again; it becomes a credit of the right family (perhaps the same one), and
    pays its oldest debts when that is another. Raises ReasonMissing, NotNamed, AlreadyVoided,
    CorrectedAlready (to another account), CreditGivenBack.
    """
    if not reason.strip():
        raise ReasonMissing
    payment = CounterPayment.objects.select_related("cash_office").get(pk=payment_id)
    office_id = payment.cash_office_id
    accounts = {
        family_id: ledger.lock_account(family_id=family_id, cash_office_id=office_id)
        for family_id in sorted({payment.family_id, to_family_id})
    }
    done = LedgerLine.objects.filter(
        movement__kind=Movement.Kind.CORRECTION,
        movement__source_type=CORRECTION,
        movement__source_id=payment.pk,
    )
    if done.filter(family_account=accounts[to_family_id]).exists():
        return
    if done.exists():
        raise CorrectedAlready
    acts.refuse_unnamed(cash_office_id=office_id, actor=actor, now=now)
    movement = counter.movement_of(payment)
    counter.refuse_used(movement)
    told = {"number": payment.receipt_number, "reason": reason.strip()[:90]}
    ledger.reverse(
        account=accounts[payment.family_id],
        movement=movement,
        label=_("Reçu %(number)s changé d’imputation : %(reason)s") % told,
        at=now,
        actor_label=actor.label,
        through=Account.CORRECTION,
    )
    target = accounts[to_family_id]
    ledger.post(
        account=target,
        kind=Movement.Kind.CORRECTION,
        label=_("Reçu %(number)s imputé ici : %(reason)s") % told,
        at=now,
        source=(CORRECTION, payment.pk),
        actor_label=actor.label,
        family_cents=-payment.amount_cents,
        legs=[ledger.Leg(Account.CORRECTION, payment.amount_cents)],
        allocations=spread(payment.amount_cents, ledger.list_dues(target))
        if to_family_id != payment.family_id
        else {},
    )
    for family_id in accounts:
        record(
            actor=actor,
            now=now,
            action="billing.correct_payment",
            summary=_("Reçu %(number)s changé d’imputation : %(reason)s") % told,
            family_id=family_id,
            object_type=counter.SOURCE,
            object_id=payment.pk,
        )
