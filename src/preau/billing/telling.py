"""An invoice as a person reads it: each line with its dates and the sentences of its rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from preau.billing.models import Invoice, InvoiceLine
from preau.billing.queries import ShownLine
from preau.kernel import french
from preau.rulebook.queries import version_words


@dataclass(slots=True)
class ToldDay:
    """`state`: taken, away (absent and due), free (absent and not due)."""

    on: date
    state: str
    note: str


@dataclass(slots=True)
class ToldLine:
    """As the page's unfolding line wants it."""

    pk: int
    label: str
    detail: str
    amount_cents: int
    children: list[Any] = field(default_factory=list)
    days: list[ToldDay] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    open: bool = False
    # Where this line may be contested; "" where it may not.
    contest: str = ""


def tell_lines(invoice: Invoice, colours: Mapping[int, int] | None = None) -> list[ToldLine]:
    """The lines of an invoice read with `with_lines`; `colours` gives each child its own."""
    return tell(invoice.lines.all(), colours)


def tell(lines: Iterable[Any], colours: Mapping[int, int] | None = None) -> list[ToldLine]:
    """Lines of an invoice, or what `queries.lines_of` shows of them."""
    return [_tell(line, colours or {}) for line in lines]


def title_of(invoice: Invoice) -> str:
    """«Octobre 2026», «Avoir d’octobre 2026»."""
    month = french.month(invoice.month)
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return f"Avoir {french.of(month)}"
    return month.capitalize()


def rules_of(invoice: Invoice) -> str:
    """Which version of the town's rules priced it, with its council decision; "" when none did."""
    return version_words(line.rulebook_version_id for line in invoice.lines.all())


def quantity_words(line: "InvoiceLine | ShownLine") -> str:
    """«10 repas × 3,18 €», «…, dont 15,90 € pris en charge»; empty for a line that no day makes."""
    one, _bar, many = line.unit_name.partition("|")
    words = ""
    if one:
        count = french.count(line.quantity, one, many or None)
        words = f"{count} × {french.euros(line.unit_cents)}"
    if line.share_cents:
        share = _("%(cents)s pris en charge") % {"cents": french.euros(line.share_cents)}
        words = f"{words}, dont {share}" if words else share
    return words


def _tell(line: Any, colours: Mapping[int, int]) -> ToldLine:
    children = []
    if line.child is not None:
        line.child.colour = colours.get(line.child_id or 0)
        children.append(line.child)
    return ToldLine(
        pk=line.pk,
        label=line.label,
        detail=quantity_words(line),
        amount_cents=line.amount_cents,
        children=children,
        days=[
            ToldDay(date.fromisoformat(day["day"]), _state(day), day.get("note", ""))
            for day in line.dates
        ],
        why=list(line.explanation),
    )


def _state(day: Mapping[str, str]) -> str:
    if day.get("state") == "free":
        return "free"
    return "away" if day.get("note", "").startswith("absent") else "taken"
