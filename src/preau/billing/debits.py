"""What a direct debit or a transfer does to an account; called by `preau.directdebit`."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from preau.billing import ledger
from preau.billing.models import Movement
from preau.billing.rules import spread

DEBIT = "debit"
TRANSFER = "bank_entry"


@transaction.atomic
def collect_debit(
    *,
    family_id: int,
    cash_office_id: int,
    debit_id: int,
    amount_cents: int,
    chosen: Mapping[int, int],
    label: str,
    actor_label: str,
    now: datetime,
) -> None:
    """Write a debit on the day when it is collected. The same debit twice raises IntegrityError.

    An invoice paid meanwhile takes no more than it needs: the rest is the account's credit.
    """
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    ledger.post(
        account=account,
        kind=Movement.Kind.DIRECT_DEBIT,
        label=label,
        at=now,
        source=(DEBIT, debit_id),
        actor_label=actor_label,
        family_cents=-amount_cents,
        legs=[ledger.Leg(ledger.Account.DEBIT, amount_cents)],
        allocations=spread(amount_cents, ledger.list_dues(account), chosen=chosen),
    )


@transaction.atomic
def return_debit(
    *,
    family_id: int,
    cash_office_id: int,
    debit_id: int,
    label: str,
    actor_label: str,
    now: datetime,
) -> None:
    """Undo a debit that the family's bank refused or took back: what it paid is due again."""
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    movement = Movement.objects.get(
        kind=Movement.Kind.DIRECT_DEBIT, source_type=DEBIT, source_id=debit_id
    )
    ledger.reverse(account=account, movement=movement, label=label, at=now, actor_label=actor_label)


@transaction.atomic
def receive_transfer(
    *,
    family_id: int,
    cash_office_id: int,
    entry_id: int,
    amount_cents: int,
    chosen: Mapping[int, int] | None,
    label: str,
    actor_label: str,
    now: datetime,
) -> None:
    """Write a transfer read on the bank's statement; `chosen` as for any payment."""
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    ledger.post(
        account=account,
        kind=Movement.Kind.TRANSFER,
        label=label,
        at=now,
        source=(TRANSFER, entry_id),
        actor_label=actor_label,
        family_cents=-amount_cents,
        legs=[ledger.Leg(ledger.Account.TRANSFER, amount_cents)],
        allocations=spread(amount_cents, ledger.list_dues(account), chosen=chosen),
    )
