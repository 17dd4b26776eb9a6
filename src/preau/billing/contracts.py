"""What contracts of early childhood owe: closed statements, each billed once by the monthly run.

`childcare.charges` says what and why; here it becomes lines, and the statements learn which
invoice bears them. A line's `fee_key` names its statement: the database refuses it twice.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from datetime import date, datetime
from typing import Any

from preau.billing.anomalies import Anomalies
from preau.billing.drafts import Draft, DraftLine
from preau.catalogue.queries import activity_names
from preau.childcare.charges import MonthlyCharge, charges_to_bill, statements_not_closed
from preau.childcare.services import mark_billed
from preau.kernel import french

_KEY = "creche"


def add_contract_lines(
    extras: MutableMapping[int, Any], *, codes: Mapping[int, str], month: date
) -> dict[str, int]:
    """Add to each family's extra lines those of its statements; what each activity brings.

    `codes` are the accounting codes of the cash office's activities, by id.
    """
    names = activity_names(codes)
    cents: dict[str, int] = {}
    for family_id, charges in charges_to_bill(activity_ids=codes, month=month).items():
        lines = [line for charge in charges for line in _lines(charge, codes)]
        extras[family_id] = [*extras.get(family_id, ()), *lines]
        for line in lines:
            name = names.get(line.activity_id or 0, "")
            cents[name] = cents.get(name, 0) + line.amount_cents
    return cents


def _lines(charge: MonthlyCharge, codes: Mapping[int, str]) -> list[DraftLine]:
    return [
        DraftLine(
            child_id=charge.child_id,
            activity_id=charge.activity_id,
            label=line.label,
            unit_name="",
            unit_cents=line.cents,
            explanation=line.explanation,
            rulebook_version_id=charge.rulebook_version_id,
            accounting_code=codes.get(charge.activity_id, ""),
            fixed_quantity=1,
            fee_key=f"{_KEY}:{charge.statement_id}:{rank}",
        )
        for rank, line in enumerate(charge.lines)
    ]


def say_not_closed(anomalies: Anomalies, *, codes: Mapping[int, str], month: date) -> None:
    """Tell the accountant of the statements that the crèches have not closed yet."""
    count = statements_not_closed(activity_ids=codes, month=month)
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
