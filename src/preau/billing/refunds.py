"""What a bank gives back on a payment on line, in part; called by `preau.payments`."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from preau.billing import ledger
from preau.billing.models import Allocation, CreditReturn, Movement
from preau.billing.online import ATTEMPT
from preau.billing.rules import take_from

REFUND = "bank_refund"


@transaction.atomic
def give_back_in_part(
    *,
    family_id: int,
    cash_office_id: int,
    attempt_id: int,
    refund_id: int,
    earlier: Iterable[int],
    amount_cents: int,
    label: str,
    actor_label: str,
    now: datetime,
) -> None:
    """Write what the bank gave back: from the account's credit first, this payment's before others;
    the rest is due again on the invoices that this payment paid, the latest first.

    `earlier` are the ids of the refunds already written on the same payment.
    """
    account = ledger.lock_account(family_id=family_id, cash_office_id=cash_office_id)
    paid = Movement.objects.get(
        kind=Movement.Kind.PAYMENT_ONLINE, source_type=ATTEMPT, source_id=attempt_id
    )
    credits = sorted(ledger.list_credits(account), key=lambda row: (row[0] != paid.pk, row[0]))
    taken = take_from(credits, amount_cents)
    rest = amount_cents - sum(part for _pk, part in taken)
    reopened: dict[int, int] = {}
    for invoice_id, cents in sorted(_still_paid(paid, earlier).items(), reverse=True):
        part = min(cents, rest)
        if part > 0:
            reopened[invoice_id] = -part
            rest -= part
    movement = ledger.post(
        account=account,
        kind=Movement.Kind.REFUND,
        label=label,
        at=now,
        source=(REFUND, refund_id),
        actor_label=actor_label,
        family_cents=amount_cents,
        legs=[ledger.Leg(ledger.Account.BANK, -amount_cents)],
        allocations=reopened,
    )
    CreditReturn.objects.bulk_create(
        CreditReturn(credit_id=pk, movement=movement, amount_cents=part) for pk, part in taken
    )


def _still_paid(paid: Movement, earlier: Iterable[int]) -> Counter[int]:
    refunds = Movement.objects.filter(
        kind=Movement.Kind.REFUND, source_type=REFUND, source_id__in=list(earlier)
    )
    rows = Allocation.objects.filter(movement__in=[paid, *refunds])
    return Counter(dict(rows.values_list("invoice_id").annotate(total=Sum("amount_cents"))))
