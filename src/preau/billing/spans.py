"""Prices for a week, a month, a term, a year: due once for what they cover, not for each day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from preau.billing.books import Book
from preau.billing.days import ChargeDay
from preau.billing.lines import Fee
from preau.billing.stretches import Offer
from preau.rulebook import api


@dataclass
class Spans:
    """What one family owes once; `read_billed` tells what invoices already bear, asked if need
    be. Emptied between two families (`fees.clear()`)."""

    read_billed: Callable[[], frozenset[str]]
    fees: dict[str, Fee] = field(default_factory=dict)

    @cached_property
    def _billed(self) -> frozenset[str]:
        return self.read_billed()

    def take(
        self,
        book: Book,
        child_id: int,
        what: ChargeDay | Offer,
        price: api.Price,
        days: Iterable[date],
    ) -> bool:
        """Whether the price covers more than a day; then it is due once for what it covers, or by
        instalments, one a run."""
        for day in days:
            span = book.span(price, day)
            if span is None:
                return False
            base = f"{span.per}:{what.activity_id}:{what.product[:16]}:{child_id}:{span.key}"
            for part in range(1, span.parts + 1):
                key = f"{base}:{part}"[:60]
                if key in self._billed:
                    continue
                if key not in self.fees:
                    words = span.words
                    if span.parts > 1:
                        words = f"{words}, échéance {part} sur {span.parts}"
                    self.fees[key] = Fee(child_id, what, price, book, key, words, day)
                break
        return True
