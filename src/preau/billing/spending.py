"""What was set aside for days booked, once their invoice is there; and what still is."""

from collections import Counter, defaultdict
from datetime import date, datetime

from django.db import connection
from django.utils.translation import gettext as _

from preau.billing import ledger
from preau.billing.models import (
    Allocation,
    CashOffice,
    CreditReturn,
    FamilyAccount,
    Invoice,
    LedgerLine,
    Movement,
    PrepaidHold,
)
from preau.billing.rules import take_from
from preau.kernel.copying import copy_rows, take_ids
from preau.kernel.periods import month_period


def spend_holds(*, office: CashOffice, month: date, run_id: int, now: datetime) -> int:
    """What was set aside for days up to the end of the month comes back, and pays the run's
    invoices of the same families; how many days. In the caller's transaction; the accounts of the
    families billed are locked already."""
    holds = list(
        PrepaidHold.objects.select_for_update(of=("self",), no_key=True)
        .filter(
            account__cash_office=office,
            ended_at__isnull=True,
            slot__day__lte=month_period(month).ends_on,
        )
        .select_related("movement", "account")
        .order_by("account_id", "pk")
    )
    if not holds:
        return 0
    list(
        FamilyAccount.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in={hold.account_id for hold in holds})
        .order_by("pk")
    )
    ids = take_ids("billing_movement", len(holds))
    copy_rows(
        "billing_movement",
        "id cash_office_id kind label at source_type source_id actor_label transaction_id",
        (
            (
                pk,
                office.pk,
                Movement.Kind.REVERSAL.value,
                (_("Facturé : %(what)s") % {"what": hold.movement.label})[:160],
                now,
                ledger.MOVEMENT,
                hold.movement_id,
                hold.movement.actor_label,
                0,
            )
            for pk, hold in zip(ids, holds, strict=True)
        ),
    )
    copy_rows(
        "billing_ledgerline",
        "movement_id account family_account_id accounting_code amount_cents",
        (
            line
            for pk, hold in zip(ids, holds, strict=True)
            for line in (
                (pk, LedgerLine.Account.FAMILY.value, hold.account_id, "", -hold.cents),
                (pk, LedgerLine.Account.ADVANCE.value, None, "", hold.cents),
            )
        ),
    )
    back: Counter[int] = Counter()
    for hold in holds:
        back[hold.account_id] += hold.cents
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_familyaccount SET balance_cents = balance_cents - back.cents
            FROM unnest(%s::bigint[], %s::bigint[]) AS back (id, cents)
            WHERE billing_familyaccount.id = back.id
            """,
            [list(back), list(back.values())],
        )
    PrepaidHold.objects.filter(pk__in=[hold.pk for hold in holds]).update(ended_at=now)
    _pay_with(holds, run_id=run_id)
    return len(holds)


def _pay_with(holds: list[PrepaidHold], *, run_id: int) -> None:
    """The payments that the holds came from pay the run's invoices of their families."""
    parts: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    families = {hold.movement_id: hold.account.family_id for hold in holds}
    for credit_id, movement_id, cents in CreditReturn.objects.filter(
        movement_id__in=families
    ).values_list("credit_id", "movement_id", "amount_cents"):
        parts[families[movement_id]][credit_id] += cents
    rows = []
    for invoice_id, family_id, total in (
        Invoice.objects.filter(run_id=run_id, family_id__in=parts, total_cents__gt=0)
        .order_by("pk")
        .values_list("pk", "family_id", "total_cents")
    ):
        remaining = parts[family_id]
        for credit_id, part in take_from(sorted(remaining.items()), total):
            remaining[credit_id] -= part
            rows.append(Allocation(invoice_id=invoice_id, movement_id=credit_id, amount_cents=part))
    Allocation.objects.bulk_create(rows, batch_size=2000)
