"""What a bank's word changes: the only place where a payment on line is settled or taken back.

The caller holds the attempt's row, and has checked the word against it (`problems_of`).
"""

from datetime import datetime

from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import online as account
from preau.billing import refunds
from preau.kernel.actors import Actor
from preau.kernel.money import euros
from preau.payments import messages
from preau.payments.gateway import EURO, GatewayState, Problem, Verdict
from preau.payments.models import Attempt, BankRefund, GatewayAccount

Status = Attempt.Status
SOURCE = "attempt"
BANK = "Banque"
BY_DEBIT = "V"
"""PayFiP's word for a payment by direct debit."""

_ENDINGS = {
    GatewayState.REFUSED: Status.REFUSED,
    GatewayState.ABANDONED: Status.ABANDONED,
    GatewayState.CANCELLED: Status.ABANDONED,
    GatewayState.EXPIRED: Status.EXPIRED,
}


def problems_of(verdict: Verdict, attempt: Attempt | None, *, states_amount: bool) -> list[Problem]:
    """What contradicts our own attempt in a message that is verified."""
    if not verdict.verified:
        return []
    if attempt is None:
        return [Problem.REFERENCE]
    problems = []
    if verdict.currency != EURO:
        problems.append(Problem.CURRENCY)
    stated = verdict.amount_cents
    if verdict.state == GatewayState.REFUNDED and stated is not None:
        # A bank gives back a part as well as the whole.
        if not 0 < stated <= attempt.amount_cents:
            problems.append(Problem.AMOUNT)
    elif stated is None:
        # SP Plus states no amount: the signature of our request bound it to the reference.
        if states_amount:
            problems.append(Problem.AMOUNT)
    elif stated != attempt.amount_cents:
        problems.append(Problem.AMOUNT)
    return problems


def apply(verdict: Verdict, attempt: Attempt, *, now: datetime) -> str:
    """What the bank's word changes; the attempt is locked. Returns the outcome, in a word."""
    state = verdict.state
    if state == GatewayState.PAID:
        return _settle(verdict, attempt, now=now)
    if state in (GatewayState.REFUNDED, GatewayState.UNPAID):
        return _take_back(verdict, attempt, now=now)
    if attempt.status in (Status.SETTLED, Status.REFUNDED):
        return "déjà réglé"
    if state in _ENDINGS:
        attempt.status = _ENDINGS[state]
        attempt.provider_id = verdict.transaction_id[:60]
        attempt.ended_at = now
        attempt.save(update_fields=["status", "provider_id", "ended_at"])
        return attempt.get_status_display()
    return "en cours"


def _settle(verdict: Verdict, attempt: Attempt, *, now: datetime) -> str:
    if attempt.status in (Status.SETTLED, Status.REFUNDED):
        return "déjà réglé"
    label = _label(verdict, attempt) % {"reference": attempt.reference}
    return settle(attempt, label=label, provider_id=verdict.transaction_id, now=now)


def settle(attempt: Attempt, *, label: str, provider_id: str, now: datetime) -> str:
    """Write a payment that is sure; the attempt is locked and not settled yet.

    A titre's money goes to the public accountant: no account of the cash office moves.
    """
    if attempt.use == GatewayAccount.Use.REGIE:
        account.settle(
            family_id=attempt.family_id,
            cash_office_id=attempt.cash_office_id,
            attempt_id=attempt.pk,
            amount_cents=attempt.amount_cents,
            chosen=dict(attempt.items.values_list("invoice_id", "amount_cents")),
            label=label,
            actor_label=attempt.payer_label or BANK,
            now=now,
        )
    attempt.status = Status.SETTLED
    attempt.provider_id = provider_id[:60] or attempt.provider_id
    attempt.ended_at = now
    attempt.save(update_fields=["status", "provider_id", "ended_at"])
    record(
        actor=Actor.system(BANK),
        now=now,
        action="payments.settle",
        summary=_("Paiement en ligne de %(amount)s reçu") % {"amount": euros(attempt.amount_cents)},
        family_id=attempt.family_id,
        object_type=SOURCE,
        object_id=attempt.pk,
    )
    messages.acknowledge(attempt, now=now)
    return "payé"


def _label(verdict: Verdict, attempt: Attempt) -> str:
    if attempt.gateway != GatewayAccount.Gateway.PAYFIP:
        return _("Paiement par carte, référence %(reference)s")
    if verdict.bank_status == BY_DEBIT:
        return _("Paiement par prélèvement unique (PayFiP), référence %(reference)s")
    return _("Paiement par carte (PayFiP), référence %(reference)s")


def _take_back(verdict: Verdict, attempt: Attempt, *, now: datetime) -> str:
    """The bank gave the money back, or could not collect it: what it paid is due again."""
    if attempt.status != Status.SETTLED:
        return "rien à reprendre"
    given = sum(attempt.refunds.values_list("amount_cents", flat=True))
    cents = verdict.amount_cents if verdict.state == GatewayState.REFUNDED else None
    if given or (cents and cents < attempt.amount_cents):
        reference = verdict.transaction_id or verdict.state
        if attempt.refunds.filter(bank_reference=reference[:60]).exists():
            return "déjà remboursé"
        left = attempt.amount_cents - given
        return give_back(
            attempt, cents=min(cents or left, left), bank_reference=reference,
            reason="", actor_label=BANK, now=now,
        )  # fmt: skip
    label = (
        _("Paiement %(reference)s remboursé par la banque")
        if verdict.state == GatewayState.REFUNDED
        else _("Paiement %(reference)s rejeté par la banque")
    )
    account.take_back(
        family_id=attempt.family_id,
        cash_office_id=attempt.cash_office_id,
        attempt_id=attempt.pk,
        label=label % {"reference": attempt.reference},
        actor_label=BANK,
        now=now,
    )
    attempt.status = Status.REFUNDED
    attempt.ended_at = now
    attempt.save(update_fields=["status", "ended_at"])
    record(
        actor=Actor.system(BANK),
        now=now,
        action="payments.take_back",
        summary=_("Paiement en ligne de %(amount)s repris par la banque")
        % {"amount": euros(attempt.amount_cents)},
        family_id=attempt.family_id,
        object_type=SOURCE,
        object_id=attempt.pk,
    )
    return attempt.get_status_display()


def give_back(
    attempt: Attempt,
    *,
    cents: int,
    bank_reference: str,
    reason: str,
    actor_label: str,
    now: datetime,
) -> str:
    """Write what was given back on a settled payment, in part or the last of it."""
    earlier = list(attempt.refunds.values_list("pk", flat=True))
    refund = BankRefund.objects.create(
        attempt=attempt,
        amount_cents=cents,
        at=now,
        bank_reference=bank_reference[:60],
        reason=reason[:200],
        actor_label=actor_label,
    )
    if attempt.use == GatewayAccount.Use.REGIE:
        refunds.give_back_in_part(
            family_id=attempt.family_id,
            cash_office_id=attempt.cash_office_id,
            attempt_id=attempt.pk,
            refund_id=refund.pk,
            earlier=earlier,
            amount_cents=cents,
            label=_("Remboursement de %(amount)s sur le paiement %(reference)s")
            % {"amount": euros(cents), "reference": attempt.reference},
            actor_label=actor_label,
            now=now,
        )
    if sum(attempt.refunds.values_list("amount_cents", flat=True)) >= attempt.amount_cents:
        attempt.status, attempt.ended_at = Status.REFUNDED, now
        attempt.save(update_fields=["status", "ended_at"])
    record(
        actor=Actor.system(actor_label),
        now=now,
        action="payments.give_back",
        summary=_("%(amount)s rendus sur un paiement en ligne") % {"amount": euros(cents)},
        family_id=attempt.family_id,
        object_type=SOURCE,
        object_id=attempt.pk,
    )
    return "remboursé en partie" if attempt.status == Status.SETTLED else "remboursé"


def as_text(raw: bytes | str) -> str:
    """What a bank sent, as a text that PostgreSQL keeps."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
