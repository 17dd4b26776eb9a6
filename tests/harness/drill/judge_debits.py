"""The judge's second half: debits, transfers and refunds, as the bank's files and the till tell."""

from collections import Counter
from dataclasses import dataclass, field

from django.apps import apps

from preau.cashdesk.models import Refund
from preau.directdebit.models import Debit
from tests.harness.drill.values import Town

KEPT = ("collected", "wrong_reject")
"""A debit stands, unless the bank said that it came back, for its sum."""


@dataclass
class Found:
    """Counts of what is not as it was told."""

    lost: int = 0
    doubled: int = 0
    wrong_amount: int = 0
    remarks: list[str] = field(default_factory=list)


def judge_debits(town: Town) -> Found:
    """Each debit of the bank's file, each transfer, each refund: once, and as it ended."""
    Movement = apps.get_model("billing", "Movement")
    found, truth = Found(), town.debits
    rows = {row.end_to_end: row for row in Debit.objects.filter(end_to_end__in=truth.debits)}
    taken: dict[int, list[int]] = {}
    for pk, source in Movement.objects.filter(kind="DIRECT_DEBIT").values_list("pk", "source_id"):
        taken.setdefault(source, []).append(pk)
    undone = Counter(
        Movement.objects.filter(kind="REVERSAL", source_type="movement").values_list(
            "source_id", flat=True
        )
    )
    for end_to_end, (_family, _office, cents, fate) in truth.debits.items():
        row = rows.get(end_to_end)
        movements = taken.pop(row.pk, []) if row else []
        reversals = sum(undone[pk] for pk in movements)
        due = {"collected": (1, 0), "wrong_reject": (1, 0), "rejected": (1, 1), "refused": (0, 0)}
        wanted, back = due[fate]
        state = "COLLECTED" if fate in KEPT else "REJECTED"
        if row is None or row.amount_cents != cents or row.status != state:
            found.lost += 1
        found.lost += max(0, wanted - len(movements))
        found.doubled += max(0, len(movements) - wanted)
        if fate == "wrong_reject":
            found.wrong_amount += reversals > 0
        else:
            found.lost += max(0, back - reversals)
            found.doubled += max(0, reversals - back)
    found.doubled += sum(len(pks) for pks in taken.values())  # debits of no bank's file
    told = Counter(truth.transfers)
    come = Counter(
        (line.family_account.family_id, line.family_account.cash_office_id, -line.amount_cents)
        for line in apps.get_model("billing", "LedgerLine")
        .objects.filter(movement__kind="TRANSFER", account="FAMILY")
        .select_related("family_account")
    )
    found.lost += sum((told - come).values())
    found.doubled += sum((come - told).values())
    asked = Counter(truth.given_back)
    stand = Counter(
        Refund.objects.exclude(status=Refund.Status.CANCELLED).values_list(
            "family_id", "cash_office_id", "amount_cents"
        )
    )
    found.lost += sum((asked - stand).values())
    found.doubled += sum((stand - asked).values())
    fates = Counter(row[3] for row in truth.debits.values())
    found.remarks.append(
        f"{len(truth.debits)} debits ({', '.join(f'{n} {name}' for name, n in fates.items())}), "
        f"{len(truth.transfers)} transfers, {truth.files} files given, "
        f"{len(truth.advanced)} advances, {len(truth.given_back)} given back"
    )
    return found
