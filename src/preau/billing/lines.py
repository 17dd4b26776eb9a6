"""Invoice lines: child × product × unit price, their dates, the sentences of their rules."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from preau.billing.books import Book
from preau.billing.days import ChargeDay
from preau.billing.drafts import DraftDay, DraftLine
from preau.billing.natures import Natures
from preau.billing.people import People
from preau.billing.stretches import Offer, Stretch
from preau.kernel import french
from preau.rulebook import api

NOTES = {"CANCELLED": "annulé trop tard, facturé", "WALK_IN": "sans réservation"}


@dataclass(frozen=True, slots=True)
class Priced:
    """One day's price and why. `is_free`: nothing is due for it."""

    cents: int
    sentences: tuple[str, ...] = ()
    note: str = ""
    is_free: bool = False
    # Of the price, what is a surcharge or a penalty.
    penalty_cents: int = 0


@dataclass(frozen=True, slots=True)
class Fee:
    """A price due once for a year, a term, a month: not for each day."""

    child_id: int
    what: ChargeDay | Offer
    price: api.Price
    book: Book
    key: str
    words: str
    day: date


@dataclass(slots=True)
class LineMaker:
    """Makes the lines of one family after another. `cents` adds up what each activity brings."""

    people: People
    month: date
    natures: Natures
    # Activities whose products must be told apart on an invoice.
    several_products: frozenset[int]
    cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _words: dict[Any, tuple[str, str]] = field(default_factory=dict)

    def make(
        self,
        settled: Sequence[tuple[Stretch, api.Price, Book]],
        priced: Sequence[tuple[ChargeDay, Priced, Book]],
        months: Sequence[api.Month],
        by_slug: Mapping[str, tuple[int, str]],
        fees: Sequence[Fee] = (),
    ) -> list[DraftLine]:
        """The lines of a family, child after child; then what rules over several uses add.

        `by_slug` gives the activity's id and name for the name that the rulebook knows it by.
        """
        lines: dict[Any, DraftLine] = {}
        for stretch, price, book in settled:
            days = stretch.days
            late = days.first < self.month
            line = self._line(
                lines,
                stretch.child_id,
                days.offer,
                price.cents,
                days.first,
                late=late,
                book=book,
                penalty=price.surcharge_cents,
            )
            _explain(line, price.sentences)
            line.stretches.append(days)
            self.cents[days.offer.activity_name] += price.cents * len(days)
        free = []
        for charge, found, book in priced:
            if found.is_free:
                free.append((charge, found))
            else:
                self._add_day(lines, charge, found, book)
        for charge, found in free:
            _tell_free(lines.values(), charge, found)
        for fee in fees:
            self._add_fee(lines, fee)
        ordered = sorted(lines.values(), key=lambda line: line.child_id or 0)
        return ordered + self._group_lines(months, by_slug)

    def _add_day(
        self, lines: dict[Any, DraftLine], charge: ChargeDay, found: Priced, book: Book
    ) -> None:
        late = charge.day < self.month
        sentences = found.sentences
        if charge.status == "CANCELLED" and charge.decision_sentence:
            sentences = (*sentences, charge.decision_sentence)
        line = self._line(
            lines,
            charge.child_id,
            charge,
            found.cents,
            charge.day,
            late=late,
            book=book,
            penalty=found.penalty_cents,
        )
        _explain(line, sentences)
        note = found.note or NOTES.get(charge.status, "")
        line.days.append(DraftDay(charge.slot_id, charge.child_id, charge.day, found.cents, note))
        self.cents[charge.activity_name] += found.cents
        if charge.surcharge_cents and charge.status == "CONFIRMED":
            extra = self._line(
                lines,
                charge.child_id,
                charge,
                charge.surcharge_cents,
                charge.day,
                late=late,
                book=book,
                more=("surcharge", found.cents),
                penalty=charge.surcharge_cents,
            )
            if not extra.fixed_quantity:
                extra.label = f"{extra.label}, majoration"
                extra.unit_name = ""
            extra.fixed_quantity += 1
            sentence = french.day(charge.day)
            if charge.decision_sentence:
                sentence += f" : {charge.decision_sentence}"
            extra.explanation += (sentence,)
            self.cents[charge.activity_name] += charge.surcharge_cents

    def _add_fee(self, lines: dict[Any, DraftLine], fee: Fee) -> None:
        cents = fee.price.cents
        line = self._line(
            lines,
            fee.child_id,
            fee.what,
            cents,
            fee.day,
            late=False,
            book=fee.book,
            more=("fee", fee.key),
            penalty=fee.price.surcharge_cents,
        )
        line.label = f"{line.label}, {fee.words}"
        line.unit_name = ""
        line.fixed_quantity = 1
        line.fee_key = fee.key
        _explain(line, fee.price.sentences)
        self.cents[fee.what.activity_name] += cents

    def _line(
        self,
        lines: dict[Any, DraftLine],
        child_id: int,
        what: ChargeDay | Offer,
        cents: int,
        day: date,
        *,
        late: bool,
        book: Book,
        more: tuple[Any, ...] = (),
        penalty: int = 0,
    ) -> DraftLine:
        """One line per price; the sentences of its days are gathered, each said once."""
        key = (child_id, what.activity_id, what.product, cents, late, more, penalty)
        line = lines.get(key)
        if line is None:
            label, unit = self._label(what, day if late else None)
            line = lines[key] = DraftLine(
                child_id=child_id,
                activity_id=what.activity_id,
                label=f"{self.people.kids[child_id].first_name}, {label}",
                unit_name=unit,
                unit_cents=cents,
                rulebook_version_id=book.version_id,
                nature=self.natures.of(what.activity_id, what.product),
                penalty_unit_cents=penalty,
            )
        return line

    def _label(self, what: ChargeDay | Offer, late_day: date | None) -> tuple[str, str]:
        month = late_day.replace(day=1) if late_day else None
        key = (what.activity_id, what.product, month)
        found = self._words.get(key)
        if found is None:
            label = what.activity_name
            if what.activity_id in self.several_products:
                label = f"{label} ({what.product_name.lower()})"
            if month:
                label = f"{label}, régularisation {french.of(french.month(month))}"
            found = self._words[key] = label, f"{what.unit_name}|{what.unit_plural}"[:30]
        return found

    def _group_lines(
        self, months: Sequence[api.Month], by_slug: Mapping[str, tuple[int, str]]
    ) -> list[DraftLine]:
        """What rules over several uses add or take off: a line of its own, with its sentence."""
        lines = []
        for month in months:
            for extra in month.charges:
                if extra.key is not None or not extra.cents:
                    continue
                activity_id, name = by_slug.get(extra.activity, (None, ""))
                lines.append(
                    DraftLine(
                        child_id=extra.child if isinstance(extra.child, int) else None,
                        activity_id=activity_id,
                        label=(extra.lines[0].label if extra.lines else "") or "Ajustement",
                        unit_name="",
                        unit_cents=extra.cents,
                        explanation=tuple(line.sentence for line in extra.lines),
                        nature=self.natures.of(activity_id),
                        fixed_quantity=1,
                    )
                )
                if activity_id:
                    self.cents[name] += extra.cents
        return lines


def _explain(line: DraftLine, sentences: tuple[str, ...]) -> None:
    if not line.explanation:
        line.explanation = sentences
    elif line.explanation is not sentences:
        line.explanation += tuple(s for s in sentences if s not in line.explanation)


def _tell_free(lines: Iterable[DraftLine], charge: ChargeDay, found: Priced) -> None:
    """A day that costs nothing is told beside the days of the same child and activity."""
    for line in lines:
        same = (line.child_id, line.activity_id) == (charge.child_id, charge.activity_id)
        if same and (line.days or line.stretches):
            line.days.append(
                DraftDay(
                    charge.slot_id, charge.child_id, charge.day, 0, "absent, gratuit", is_free=True
                )
            )
            _explain(line, found.sentences)
            return
