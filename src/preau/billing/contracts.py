"""What contracts of early childhood owe: closed statements, each billed once by the monthly run.

`childcare.charges` says what and why; here it becomes lines, and the statements learn which
invoice bears them. A line's `fee_key` names its statement: the database refuses it twice.

A month may give back more than it brings (a child in hospital, a contract that ends early). The
invoice is then of nothing: its last line takes the rest to the credit of the family's account.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, MutableMapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from preau.billing import ledger
from preau.billing.anomalies import Anomalies
from preau.billing.drafts import Draft, DraftLine
from preau.billing.models import CashOffice, Movement
from preau.billing.natures import Natures
from preau.catalogue.queries import activity_names
from preau.childcare.charges import MonthlyCharge, charges_to_bill, statements_not_closed
from preau.childcare.services import mark_billed
from preau.kernel import french
from preau.kernel.money import euros

_KEY = "creche"
_CREDIT = "creche-credit"
SOURCE = "care_credit"


def add_contract_lines(
    extras: MutableMapping[int, Any], *, natures: Natures, month: date
) -> dict[str, int]:
    """Add to each family's extra lines those of its statements; what each activity brings.

    `natures` are those of the cash office's activities.
    """
    names = activity_names(natures.activities)
    cents: dict[str, int] = {}
    for family_id, charges in charges_to_bill(activity_ids=natures.activities, month=month).items():
        lines = [line for charge in charges for line in _lines(charge, natures)]
        extras[family_id] = [*extras.get(family_id, ()), *lines]
        for line in lines:
            name = names.get(line.activity_id or 0, "")
            cents[name] = cents.get(name, 0) + line.amount_cents
    return cents


def _lines(charge: MonthlyCharge, natures: Natures) -> list[DraftLine]:
    return [
        DraftLine(
            child_id=charge.child_id,
            activity_id=charge.activity_id,
            label=line.label,
            unit_name="",
            unit_cents=line.cents,
            explanation=line.explanation,
            rulebook_version_id=charge.rulebook_version_id,
            nature=natures.of(charge.activity_id),
            fixed_quantity=1,
            fee_key=f"{_KEY}:{charge.statement_id}:{rank}",
        )
        for rank, line in enumerate(charge.lines)
    ]


def say_not_closed(anomalies: Anomalies, *, activity_ids: Collection[int], month: date) -> None:
    """Tell the accountant of the statements that the crèches have not closed yet."""
    count = statements_not_closed(activity_ids=activity_ids, month=month)
    if count:
        words = french.count(count, "relevé de crèche", "relevés de crèche")
        anomalies.say("contracts_open", None, None, lambda: f"{words} à arrêter avant de facturer")


def note_billed(*, drafts: Sequence[Draft], invoice_ids: Sequence[int], now: datetime) -> None:
    """Which invoice bears each statement; in the transaction that issues them."""
    borne = {
        int(line.fee_key.split(":")[1]): invoice_id
        for draft, invoice_id in zip(drafts, invoice_ids, strict=True)
        for line in draft.lines
        if line.fee_key.startswith(f"{_KEY}:")
    }
    if borne:
        mark_billed(invoices=borne, now=now)


def bears_contract(lines: Iterable[DraftLine]) -> bool:
    """Whether a statement of a crèche is among these lines."""
    return any(line.fee_key.startswith(f"{_KEY}:") for line in lines)


def credit_the_rest(drafts: Iterable[Draft], anomalies: Anomalies) -> None:
    """Bring each draft below zero to zero: what is owed back goes to the account's credit."""
    for draft in drafts:
        back = -draft.total_cents
        if back <= 0 or not bears_contract(draft.lines):
            continue
        statement = next(
            line.fee_key.split(":")[1]
            for line in draft.lines
            if line.fee_key.startswith(f"{_KEY}:")
        )
        draft.lines.append(
            DraftLine(
                child_id=None,
                activity_id=None,
                label="Porté au crédit de votre compte",
                unit_name="",
                unit_cents=back,
                explanation=(
                    f"Les déductions du mois dépassent ce qui est dû de {euros(back)}.",
                    "Cette somme est sur votre compte : elle paie vos prochaines factures, ou vous "
                    "est remboursée si vous le demandez.",
                ),
                fixed_quantity=1,
                fee_key=f"{_CREDIT}:{statement}",
            )
        )
        draft.count()
        anomalies.say(
            "credited", draft.family_id, None, partial(_credited, draft.debtor["name"], back)
        )


def _credited(name: str, cents: int) -> str:
    return f"{name} : {euros(cents)} portés au crédit du compte"


def _is_credit(line: DraftLine) -> bool:
    return line.fee_key.startswith(f"{_CREDIT}:")


def post_credits(
    *,
    office: CashOffice,
    drafts: Sequence[Draft],
    invoice_ids: Sequence[int],
    month: date,
    actor_label: str,
    now: datetime,
) -> None:
    """Write the credits that the invoices tell; in the transaction that issues them.

    An invoice of nothing writes no movement: this one gives the revenue back, code by code.
    """
    for draft, invoice_id in zip(drafts, invoice_ids, strict=True):
        back = sum(line.amount_cents for line in draft.lines if _is_credit(line))
        if not back:
            continue
        revenue: dict[str, int] = defaultdict(int)
        for line in draft.lines:
            if not _is_credit(line):
                revenue[line.nature.code] -= line.amount_cents
        ledger.post(
            account=ledger.lock_account(family_id=draft.family_id, cash_office_id=office.pk),
            kind=Movement.Kind.CREDIT_NOTE,
            label=f"Crèche, trop facturé porté au crédit {french.of(french.month(month))}",
            at=now,
            source=(SOURCE, invoice_id),
            actor_label=actor_label,
            family_cents=-back,
            legs=[
                ledger.Leg(ledger.Account.REVENUE, cents, code)
                for code, cents in sorted(revenue.items())
            ],
        )
