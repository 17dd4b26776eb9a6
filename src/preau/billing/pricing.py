"""From days to invoice lines: every price, and every sentence, comes from the town's rulebook.

A day is priced once for each distinct set of facts that its rules read. Rules that look at several
uses (the third child, a monthly maximum) are asked with the family's whole month.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from preau.billing.charges import ChargeDay
from preau.billing.drafts import Draft, DraftDay, DraftLine
from preau.billing.people import House, People
from preau.bookings.facts import age_on, service_facts
from preau.bookings.rates import calendar_around, rulebook_on
from preau.kernel import french
from preau.rulebook import api
from preau.rulebook.engine.groups import COUNTED, facts_read

REASONS = {
    "ILLNESS": "illness",
    "FAMILY": "family_choice",
    "SCHOOL_TRIP": "school_trip",
    "TEACHER_ABSENT": "teacher_absent",
    "OTHER": "other",
}


@dataclass(frozen=True, slots=True)
class Priced:
    """One day's price and why. `is_free`: nothing is due for it."""

    cents: int
    sentences: tuple[str, ...] = ()
    note: str = ""
    is_free: bool = False


@dataclass(slots=True)
class Anomaly:
    """What looks wrong to a careful eye, before anything is issued."""

    kind: str
    family_id: int | None
    child_id: int | None
    text: str


@dataclass(slots=True)
class Bill:
    """What pricing made of the charges."""

    drafts: list[Draft] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    activity_cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Book:
    """The rulebook in force on a day (or the one given, to try it), with its calendar and what it
    already answered."""

    def __init__(self, day: date, book: api.Rulebook | None = None) -> None:
        self.book = book or rulebook_on(day)
        self.calendar = calendar_around(day)
        self._pricers: dict[tuple[str, str], api.Pricer] = {}
        self._prices: dict[Any, api.Price] = {}
        self._absences: dict[Any, api.Decision] = {}
        self.looks_at_months = self.book is not None and bool(
            self.book.groups or frozenset(COUNTED) & facts_read(self.book)
        )

    @property
    def version_id(self) -> int | None:
        """The published version that these rules are, for the invoice line to remember."""
        version = self.book.version if self.book else ""
        return int(version) if version.isdigit() else None

    def names(self, activity: str, product: str) -> str | None:
        """The product as the rulebook names it; None when it knows no such activity."""
        assert self.book is not None
        found = self.book.activity(activity)
        if found is None:
            return None
        return product if found.product(product) is not None else ""

    def price(self, charge: ChargeDay, facts: api.Facts) -> api.Price:
        """Raises RulebookError."""
        assert self.book is not None
        key = (charge.activity, charge.product)
        pricer = self._pricers.get(key)
        if pricer is None:
            name = self.names(*key)
            if name is None:
                raise api.RulebookError(f"le règlement ne parle pas de «{charge.activity_name}»")
            pricer = self._pricers[key] = api.Pricer(
                self.book, charge.activity, name, self.calendar
            )
        if pricer.by_day:
            return pricer.price(charge.day, facts)
        # The same child has the same facts all month: one look-up instead of reading each fact.
        same = (*key, facts)
        price = self._prices.get(same)
        if price is None:
            price = self._prices[same] = pricer.price(charge.day, facts)
        return price

    def absence(self, charge: ChargeDay, facts: api.Facts) -> api.Decision:
        """What the absence of that day costs."""
        assert self.book is not None
        key = (charge.activity, charge.product, charge.day, charge.reported_at, facts)
        found = self._absences.get(key)
        if found is None:
            found = self._absences[key] = api.decide(
                self.book, charge.activity, self.names(charge.activity, charge.product) or None,
                charge.day, "absence", charge.reported_at, facts, self.calendar,
            )
        return found


class Biller:
    """Prices the charges of a run, family by family."""

    def __init__(
        self,
        people: People,
        *,
        month: date,
        accounting_codes: dict[int, str],
        several_products: frozenset[int] = frozenset(),
    ) -> None:
        self.people = people
        # Activities whose products must be told apart on an invoice.
        self.several_products = several_products
        self.month = month
        self.codes = accounting_codes
        self.result = Bill()
        self._books: dict[date, Book] = {}
        self._known: dict[Any, api.Facts] = {}

    def book_on(self, day: date) -> Book:
        """A rulebook applies from a day: the days of a month may have two."""
        book = self._books.get(day)
        if book is None:
            current = rulebook_on(day)
            book = next((b for b in self._books.values() if b.book is current), None) or Book(day)
            self._books[day] = book
        return book

    def bill_family(self, family_id: int, charges: list[ChargeDay]) -> None:
        """Add the family's draft, or say why there is none."""
        house = self.people.houses[family_id]
        priced = self._price_all(house, family_id, charges)
        lines = self._lines(charges, priced)
        lines += self._group_lines(family_id, charges)
        debtor = self.people.debtors.get(family_id)
        if debtor is None:
            self._say("no_payer", family_id, None, f"{house.name} : aucun adulte redevable")
            return
        draft = Draft(family_id=family_id, debtor=debtor, lines=lines)
        if not lines:
            return
        if draft.total_cents < 0:
            self._say("negative", family_id, None, f"{house.name} : total négatif, non émis")
            return
        if draft.total_cents == 0:
            self._say("zero", family_id, None, f"{house.name} : facture à zéro")
        self.result.drafts.append(draft)

    def facts_of(self, house: House, charge: ChargeDay, *, walk_in: bool) -> api.Facts:
        """What rules may read; the same object for days on which nothing of it changed."""
        kid = self.people.kids[charge.child_id]
        quotient = house.quotient_on(charge.day)
        schooling = self.people.schooling_on(charge.child_id, charge.day)
        age = age_on(kid.birth_on, charge.day) if kid.birth_on else None
        key = (charge.child_id, charge.site, walk_in, quotient, schooling, age)
        known = self._known.get(key)
        if known is not None:
            return known
        more = {"booked": False, "attended": True} if walk_in else {}
        found = self._known[key] = service_facts(
            day=charge.day,
            is_resident=house.is_resident,
            city=house.city,
            quotient_cents=quotient.value_cents if quotient else None,
            quotient_source=quotient.source if quotient else "",
            birth_on=kid.birth_on,
            rank=house.ranks.get(charge.child_id),
            children=len(house.ranks) or None,
            children_enrolled=house.enrolled or None,
            school=schooling.school if schooling else "",
            level=schooling.level if schooling else "",
            site=charge.site,
            diet=kid.diet,
            more=more,
        )
        return found

    def _price_all(
        self, house: House, family_id: int, charges: list[ChargeDay]
    ) -> dict[int, Priced]:
        """The price of each charge, by its place in the list; those undecided are left out."""
        self._monthly: list[tuple[Book, api.Month]] = []
        self._known = {}
        priced: dict[int, Priced] = {}
        uses: dict[Book, list[api.Use]] = defaultdict(list)
        no_quotient = False
        for rank, charge in enumerate(charges):
            walk_in = charge.status == "WALK_IN"
            facts = self.facts_of(house, charge, walk_in=walk_in)
            no_quotient = no_quotient or "quotient" not in facts
            if walk_in:
                self._say("walk_in", family_id, charge.child_id,
                          self._told(charge, "sans réservation"))
            elif charge.status == "CONFIRMED" and charge.presence is None:
                self._say("unseen", family_id, charge.child_id, self._told(charge, "non pointé"))
            book = self.book_on(charge.day)
            if book.book is None:
                self._say("undecided", family_id, charge.child_id,
                          self._told(charge, "aucun règlement en vigueur"))
                continue
            try:
                if charge.is_absent:
                    found = self._absent(book, charge, facts)
                    if found.is_free:
                        priced[rank] = found
                        continue
                    if found.sentences or found.note:
                        priced[rank] = found
                        if book.looks_at_months:
                            uses[book].append(self._use(book, rank, charge, facts, found))
                        continue
                if book.looks_at_months:
                    uses[book].append(self._use(book, rank, charge, facts, None))
                    continue
                price = book.price(charge, facts)
                priced[rank] = Priced(price.cents, price.sentences)
            except api.RulebookError as error:
                self._say("undecided", family_id, charge.child_id, self._told(charge, str(error)))
        for book, wanted in uses.items():
            try:
                assert book.book is not None
                month = api.month(book.book, wanted, book.calendar)
            except api.RulebookError as error:
                self._say("undecided", family_id, None, f"{house.name} : {error}")
                continue
            for charge_found in month.charges:
                place = charge_found.key
                if isinstance(place, int) and place not in priced:
                    priced[place] = Priced(
                        charge_found.cents, tuple(line.sentence for line in charge_found.lines)
                    )
            self._monthly.append((book, month))
        if no_quotient:
            self._say("no_quotient", family_id, None,
                      f"{house.name} : pas de quotient, tarif le plus haut ou plein")
        return priced

    def _use(
        self, book: Book, rank: int, charge: ChargeDay, facts: api.Facts, settled: Priced | None
    ) -> api.Use:
        lines = None
        if settled is not None:
            lines = (api.PriceLine(settled.note, settled.cents, "", " ".join(settled.sentences)),)
        return api.Use(
            rank, charge.child_id, charge.activity,
            book.names(charge.activity, charge.product) or charge.product, charge.day, facts, lines,
        )

    def _absent(self, book: Book, charge: ChargeDay, facts: api.Facts) -> Priced:
        more: dict[str, Any] = {"attended": False}
        if charge.absence_status is not None:
            more["reason"] = REASONS.get(charge.absence_reason or "", "other")
            if charge.reported_at:
                more["notice_at"] = charge.reported_at
            more["absence_from"] = charge.absence_from
            more["absence_until"] = charge.absence_until
            if charge.document_at:
                more["certificate_at"] = charge.document_at
                more["document"] = "medical" if charge.absence_reason == "ILLNESS" else "other"
            more["certificate"] = charge.absence_status == "JUSTIFIED" or bool(charge.document_at)
            if charge.absence_status == "NOT_JUSTIFIED":
                more["certificate"] = False
        else:
            more["reason"] = "none"
            more["notified"] = False
            if charge.is_justified:
                more |= {"reason": "other", "certificate": True}
        decision = book.absence(charge, facts.with_(**more))
        if decision.charged is False:
            return Priced(0, decision.sentences, "absent, non facturé", is_free=True)
        price = book.price(charge, facts)
        cents = price.cents if decision.cents is None else decision.cents
        return Priced(
            cents + decision.penalty_cents,
            (*price.sentences, *decision.sentences),
            "absent, facturé",
        )

    def _lines(self, charges: list[ChargeDay], priced: dict[int, Priced]) -> list[DraftLine]:
        lines: dict[Any, DraftLine] = {}
        free: list[tuple[ChargeDay, Priced]] = []
        for rank, charge in enumerate(charges):
            found = priced.get(rank)
            if found is None:
                continue
            if found.is_free:
                free.append((charge, found))
                continue
            late = charge.day < self.month
            note = found.note or {
                "CANCELLED": "annulé trop tard, facturé", "WALK_IN": "sans réservation",
            }.get(charge.status, "")
            sentences = found.sentences
            if charge.status == "CANCELLED" and charge.decision_sentence:
                sentences = (*sentences, charge.decision_sentence)
            # One line per price; the sentences of its days are gathered, each said once.
            key = (charge.child_id, charge.activity_id, charge.product, found.cents, late)
            line = lines.get(key)
            if line is None:
                line = lines[key] = self._line(charge, found.cents, late=late)
            line.explanation += tuple(s for s in sentences if s not in line.explanation)
            line.days.append(
                DraftDay(charge.slot_id, charge.child_id, charge.day, found.cents, note)
            )
            self.result.activity_cents[charge.activity_name] += found.cents
            if charge.surcharge_cents and charge.status == "CONFIRMED":
                extra = lines.setdefault(
                    (*key, "surcharge", charge.surcharge_cents),
                    self._surcharge_line(charge),
                )
                extra.fixed_quantity += 1
                sentence = f"{french.day(charge.day)} : {charge.decision_sentence}".rstrip(" :")
                extra.explanation += (sentence,)
                self.result.activity_cents[charge.activity_name] += charge.surcharge_cents
        for charge, found in free:
            self._tell_free(lines, charge, found)
        return list(lines.values())

    def _line(self, charge: ChargeDay, cents: int, *, late: bool) -> DraftLine:
        kid = self.people.kids[charge.child_id]
        label = f"{kid.first_name}, {charge.activity_name}"
        if charge.activity_id in self.several_products:
            label = f"{label} ({charge.product_name.lower()})"
        if late:
            label = f"{label}, régularisation {french.of(french.month(charge.day))}"
        return DraftLine(
            child_id=charge.child_id,
            activity_id=charge.activity_id,
            label=label,
            unit_name=f"{charge.unit_name}|{charge.unit_plural}"[:30],
            unit_cents=cents,
            rulebook_version_id=self.book_on(charge.day).version_id,
            accounting_code=self.codes.get(charge.activity_id, ""),
        )

    def _surcharge_line(self, charge: ChargeDay) -> DraftLine:
        line = self._line(charge, charge.surcharge_cents, late=False)
        line.label = f"{line.label}, majoration"
        line.unit_name = ""
        return line

    def _tell_free(
        self, lines: dict[Any, DraftLine], charge: ChargeDay, found: Priced
    ) -> None:
        for line in lines.values():
            if (line.child_id, line.activity_id) == (charge.child_id, charge.activity_id) and (
                line.days
            ):
                line.days.append(
                    DraftDay(
                        charge.slot_id, charge.child_id, charge.day, 0, "absent, gratuit",
                        is_free=True,
                    )
                )
                line.explanation += tuple(
                    s for s in found.sentences if s not in line.explanation
                )
                return

    def _group_lines(self, family_id: int, charges: list[ChargeDay]) -> list[DraftLine]:
        """What rules over several uses add or take off: a line of its own, with its sentence."""
        lines = []
        by_slug = {charge.activity: charge for charge in charges}
        for _book, month in self._monthly:
            for extra in month.charges:
                if extra.key is not None or not extra.cents:
                    continue
                charge = by_slug.get(extra.activity)
                lines.append(
                    DraftLine(
                        child_id=extra.child if isinstance(extra.child, int) else None,
                        activity_id=charge.activity_id if charge else None,
                        label=(extra.lines[0].label if extra.lines else "") or "Ajustement",
                        unit_name="",
                        unit_cents=extra.cents,
                        explanation=tuple(line.sentence for line in extra.lines),
                        accounting_code=(
                            self.codes.get(charge.activity_id, "") if charge else ""
                        ),
                        fixed_quantity=1,
                    )
                )
                if charge:
                    self.result.activity_cents[charge.activity_name] += extra.cents
        return lines

    def _told(self, charge: ChargeDay, what: str) -> str:
        kid = self.people.kids[charge.child_id]
        day = french.day_short(charge.day)
        return f"{kid.first_name} {kid.last_name}, {charge.activity_name}, {day} : {what}"

    def _say(self, kind: str, family_id: int | None, child_id: int | None, text: str) -> None:
        self.result.anomalies.append(Anomaly(kind, family_id, child_id, text))


def by_family(charges: Iterable[ChargeDay]) -> dict[int, list[ChargeDay]]:
    """The charges of each family, in their order."""
    found: dict[int, list[ChargeDay]] = defaultdict(list)
    for charge in charges:
        found[charge.family_id].append(charge)
    return found
