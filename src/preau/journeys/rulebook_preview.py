"""Before publishing: what changes for whom, how many families pay more, and by how much.

The days of a month that are not billed yet are priced twice, by the rules in force and by the
draft, with the very code of the billing run; nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain

from preau.billing.books import Book
from preau.billing.charges import read_charges
from preau.billing.days import ChargeDay
from preau.billing.natures import UNSAID, Natures
from preau.billing.people import People, read_people
from preau.billing.pricing import Biller, by_family
from preau.billing.queries import cash_offices
from preau.billing.registrations import Registrations, registrations_due
from preau.catalogue.queries import list_all_activities
from preau.rulebook.api import Rulebook
from preau.rulebook.queries import rulebook_on

SHOWN = 30


@dataclass(frozen=True, slots=True)
class FamilyChange:
    """One family's month under both rules, in cents."""

    family_id: int
    code: str
    name: str
    before: int
    after: int

    @property
    def delta(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft changes for a month of real days; amounts in cents.

    ``changes`` are the families whose total changes most; ``undecided`` what the draft does not
    price; ``by_activity`` is (name, before, after).
    """

    month: date
    families: int
    more: int
    less: int
    more_cents: int
    less_cents: int
    before: int
    after: int
    by_activity: tuple[tuple[str, int, int], ...] = ()
    changes: tuple[FamilyChange, ...] = ()
    undecided: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def same(self) -> int:
        return self.families - self.more - self.less

    @property
    def delta(self) -> int:
        return self.after - self.before


class _Trial(Biller):
    """The billing run's own pricing, under one rulebook whatever the day."""

    def __init__(
        self, people: People, month: date, book: Rulebook, registrations: Registrations
    ) -> None:
        super().__init__(people, month=month, natures=Natures())
        self._trial = Book(month, book)
        self.registrations = registrations

    def book_on(self, day: date) -> Book:
        return self._trial


def preview(draft: Rulebook, month: date) -> Preview | None:
    """Price the month's days twice; None when no rules are in force to compare with.

    Registration fees that no invoice bears are looked at too, by the rules and by the draft.
    Reads one statement a cash office, then the families' seven and what fees are paid.
    """
    month = month.replace(day=1)
    current = rulebook_on(month)
    if current is None:
        return None
    last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    days = [
        day
        for office in cash_offices()
        for day in read_charges(cash_office_id=office.pk, first=month, last=last)
    ]
    found = by_family(days)
    offered = dict(list_all_activities().values_list("slug", "pk"))
    known = Natures(dict.fromkeys(offered.values(), UNSAID))
    fees = [
        registrations_due(known, month=month, last=last, book=book) for book in (current, draft)
    ]
    for due in fees:
        for family_id in due.due:
            found.setdefault(family_id, [])
    people = read_people(
        found,
        chain((day.child_id for day in days), *(due.child_ids() for due in fees)),
        first=month,
        last=last,
    )
    before, activities_before, _ = _totals(_Trial(people, month, current, fees[0]), found.items())
    after, activities_after, undecided = _totals(
        _Trial(people, month, draft, fees[1]), found.items()
    )
    changes = [
        FamilyChange(family_id, house.code, house.name, before[family_id], after[family_id])
        for family_id, house in people.houses.items()
        if before[family_id] != after[family_id]
    ]
    names = sorted({*activities_before, *activities_after})
    return Preview(
        month,
        len(found),
        sum(c.delta > 0 for c in changes),
        sum(c.delta < 0 for c in changes),
        sum(c.delta for c in changes if c.delta > 0),
        sum(c.delta for c in changes if c.delta < 0),
        sum(before.values()),
        sum(after.values()),
        tuple(
            (name, activities_before.get(name, 0), activities_after.get(name, 0)) for name in names
        ),
        tuple(sorted(changes, key=lambda c: (-abs(c.delta), c.name))[:SHOWN]),
        undecided,
        tuple(
            f"« {fee.label} » : le catalogue n’a pas d’activité « {fee.code} », "
            "ces frais d’inscription ne seraient pas facturés."
            for fee in draft.activities
            if fee.kind == "registration" and fee.priced and fee.code not in offered
        ),
    )


def _totals(
    biller: _Trial, families: Iterable[tuple[int, list[ChargeDay]]]
) -> tuple[dict[int, int], dict[str, int], tuple[str, ...]]:
    """Each family's total, each activity's, and what was not priced."""
    totals: dict[int, int] = defaultdict(int)
    for family_id, charges in families:
        fees = biller.registrations.lines(biller, family_id, Natures())
        biller.bill_family(family_id, charges, extras=fees)
    for draft in biller.result.drafts:
        totals[draft.family_id] = draft.total_cents
    undecided = tuple(
        dict.fromkeys(
            anomaly.text for anomaly in biller.result.anomalies.told if anomaly.kind == "undecided"
        )
    )
    return totals, dict(biller.result.activity_cents), undecided[:SHOWN]
