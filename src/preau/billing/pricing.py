"""From days to drafts: every price, and every sentence, comes from the town's rulebook.

Days are priced once for each distinct set of facts that their rules read. Rules that look at
several uses (the third child, a monthly maximum) are asked with the family's whole month.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from preau.attendance.rules import absence_facts
from preau.billing.anomalies import Anomalies
from preau.billing.books import Book, book_for
from preau.billing.contracts import bears_contract
from preau.billing.days import ChargeDay
from preau.billing.drafts import Draft, DraftLine
from preau.billing.lines import LineMaker, Priced
from preau.billing.natures import Natures
from preau.billing.people import House, People
from preau.billing.spans import Spans
from preau.billing.stretches import Stretch
from preau.bookings.facts import age_on, service_values
from preau.bookings.rates import rulebook_on
from preau.kernel import french
from preau.rulebook import api
from preau.rulebook.queries import change_days


@dataclass(slots=True)
class Bill:
    """What pricing made of the charges."""

    drafts: list[Draft] = field(default_factory=list)
    anomalies: Anomalies = field(default_factory=Anomalies)
    activity_cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Biller:
    """Prices the charges of a run, family by family."""

    def __init__(
        self,
        people: People,
        *,
        month: date,
        natures: Natures,
        several_products: frozenset[int] = frozenset(),
        fees_billed: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self.people = people
        self.month = month
        self._spans = Spans(fees_billed)
        self.result = Bill()
        self._lines = LineMaker(
            people, month, natures, several_products, self.result.activity_cents
        )
        self._say = self.result.anomalies.say
        self._books: dict[int, Book] = {}
        self._known: dict[Any, api.Facts] = {}

    @cached_property
    def _changes(self) -> list[date]:
        return change_days()

    def book_on(self, day: date) -> Book:
        """A rulebook applies from a day: the days of a month may have two."""
        since = bisect_right(self._changes, day)
        book = self._books.get(since)
        if book is None:
            book = self._books[since] = book_for(day, rulebook_on(day))
        return book

    def bill_family(
        self,
        family_id: int,
        charges: Iterable[ChargeDay],
        stretches: Sequence[Stretch] = (),
        extras: Sequence[DraftLine] = (),
    ) -> None:
        """Add the family's draft, or say why there is none."""
        house = self.people.houses[family_id]
        charges = list(charges)
        settled = []
        self._spans.fees.clear()
        self._no_quotient = False
        for stretch in stretches:
            price = self._price_stretch(house, stretch)
            if price is None:
                charges += stretch.one_by_one()
                continue
            book = self.book_on(stretch.days.first)
            if book.may_span(stretch.days.offer) and self._spans.take(
                book, stretch.child_id, stretch.days.offer, price, stretch.days.days
            ):
                continue
            settled.append((stretch, price, book))
            if stretch.unseen:
                self._say_unseen(stretch)
        charges.sort(key=lambda charge: (charge.child_id, charge.day, charge.slot_id))
        priced, months = self._price_all(house, family_id, charges)
        # What a yearly price covers is not billed by the day: nothing of it is late.
        self._say_late([charges[rank] for rank in priced], [stretch for stretch, *_ in settled])
        lines = self._lines.make(
            settled,
            [
                (charge, priced[rank], self.book_on(charge.day))
                for rank, charge in enumerate(charges)
                if rank in priced
            ],
            months,
            {charge.activity: (charge.activity_id, charge.activity_name) for charge in charges},
            list(self._spans.fees.values()),
        )
        lines += extras
        if self._no_quotient:
            self._say(
                "no_quotient",
                family_id,
                None,
                lambda: f"{house.name} : pas de quotient, tarif le plus haut ou plein",
            )
        self._add_draft(house, family_id, lines)

    def _add_draft(self, house: House, family_id: int, lines: list[Any]) -> None:
        if not lines:
            return
        debtor = self.people.debtors.get(family_id)
        if debtor is None:
            self._say("no_payer", family_id, None, lambda: f"{house.name} : aucun adulte redevable")
            return
        draft = Draft(family_id=family_id, debtor=debtor, lines=lines)
        total = draft.total_cents
        if total < 0 and not bears_contract(lines):
            self._say(
                "negative", family_id, None, lambda: f"{house.name} : total négatif, non émis"
            )
            return
        if total == 0:
            self._say("zero", family_id, None, lambda: f"{house.name} : facture à zéro")
        self.result.drafts.append(draft)

    def _say_late(self, charges: Sequence[ChargeDay], stretches: Sequence[Stretch]) -> None:
        """Days of months that are past, found now: billed, and told before they are."""
        for stretch in stretches:
            if stretch.days.first < self.month:
                for charge in stretch.one_by_one():
                    self._say_day("late", charge, "jour d’un mois passé")
        for charge in charges:
            if charge.day < self.month:
                self._say_day("late", charge, "jour d’un mois passé")

    # --- Many days at once ---------------------------------------------------------------------

    def _price_stretch(self, house: House, stretch: Stretch) -> api.Price | None:
        """The price of each of its days; None when they must be looked at one by one."""
        days = stretch.days
        book = self.book_on(days.first)
        if book.book is None or book.looks_at_months:
            return None
        if bisect_right(self._changes, days.first) != bisect_right(self._changes, days.last):
            return None
        if self._moves_within(house, stretch.child_id, days.first, days.last):
            return None
        values = self.values(house, stretch.child_id, days.first, days.offer.site)
        try:
            price = book.price_of_any_day(days.offer, days.first, values)
        except api.RulebookError:
            return None
        if price is not None and "quotient" not in values:
            self._no_quotient = True
        return price

    def _moves_within(self, house: House, child_id: int, first: date, last: date) -> bool:
        """Whether a quotient, a school or an age begins or ends between two days."""
        birth_on = self.people.kids[child_id].birth_on
        if birth_on and age_on(birth_on, first) != age_on(birth_on, last):
            return True
        return any(
            first < period.starts_on <= last
            or (period.ends_on is not None and first <= period.ends_on < last)
            for periods in (house.quotients, self.people.schoolings.get(child_id, ()))
            for period in periods
        )

    def _say_unseen(self, stretch: Stretch) -> None:
        if self.result.anomalies.has_enough("unseen"):
            self.result.anomalies.counts["unseen"] += len(stretch.unseen)
            return
        for charge in stretch.one_by_one():
            if charge.presence is not None:
                continue
            self._say(
                "unseen",
                charge.family_id,
                charge.child_id,
                lambda charge=charge: self._told(charge, "non pointé"),
            )

    # --- Facts ---------------------------------------------------------------------------------

    def values(
        self, house: House, child_id: int, day: date, site: str, **more: Any
    ) -> dict[str, Any]:
        """What rules may read of a child on a day."""
        kid = self.people.kids[child_id]
        quotient = house.quotient_on(day)
        schooling = self.people.schooling_on(child_id, day)
        return service_values(
            day=day,
            is_resident=house.is_resident,
            city=house.city,
            quotient_cents=quotient.value_cents if quotient else None,
            quotient_source=quotient.source if quotient else "",
            birth_on=kid.birth_on,
            rank=house.ranks.get(child_id),
            children=len(house.ranks) or None,
            children_enrolled=house.enrolled or None,
            school=schooling.school if schooling else "",
            level=schooling.level if schooling else "",
            site=site,
            diet=kid.diet,
            more=more,
        )

    def facts_of(self, house: House, charge: ChargeDay, *, walk_in: bool) -> api.Facts:
        """What rules may read; the same object for days on which nothing of it changed."""
        more = {"booked": False, "attended": True} if walk_in else {}
        values = self.values(house, charge.child_id, charge.day, charge.site, **more)
        key = tuple(values.items())
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = api.Facts(values)
        return known

    # --- Day by day ----------------------------------------------------------------------------

    def _price_all(
        self, house: House, family_id: int, charges: list[ChargeDay]
    ) -> tuple[dict[int, Priced], list[api.Month]]:
        """The price of each charge, by its place in the list; those undecided are left out."""
        self._known = {}
        priced: dict[int, Priced] = {}
        uses: dict[Book, list[api.Use]] = defaultdict(list)
        for rank, charge in enumerate(charges):
            walk_in = charge.status == "WALK_IN"
            facts = self.facts_of(house, charge, walk_in=walk_in)
            self._no_quotient = self._no_quotient or "quotient" not in facts
            book = self.book_on(charge.day)
            if book.book is None:
                self._say_day("undecided", charge, "aucun règlement en vigueur")
                continue
            try:
                if book.may_span(charge):
                    price = book.price(charge, facts)
                    if self._spans.take(book, charge.child_id, charge, price, [charge.day]):
                        continue
                if walk_in:
                    self._say_day("walk_in", charge, "sans réservation")
                elif charge.status == "CONFIRMED" and charge.presence is None:
                    self._say_day("unseen", charge, "non pointé")
                if charge.is_absent:
                    found = self._absent(book, charge, facts)
                    if found.is_free:
                        priced[rank] = found
                        continue
                    if found.sentences or found.note:
                        priced[rank] = found
                        if book.looks_at_months:
                            uses[book].append(_use(book, rank, charge, facts, found))
                        continue
                if book.looks_at_months:
                    uses[book].append(_use(book, rank, charge, facts, None))
                    continue
                price = book.price(charge, facts)
                priced[rank] = Priced(
                    price.cents, price.sentences, penalty_cents=price.surcharge_cents
                )
            except api.RulebookError as error:
                self._say_day("undecided", charge, str(error))
        return priced, self._price_months(house, family_id, uses, priced)

    def _price_months(
        self,
        house: House,
        family_id: int,
        uses: dict[Book, list[api.Use]],
        priced: dict[int, Priced],
    ) -> list[api.Month]:
        """Price the days that rules over several uses look at together; adds to `priced`."""
        months = []
        for book, wanted in uses.items():
            try:
                assert book.book is not None
                month = api.month(book.book, wanted, book.calendar)
            except api.RulebookError as error:
                sentence = f"{house.name} : {error}"
                self._say("undecided", family_id, None, lambda sentence=sentence: sentence)
                continue
            for found in month.charges:
                place = found.key
                if isinstance(place, int) and place not in priced:
                    priced[place] = Priced(
                        found.cents,
                        tuple(line.sentence for line in found.lines),
                        penalty_cents=sum(
                            line.cents
                            for line in found.lines
                            if line.kind in ("surcharge", "penalty")
                        ),
                    )
            months.append(month)
        return months

    def _absent(self, book: Book, charge: ChargeDay, facts: api.Facts) -> Priced:
        more: dict[str, Any] = {"attended": False}
        said = charge.absence_status is not None
        more |= absence_facts(
            reason=charge.absence_reason if said else None,
            reported_at=charge.reported_at,
            document_at=charge.document_at,
            starts_on=charge.absence_from,
            ends_on=charge.absence_until,
        )
        if said:
            more["certificate"] = charge.absence_status == "JUSTIFIED" or (
                bool(charge.document_at) and charge.absence_status != "NOT_JUSTIFIED"
            )
        else:
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
            penalty_cents=decision.penalty_cents
            + (price.surcharge_cents if decision.cents is None else 0),
        )

    def _say_day(self, kind: str, charge: ChargeDay, what: str) -> None:
        self._say(kind, charge.family_id, charge.child_id, lambda: self._told(charge, what))

    def _told(self, charge: ChargeDay, what: str) -> str:
        kid = self.people.kids[charge.child_id]
        day = french.day_short(charge.day)
        return f"{kid.first_name} {kid.last_name}, {charge.activity_name}, {day} : {what}"


def _use(
    book: Book, rank: int, charge: ChargeDay, facts: api.Facts, settled: Priced | None
) -> api.Use:
    lines = None
    if settled is not None:
        lines = (api.PriceLine(settled.note, settled.cents, "", " ".join(settled.sentences)),)
    return api.Use(
        rank,
        charge.child_id,
        charge.activity,
        book.names(charge.activity, charge.product) or charge.product,
        charge.day,
        facts,
        lines,
    )


def by_family(charges: Iterable[ChargeDay]) -> dict[int, list[ChargeDay]]:
    """The charges of each family, in their order."""
    found: dict[int, list[ChargeDay]] = defaultdict(list)
    for charge in charges:
        found[charge.family_id].append(charge)
    return found
