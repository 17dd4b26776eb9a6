"""Comparing two rulebooks: which prices change, for which facts."""

from dataclasses import dataclass

from preau.rulebook.checking.coverage import probe, products_of
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.prices import Price, service_price
from preau.rulebook.errors import RulebookError
from preau.rulebook.facts import Facts
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.when import Calendar


@dataclass(frozen=True, slots=True)
class Change:
    """A price that changes for some facts, in cents."""

    activity: str
    product: str
    facts: Facts
    before: int
    after: int
    rule_id: str


def changes(previous: Rulebook, book: Rulebook, calendar: Calendar) -> tuple[Change, ...]:
    """Every probed price that differs between two rulebooks."""
    found = []
    for activity in book.activities:
        if not activity.priced or previous.activity(activity.code) is None:
            continue
        for code in products_of(activity):
            for facts, price in probe(book, activity.code, code, calendar):
                if not isinstance(price, Price):
                    continue
                try:
                    before = service_price(
                        Context(
                            previous,
                            activity.code,
                            code or None,
                            book.applies_from,
                            facts,
                            calendar,
                        )
                    )
                except RulebookError:
                    continue
                if before.cents != price.cents:
                    found.append(
                        Change(
                            activity.code, code, facts, before.cents, price.cents, price.rule_ids[0]
                        )
                    )
    return tuple(found)


def increases(previous: Rulebook, book: Rulebook, calendar: Calendar) -> tuple[Change, ...]:
    """The prices that go up."""
    return tuple(c for c in changes(previous, book, calendar) if c.after > c.before)
