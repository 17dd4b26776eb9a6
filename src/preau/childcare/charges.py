"""What the monthly billing run takes from the crèches: closed statements, not billed yet."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from preau.childcare.models import Statement
from preau.childcare.queries.statements import contracts_of_month
from preau.kernel import french


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line for the invoice, in cents (negative: given back), with its sentences."""

    label: str
    cents: int
    explanation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthlyCharge:
    """A statement to bill. Its lines add up to the statement's total."""

    statement_id: int
    family_id: int
    child_id: int
    activity_id: int
    month: date
    lines: tuple[ChargeLine, ...]
    rulebook_version_id: int | None


def charges_to_bill(
    *, activity_ids: Collection[int], month: date
) -> dict[int, list[MonthlyCharge]]:
    """By family, the statements of the month and of earlier ones that no invoice bears; one query.

    After issuing, give their ids to `services.mark_billed` in the same transaction.
    """
    found: dict[int, list[MonthlyCharge]] = defaultdict(list)
    rows = (
        Statement.objects.filter(
            activity_id__in=list(activity_ids), month__lte=month, invoice_id__isnull=True
        )
        .select_related("child")
        .order_by("family_id", "child_id", "month", "pk")
    )
    for row in rows:
        late = "" if row.month == month.replace(day=1) else f" ({french.month(row.month)})"
        found[row.family_id].append(
            MonthlyCharge(
                statement_id=row.pk,
                family_id=row.family_id,
                child_id=row.child_id,
                activity_id=row.activity_id or 0,
                month=row.month,
                lines=tuple(
                    ChargeLine(
                        f"{row.child.first_name}, crèche : {_lower(line['label'])}{late}",
                        line["cents"],
                        _explained(row, line),
                    )
                    for line in row.lines
                    if line["cents"]
                ),
                rulebook_version_id=row.rulebook_version_id,
            )
        )
    return dict(found)


def statements_not_closed(*, activity_ids: Collection[int], month: date) -> int:
    """Contracts of the month whose statement is not closed: the run would leave them out."""
    if not activity_ids:
        return 0
    closed = Statement.objects.filter(month=month.replace(day=1)).values("contract_id")
    return (
        contracts_of_month(month, None)
        .exclude(pk__in=closed)
        .filter(terms__isnull=False)
        .distinct()
        .count()
    )


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _explained(row: Statement, line: dict) -> tuple[str, ...]:  # type: ignore[type-arg]
    hours = french.minutes(abs(line["minutes"]))
    sign = "−" if line["minutes"] < 0 else ""
    return (f"{sign}{hours}.", *line["why"]) if line["minutes"] else tuple(line["why"])
