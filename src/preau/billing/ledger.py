"""The only writer of the ledger: balanced movements, under the family account's lock.

Whoever changes what an account owes, or what is paid on one of its invoices, holds the account's
row first; so what is left to pay cannot change between reading and writing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from preau.billing.models import (
    Allocation,
    CreditReturn,
    FamilyAccount,
    Invoice,
    LedgerLine,
    Movement,
    PrepaidHold,
    ThirdPartyAccount,
    TillBalance,
)
from preau.billing.proving import Fault, verify
from preau.billing.rules import Due

Account = LedgerLine.Account
Kind = Movement.Kind
MOVEMENT = "movement"
TILL_ACCOUNTS = frozenset({Account.CASH, Account.CHEQUE, Account.CESU, Account.ANCV})
"""What is held in the till until a deposit."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One line to come: a debit (> 0) or a credit (< 0) on an account other than the family's."""

    account: str
    amount_cents: int
    accounting_code: str = ""


def lock_account(*, family_id: int, cash_office_id: int) -> FamilyAccount:
    """The family's account at this cash office, opened if need be, locked until commit."""
    accounts = FamilyAccount.objects.select_for_update(of=("self",), no_key=True)
    found = accounts.filter(family_id=family_id, cash_office_id=cash_office_id).first()
    if found is None:
        FamilyAccount.objects.bulk_create(
            [FamilyAccount(family_id=family_id, cash_office_id=cash_office_id)],
            ignore_conflicts=True,
        )
        found = accounts.get(family_id=family_id, cash_office_id=cash_office_id)
    return found


def list_dues(account: FamilyAccount) -> list[Due]:
    """Invoices of the account with something left to pay. True for as long as it is locked."""
    rows = (
        Invoice.objects.filter(
            family_id=account.family_id,
            cash_office_id=account.cash_office_id,
            kind=Invoice.Kind.INVOICE,
        )
        .annotate(left=F("total_cents") - Coalesce(Sum("allocations__amount_cents"), 0))
        .filter(left__gt=0)
        .values_list("pk", "due_on", "left")
    )
    return [Due(*row) for row in rows.order_by("due_on", "pk")]


def list_credits(account: FamilyAccount) -> list[tuple[int, int]]:
    """(movement id, cents) of what was paid and is allocated to no invoice, oldest first."""
    reversed_ids = Movement.objects.filter(kind=Kind.REVERSAL, source_type=MOVEMENT).values(
        "source_id"
    )
    paid = dict(
        LedgerLine.objects.filter(family_account=account)
        .exclude(movement__kind__in=[Kind.INVOICE, Kind.REVERSAL])
        .exclude(movement_id__in=reversed_ids)
        .values_list("movement_id")
        .annotate(total=-Sum("amount_cents"))
    )
    used = Counter(
        dict(
            Allocation.objects.filter(movement_id__in=paid)
            .values_list("movement_id")
            .annotate(total=Sum("amount_cents"))
        )
    )
    used.update(
        dict(
            CreditReturn.objects.filter(credit_id__in=paid)
            .exclude(movement_id__in=reversed_ids)
            .values_list("credit_id")
            .annotate(total=Sum("amount_cents"))
        )
    )
    return [(pk, left) for pk in sorted(paid) if (left := paid[pk] - used[pk]) > 0]


def post(
    *,
    account: FamilyAccount,
    kind: str,
    label: str,
    at: datetime,
    source: tuple[str, int],
    actor_label: str,
    family_cents: int,
    legs: Iterable[Leg],
    allocations: Mapping[int, int] | None = None,
) -> Movement:
    """Write one movement: `family_cents` on the (locked) account, `legs` elsewhere, sum zero.

    `source` is what caused it: the same source never makes two movements of one kind
    (IntegrityError). `allocations` is what of it goes to which invoice.
    """
    movement = Movement.objects.create(
        cash_office_id=account.cash_office_id,
        kind=kind,
        label=label[:160],
        at=at,
        source_type=source[0],
        source_id=source[1],
        actor_label=actor_label,
    )
    own = LedgerLine(
        movement=movement,
        account=Account.FAMILY,
        family_account=account,
        amount_cents=family_cents,
    )
    _write_legs(movement, legs, own)
    Allocation.objects.bulk_create(
        Allocation(movement=movement, invoice_id=invoice_id, amount_cents=cents)
        for invoice_id, cents in (allocations or {}).items()
    )
    FamilyAccount.objects.filter(pk=account.pk).update(
        balance_cents=F("balance_cents") + family_cents
    )
    account.balance_cents += family_cents
    return movement


def post_third_party(
    *,
    account: ThirdPartyAccount,
    kind: str,
    label: str,
    at: datetime,
    source: tuple[str, int],
    actor_label: str,
    cents: int,
    legs: Iterable[Leg],
) -> Movement:
    """Write one movement on a third party's (locked) account: `cents` there, `legs` elsewhere."""
    movement = Movement.objects.create(
        cash_office_id=account.cash_office_id,
        kind=kind,
        label=label[:160],
        at=at,
        source_type=source[0],
        source_id=source[1],
        actor_label=actor_label,
    )
    own = LedgerLine(
        movement=movement,
        account=Account.THIRD,
        third_party_account=account,
        amount_cents=cents,
    )
    _write_legs(movement, legs, own)
    ThirdPartyAccount.objects.filter(pk=account.pk).update(balance_cents=F("balance_cents") + cents)
    account.balance_cents += cents
    return movement


def lock_third_party(*, third_party_id: int, cash_office_id: int) -> ThirdPartyAccount:
    """The third party's account at this cash office, opened if need be, locked until commit."""
    ThirdPartyAccount.objects.bulk_create(
        [ThirdPartyAccount(third_party_id=third_party_id, cash_office_id=cash_office_id)],
        ignore_conflicts=True,
    )
    return ThirdPartyAccount.objects.select_for_update(of=("self",), no_key=True).get(
        third_party_id=third_party_id, cash_office_id=cash_office_id
    )


def post_till(
    *,
    cash_office_id: int,
    kind: str,
    label: str,
    at: datetime,
    source: tuple[str, int],
    actor_label: str,
    legs: Iterable[Leg],
) -> Movement:
    """Write one movement of the cash office itself (a deposit, a difference): legs, sum zero."""
    movement = Movement.objects.create(
        cash_office_id=cash_office_id,
        kind=kind,
        label=label[:160],
        at=at,
        source_type=source[0],
        source_id=source[1],
        actor_label=actor_label,
    )
    _write_legs(movement, legs)
    return movement


def _write_legs(movement: Movement, legs: Iterable[Leg], *own: LedgerLine) -> None:
    legs = [leg for leg in legs if leg.amount_cents]
    LedgerLine.objects.bulk_create(
        [
            *own,
            *(
                LedgerLine(
                    movement=movement,
                    account=leg.account,
                    accounting_code=leg.accounting_code,
                    amount_cents=leg.amount_cents,
                )
                for leg in legs
            ),
        ]
    )
    moved: Counter[str] = Counter()
    for leg in legs:
        if leg.account in TILL_ACCOUNTS:
            moved[leg.account] += leg.amount_cents
    for name in sorted(moved):
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO billing_tillbalance (cash_office_id, account, balance_cents)
                VALUES (%s, %s, %s)
                ON CONFLICT (cash_office_id, account) DO UPDATE
                SET balance_cents = billing_tillbalance.balance_cents + EXCLUDED.balance_cents
                """,
                [movement.cash_office_id, str(name), moved[name]],
            )


def lock_till(cash_office_id: int) -> dict[str, int]:
    """What the till holds by means, in cents; true until commit."""
    TillBalance.objects.bulk_create(
        [
            TillBalance(cash_office_id=cash_office_id, account=account)
            for account in sorted(TILL_ACCOUNTS)
        ],
        ignore_conflicts=True,
    )
    rows = TillBalance.objects.select_for_update(of=("self",), no_key=True)
    return {
        str(row.account): row.balance_cents
        for row in rows.filter(cash_office_id=cash_office_id).order_by("account")
    }


def reverse(
    *,
    account: FamilyAccount,
    movement: Movement,
    label: str,
    at: datetime,
    actor_label: str,
    through: str = "",
) -> Movement:
    """Undo a movement by its opposite, what it paid included. Both stay in the books.

    `through` another account: the money stays where it is, and what it served is undone alone.
    A movement is undone once (IntegrityError). What of it was set aside for days booked is no
    longer: those days are billed at the month's end.
    """
    _end_holds(account, movement, at=at, actor_label=actor_label)
    family_cents = 0
    legs: list[Leg] = []
    for line in movement.lines.all():
        if line.account == Account.FAMILY:
            family_cents -= line.amount_cents
        else:
            legs.append(Leg(through or line.account, -line.amount_cents, line.accounting_code))
    paid = (
        Allocation.objects.filter(movement=movement)
        .values_list("invoice_id")
        .annotate(total=Sum("amount_cents"))
    )
    return post(
        account=account,
        kind=Kind.REVERSAL,
        label=label,
        at=at,
        source=(MOVEMENT, movement.pk),
        actor_label=actor_label,
        family_cents=family_cents,
        legs=legs,
        allocations={invoice_id: -cents for invoice_id, cents in paid if cents},
    )


def _end_holds(account: FamilyAccount, credit: Movement, *, at: datetime, actor_label: str) -> None:
    fed = CreditReturn.objects.filter(credit=credit, movement__kind=Kind.HOLD)
    for hold in PrepaidHold.objects.filter(
        account=account, ended_at__isnull=True, movement__in=fed.values("movement")
    ).select_related("movement"):
        PrepaidHold.objects.filter(pk=hold.pk).update(ended_at=at)
        reverse(
            account=account,
            movement=hold.movement,
            label=f"{hold.movement.label} : {credit.label}",
            at=at,
            actor_label=actor_label,
        )


__all__ = [
    "Account",
    "Fault",
    "Kind",
    "Leg",
    "list_credits",
    "list_dues",
    "lock_account",
    "lock_third_party",
    "lock_till",
    "post",
    "post_third_party",
    "post_till",
    "reverse",
    "verify",
]
