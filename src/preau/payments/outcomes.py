"""What a bank's word changes: the only place where a payment on line is settled or taken back.

The caller holds the attempt's row, and has checked the word against it (`problems_of`).
"""

from datetime import datetime

from django.utils.translation import gettext as _

from preau.audit.services import record
from preau.billing import online as account
from preau.kernel.actors import Actor
from preau.kernel.money import euros
from preau.payments import messages
from preau.payments.gateway import EURO, GatewayState, Problem, Verdict
from preau.payments.models import Attempt, GatewayAccount

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
    if stated is None:
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
    account.settle(
        family_id=attempt.family_id,
        cash_office_id=attempt.cash_office_id,
        attempt_id=attempt.pk,
        amount_cents=attempt.amount_cents,
        chosen=dict(attempt.items.values_list("invoice_id", "amount_cents")),
        label=_label(verdict, attempt) % {"reference": attempt.reference},
        actor_label=attempt.payer_label or BANK,
        now=now,
    )
    attempt.status = Status.SETTLED
    attempt.provider_id = verdict.transaction_id[:60]
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


def as_text(raw: bytes | str) -> str:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
