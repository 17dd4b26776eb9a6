"""The judge: what was sent, compared with what the books say."""

from collections import Counter
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection

from preau.billing import ledger
from preau.billing.models import BillingRun, FamilyAccount, Invoice
from preau.payments.models import Attempt, ProviderEvent
from tests.harness.drill.judge_debits import KEPT, judge_debits
from tests.harness.drill.values import KINDS, Town

if TYPE_CHECKING:
    from tests.harness.drill.storm import Storm


def half_visible() -> list[int]:
    """Runs of which some but not all is there. One statement, one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id FROM billing_billingrun r
            LEFT JOIN (SELECT run_id, count(*) AS n, sum(total_cents) AS cents
                       FROM billing_invoice WHERE run_id IS NOT NULL GROUP BY run_id) i
              ON i.run_id = r.id
            WHERE CASE WHEN r.status = 'ISSUED'
                       THEN coalesce(i.n, 0) <> r.invoice_count
                            OR coalesce(i.cents, 0) <> r.total_cents
                       ELSE coalesce(i.n, 0) <> 0 END
            """
        )
        return [pk for (pk,) in cursor.fetchall()]


def judge(town: Town, storm: "Storm") -> dict[str, int]:
    """Compare what was sent with what the books say."""
    Movement = apps.get_model("billing", "Movement")
    online = Counter(
        Movement.objects.filter(kind="PAYMENT_ONLINE", source_type="attempt").values_list(
            "source_id", flat=True
        )
    )
    status = dict(Attempt.objects.values_list("pk", "status"))
    refunded = {pk for pk, fate in town.fate.items() if fate == "refunded"}
    paid = {pk for pk, fate in town.fate.items() if fate in ("paid", "refunded")}
    taken = Counter(
        apps.get_model("billing", "CounterPayment").objects.values_list(
            "family_id", "cash_office_id", "amount_cents"
        )
    )
    given = Counter(storm.collected) + Counter(town.debits.advanced)
    wrong = {pk for pk, fate in town.fate.items() if fate == "wrong"}
    untrue = {pk for pk, fate in town.fate.items() if fate in ("forged", "refused")}
    answered_yes = [
        m for m in town.messages
        if m.status == 200 and m.what in ("tampered", "forged")
        and not m.url.endswith(f"/{KINDS['PAYFIP']}/notification/")
    ]  # fmt: skip
    off = _cents_off(town, storm, paid - refunded)
    debits = judge_debits(town)
    storm.remarks += debits.remarks
    # A whole payment given back is its movement's reversal; told again, it is still one.
    movements = dict(
        Movement.objects.filter(
            kind="PAYMENT_ONLINE", source_type="attempt", source_id__in=refunded
        ).values_list("pk", "source_id")
    )
    back = Counter(
        movements[pk]
        for pk in Movement.objects.filter(
            kind="REVERSAL", source_type="movement", source_id__in=movements
        ).values_list("source_id", flat=True)
    )
    faults = ledger.verify()
    storm.remarks += [str(fault) for fault in faults[:5]]
    done = BillingRun.objects.filter(status="ISSUED").count()
    storm.remarks.append(
        f"{len(paid)} paid, {len(wrong)} at a wrong amount, {len(untrue)} refused or forged, "
        f"{sum(given.values())} collected, {done} runs issued, {storm.snapshots} looks, "
        f"{ProviderEvent.objects.count()} messages kept"
    )
    unpaid = [
        pk
        for pk in paid
        if not online[pk]
        or status[pk] != ("REFUNDED" if pk in refunded else "SETTLED")
        or (pk in refunded and not back[pk])
    ]
    storm.remarks += [f"not settled: {pk} {status[pk]}" for pk in unpaid[:5]]
    return {
        "notifications": storm.delivered,
        "kills": sum(storm.killed.values()),
        "lost": len(unpaid) + sum((given - taken).values()) + debits.lost,
        "doubled": sum(n - 1 for n in (*online.values(), *back.values()) if n > 1)
        + sum((taken - given).values())
        + debits.doubled,
        "wrong_amount_accepted": sum(1 for pk in wrong if online[pk] or status[pk] == "SETTLED")
        + debits.wrong_amount,
        "forged_accepted": len(answered_yes)
        + sum(1 for pk in untrue if online[pk] or status[pk] == "SETTLED")
        + town.debits.untrue_read,
        "ledger_off_by_cents": off
        + sum(abs(fault.expected_cents - fault.found_cents) for fault in faults),
        "runs_half_visible": storm.half_visible + len(half_visible()) + (6 - done),
    }


def _cents_off(town: Town, storm: "Storm", paid: set[int]) -> int:
    """Between each balance and what was invoiced less what was sent and collected."""
    expected: Counter[tuple[int, int]] = Counter()
    for family, office, cents in Invoice.objects.values_list(
        "family_id", "cash_office_id", "total_cents"
    ):
        expected[family, office] += cents
    for pk in paid:
        expected[town.account_of[pk]] -= town.amount[pk]
    truth = town.debits
    for family, office, cents in (*storm.collected, *truth.advanced, *truth.transfers):
        expected[family, office] -= cents
    for family, office, cents in truth.given_back:
        expected[family, office] += cents
    for family, office, cents, fate in truth.debits.values():
        if fate in KEPT:
            expected[family, office] -= cents
    found = {
        (row.family_id, row.cash_office_id): row.balance_cents
        for row in FamilyAccount.objects.all()
    }
    return sum(abs(expected[key] - found.get(key, 0)) for key in expected.keys() | found.keys())
