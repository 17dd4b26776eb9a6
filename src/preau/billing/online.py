"""What a payment on line does to an account; called by `preau.payments`, once per attempt."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from preau.billing import ledger
from preau.billing.models import Movement
from preau.billing.rules import spread

ATTEMPT = "attempt"


@transaction.atomic
def lock_and_list_left(*, family_id: int, cash_office_id: int) -> dict[int, int]:
    """What is left to pay, in cents, per invoice; true until the caller's transaction ends."""
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    return {due.invoice_id: due.left_cents for due in ledger.list_dues(account)}


@transaction.atomic
def settle(
    *,
    family_id: int,
    cash_office_id: int,
    attempt_id: int,
    amount_cents: int,
    chosen: Mapping[int, int],
    label: str,
    actor_label: str,
    now: datetime,
) -> None:
    """Write a payment that the bank confirmed; the caller holds the attempt's row.

    An invoice paid meanwhile at the counter takes no more than it needs: the rest is a credit.
    The same attempt twice raises IntegrityError.
    """
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    ledger.post(
        account=account,
        kind=Movement.Kind.PAYMENT_ONLINE,
        label=label,
        at=now,
        source=(ATTEMPT, attempt_id),
        actor_label=actor_label,
        family_cents=-amount_cents,
        legs=[ledger.Leg(ledger.Account.BANK, amount_cents)],
        allocations=spread(amount_cents, ledger.list_dues(account), chosen=chosen),
    )


@transaction.atomic
def take_back(
    *,
    family_id: int,
    cash_office_id: int,
    attempt_id: int,
    label: str,
    actor_label: str,
    now: datetime,
) -> None:
    """Undo a payment that the bank took back: what it paid is due again."""
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    movement = Movement.objects.get(
        kind=Movement.Kind.PAYMENT_ONLINE, source_type=ATTEMPT, source_id=attempt_id
    )
    ledger.reverse(account=account, movement=movement, label=label, at=now, actor_label=actor_label)
