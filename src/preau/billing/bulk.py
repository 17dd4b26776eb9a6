"""Writing many payments in the ledger at once: for a take-over. Amounts in cents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from preau.billing.errors import BillingRefusal
from preau.billing.models import FamilyAccount, Invoice, LedgerLine, Movement
from preau.billing.online import ATTEMPT
from preau.kernel.copying import copy_rows, take_ids


@dataclass(frozen=True, slots=True)
class OnlinePayment:
    """One invoice paid, or a part of it, by one attempt."""

    attempt_id: int
    family_id: int
    invoice_id: int
    cents: int
    label: str
    actor_label: str
    at: datetime


@transaction.atomic
def post_online_payments(*, cash_office_id: int, payments: Sequence[OnlinePayment]) -> None:
    """Write what the bank settled: movements, their lines, what each pays, and the balances.

    Raises BillingRefusal when an invoice would be paid more than it is: then nothing is written.
    """
    families = sorted({payment.family_id for payment in payments})
    accounts = dict(
        FamilyAccount.objects.select_for_update(of=("self",), no_key=True)
        .filter(cash_office_id=cash_office_id, family_id__in=families)
        .order_by("pk")
        .values_list("family_id", "pk")
    )
    left = dict(
        Invoice.objects.filter(
            pk__in=[payment.invoice_id for payment in payments], kind=Invoice.Kind.INVOICE
        )
        .annotate(left=F("total_cents") - Coalesce(Sum("allocations__amount_cents"), 0))
        .values_list("pk", "left")
    )
    for payment in payments:
        left[payment.invoice_id] -= payment.cents
        if payment.cents <= 0 or left[payment.invoice_id] < 0:
            raise BillingRefusal("Une facture serait payée plus que son montant.")
    ids = take_ids("billing_movement", len(payments))
    pairs = list(zip(ids, payments, strict=True))
    copy_rows(
        "billing_movement",
        "id cash_office_id kind label at source_type source_id actor_label transaction_id",
        (
            (
                pk,
                cash_office_id,
                Movement.Kind.PAYMENT_ONLINE.value,
                p.label[:160],
                p.at,
                ATTEMPT,
                p.attempt_id,
                p.actor_label,
                0,
            )
            for pk, p in pairs
        ),
    )
    copy_rows(
        "billing_ledgerline",
        "movement_id account family_account_id accounting_code amount_cents",
        (
            line
            for pk, p in pairs
            for line in (
                (pk, LedgerLine.Account.FAMILY.value, accounts[p.family_id], "", -p.cents),
                (pk, LedgerLine.Account.BANK.value, None, "", p.cents),
            )
        ),
    )
    copy_rows(
        "billing_allocation",
        "invoice_id movement_id amount_cents",
        ((p.invoice_id, pk, p.cents) for pk, p in pairs),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_familyaccount SET balance_cents = balance_cents - paid.cents
            FROM (
                SELECT id, sum(cents) AS cents
                FROM unnest(%s::bigint[], %s::bigint[]) AS one (id, cents) GROUP BY id
            ) paid
            WHERE billing_familyaccount.id = paid.id
            """,
            [[accounts[p.family_id] for p in payments], [p.cents for p in payments]],
        )
