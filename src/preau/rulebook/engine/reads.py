"""Which facts rules read: to price each distinct set of facts once, and for the checker."""

from preau.rulebook.rules.amounts import Amount, Choice, Grid, PriceOf, Rate, facts_of_amount
from preau.rulebook.rules.base import Rule
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.rules.conditions import facts_in
from preau.rulebook.rules.moments import Absence
from preau.rulebook.rules.tariffs import Adjustment, Extra, GroupRule, Penalty, Tariff

BEHIND: dict[str, tuple[str, ...]] = {
    "minutes": ("time_in", "time_out"),
    "late_minutes": ("time_out",),
    "booking": ("booked_at",),
    "quotient": ("quotient_previous", "quotient_received_on"),
    "certificate": ("certificate_at", "document"),
    "paid_minutes": ("paid_at",),
    "paid_in_time": ("paid_at",),
    "day_of_month": ("day",),
    "notice_hours": ("notice_at", "booked_at"),
    "notice_days": ("notice_at", "booked_at"),
    "notice_working_days": ("notice_at", "booked_at"),
    "notice_school_days": ("notice_at", "booked_at"),
}
DAY_FACTS = frozenset(
    {
        "day",
        "weekday",
        "month",
        "period",
        "holiday",
        "week_public_holidays",
        "booking",
        "day_of_month",
        "notice_hours",
        "notice_days",
        "notice_working_days",
        "notice_school_days",
    }
)
PRICED = ("tariffs", "adjustments", "extras", "surcharges")


def facts_of_rule(rule: Rule) -> frozenset[str]:
    """The facts that a rule reads, those behind derived facts included."""
    names = set(facts_in(rule.when))
    for amount in amounts_of(rule):
        names |= facts_of_amount(amount)
    if isinstance(rule, (Tariff, Adjustment, Extra, Penalty)):
        names |= set(rule.times)
        if rule.unit is not None:
            names.add(rule.unit.of)
    if isinstance(rule, GroupRule):
        names |= facts_in(rule.counting) | set(rule.times)
    for name in tuple(names):
        names |= set(BEHIND.get(name, ()))
    return frozenset(names)


def formula_facts(book: Rulebook) -> frozenset[str]:
    """The facts of the town's own quotient."""
    formula = book.quotient.formula
    if formula is None:
        return frozenset()
    return frozenset({term.fact for term in formula.terms} | set(formula.divided_by))


def amounts_of(rule: Rule) -> tuple[Amount, ...]:
    """The amounts written in a rule, outermost only."""
    if isinstance(rule, (Tariff, Extra, Penalty)):
        return (rule.amount,)
    if isinstance(rule, (Adjustment, GroupRule)):
        return (rule.effect.amount,)
    if isinstance(rule, Absence):
        return tuple(a for a in (rule.amount, rule.surcharge) if a is not None)
    return ()


def inner_amounts(amount: Amount | None) -> tuple[Amount, ...]:
    """An amount and all the amounts inside it."""
    if amount is None:
        return ()
    found: list[Amount] = [amount]
    if isinstance(amount, Rate):
        for part in (amount.rate, amount.minimum, amount.maximum, amount.missing):
            found.extend(inner_amounts(part))
    elif isinstance(amount, Grid):
        for row in amount.rows:
            for cell in row.cells:
                found.extend(inner_amounts(cell))
    elif isinstance(amount, Choice):
        for _, part in amount.values:
            found.extend(inner_amounts(part))
        found.extend(inner_amounts(amount.other))
    return tuple(found)


def facts_of_book(book: Rulebook) -> frozenset[str]:
    """Every fact that some rule reads."""
    found = book.cache.get("facts")
    if found is None:
        found = frozenset().union(*(facts_of_rule(rule) for _, rule in book.rules()))
        book.cache["facts"] = found
    return found


def facts_of_price(book: Rulebook, activity: str, product: str) -> tuple[tuple[str, ...], bool]:
    """The facts that a product's price depends on (sorted), and whether the day counts too."""
    key = ("reads", activity, product)
    found = book.cache.get(key)
    if found is None:
        book.cache[key] = ((), False)  # a price that refers to itself ends here
        names: set[str] = set()
        by_day = False
        for section in PRICED:
            for rule in getattr(book, section):
                if not rule.enabled or not rule.scope.covers(activity, product):
                    continue
                names |= facts_of_rule(rule)
                if "quotient" in names:
                    names |= formula_facts(book)
                scope = rule.scope
                by_day = by_day or bool(
                    rule.starts_on
                    or rule.ends_on
                    or scope.periods
                    or scope.weekdays
                    or scope.holidays
                )
                for outer in amounts_of(rule):
                    for amount in inner_amounts(outer):
                        if isinstance(amount, PriceOf):
                            more, day = facts_of_price(
                                book, amount.activity or activity, amount.product
                            )
                            names |= set(more)
                            by_day = by_day or day
        found = (tuple(sorted(names)), by_day or bool(names & DAY_FACTS - {"booking"}))
        book.cache[key] = found
    return found
