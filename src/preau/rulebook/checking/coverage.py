"""Probing: every product is asked its price for the facts that its rules distinguish."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice, product
from typing import Any

from preau.rulebook.checking.findings import Finding, error
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.prices import Price, service_price
from preau.rulebook.engine.reads import (
    amounts_of,
    facts_of_price,
    formula_facts,
    inner_amounts,
)
from preau.rulebook.engine.words import say
from preau.rulebook.errors import Undecided
from preau.rulebook.facts import Fact, Facts
from preau.rulebook.rules.amounts import Choice, Grid, Line, Rate
from preau.rulebook.rules.base import Rule
from preau.rulebook.rules.book import Activity, Rulebook
from preau.rulebook.rules.conditions import (
    All,
    AnyOf,
    Between,
    Condition,
    Has,
    Not,
    OneOf,
)
from preau.rulebook.when import Calendar

LIMIT = 4000
SECTIONS = ("tariffs", "adjustments", "extras", "surcharges")
BY_THE_DAY = frozenset(
    {
        "day",
        "weekday",
        "month",
        "period",
        "holiday",
        "week_public_holidays",
        "activity",
        "product",
        "action",
    }
)


def products_of(activity: Activity) -> tuple[str, ...]:
    return tuple(p.code for p in activity.products) or ("",)


def check_coverage(book: Rulebook, calendar: Calendar) -> Iterator[Finding]:
    """A missing tariff, a missing product, a combination of facts with no price."""
    for activity in book.activities:
        for code in activity.due_for:
            if book.activity(code) is None:
                yield error(
                    "unknown_activity",
                    f"« {activity.name} » : due pour « {code} », que le règlement ne connaît pas",
                    "",
                    activity.code,
                    code,
                )
        if not activity.priced:
            continue
        for code in products_of(activity):
            label = f"« {activity.name} »" + (f", « {code} »" if code else "")
            if not any(
                rule.enabled and rule.scope.covers(activity.code, code) for rule in book.tariffs
            ):
                yield error("no_tariff", f"{label} : aucun tarif", "", activity.code, code)
                continue
            yield from _combinations(book, activity, code, label, calendar)


def _combinations(
    book: Rulebook, activity: Activity, code: str, label: str, calendar: Calendar
) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for facts, price in probe(book, activity.code, code, calendar):
        if not isinstance(price, Undecided):
            continue
        key = (price.rule_id, price.reason if not price.rule_id else price.reason.split(" : ")[0])
        if key in seen or len(seen) >= 5 or _said_elsewhere(price.reason):
            continue
        seen.add(key)
        words = ", ".join(
            f"{(book.fact(n) or Fact(n, 'text', n)).short} {say(book.fact(n), v)}"
            for n, v in facts.items()
            if book.defaults.get(n) != v
        )
        yield error(
            "no_price",
            f"{label} : {price.reason}" + (f" ({words})" if words else ""),
            price.rule_id,
            *(f"{n}={v}" for n, v in facts.items()),
        )


def _said_elsewhere(reason: str) -> bool:
    return "aucune tranche" in reason or "deux tranches" in reason or "case vide" in reason


def probe(
    book: Rulebook, activity: str, code: str, calendar: Calendar
) -> Iterator[tuple[Facts, Price | Undecided]]:
    """Ask the price for each combination of the values that the rules distinguish."""
    names, _ = facts_of_price(book, activity, code)
    values = candidates(book, activity, code)
    behind = BY_THE_DAY | _behind_the_quotient(book, names, values)
    asked = [n for n in names if n in values and n not in behind]
    day = book.applies_from or date(2026, 9, 1)
    days = _days(book, activity, code, day)
    total = islice(product(days, *(values[name] for name in asked)), LIMIT)
    for when, *combination in total:
        facts = Facts(
            {n: v for n, v in zip(asked, combination, strict=True) if v is not None},
            own=book.own_facts,
        )
        try:
            yield facts, service_price(Context(book, activity, code, when, facts, calendar))
        except Undecided as undecided:
            yield facts, undecided


def _behind_the_quotient(
    book: Rulebook, names: tuple[str, ...], values: dict[str, tuple[Any, ...]]
) -> frozenset[str]:
    """What only serves to know a quotient, once the quotient itself is asked."""
    if "quotient" not in names:
        return frozenset()
    own = {n for n in formula_facts(book) if len(values.get(n, ())) <= 1}
    return frozenset({"quotient_previous", "quotient_received_on"} | own)


def _days(book: Rulebook, activity: str, code: str, first: date) -> list[date]:
    """The first day, and the first day of each dated rule (inside the rulebook's dates)."""
    found = [first]
    for section in SECTIONS:
        for rule in getattr(book, section):
            if rule.scope.covers(activity, code):
                for day in (rule.starts_on, rule.ends_on and rule.ends_on + timedelta(days=1)):
                    if (
                        day
                        and day > first
                        and (book.applies_until is None or day <= book.applies_until)
                    ):
                        found.append(day)
    return sorted(set(found))[:6]


def candidates(book: Rulebook, activity: str, code: str) -> dict[str, tuple[Any, ...]]:
    """For each fact that counts, values on each side of every boundary."""
    found: dict[str, list[Any]] = {}

    def add(name: str, *values: Any) -> None:
        bucket = found.setdefault(name, [])
        for value in values:
            if value not in bucket:
                bucket.append(value)

    for section in SECTIONS:
        for rule in getattr(book, section):
            if rule.enabled and rule.scope.covers(activity, code):
                _from_condition(rule.when, add, book)
                _from_amounts(rule, add, book)
    names, _ = facts_of_price(book, activity, code)
    for name in names:
        fact = book.fact(name)
        if fact is None:
            continue
        if fact.kind == "yesno":
            add(name, True, False)
        elif fact.kind == "choice" and name in found:
            pass
        elif fact.kind in ("number", "whole") and name not in found:
            add(name, _typed(fact, Decimal(30 if "minutes" in name else 1)))
    return {name: tuple(values) for name, values in found.items()}


def _typed(fact: Fact | None, value: Decimal) -> Any:
    return int(value) if fact is not None and fact.kind == "whole" else value


def _from_condition(condition: Condition, add: Any, book: Rulebook) -> None:
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                _from_condition(part, add, book)
        case Not(part):
            _from_condition(part, add, book)
        case OneOf(fact, values):
            add(fact, *values)
            default = book.defaults.get(fact)
            if default is not None:
                add(fact, default)
            elif isinstance(values[0], int) and not isinstance(values[0], bool):
                add(fact, max(values) + 1)
        case Between(fact, low, above, high, below):
            for bound in (low, above, high, below):
                if isinstance(bound, Decimal) or (
                    isinstance(bound, int) and not isinstance(bound, bool)
                ):
                    one = _typed(book.fact(fact), Decimal(1))
                    add(fact, bound, bound + one, *([bound - one] if bound >= one else []))
        case Has(fact, words):
            add(fact, frozenset(words), frozenset())


def _from_amounts(rule: Rule, add: Any, book: Rulebook) -> None:
    for outer in amounts_of(rule):
        for amount in inner_amounts(outer):
            match amount:
                case Grid():
                    fact = book.fact(amount.by)
                    for column in amount.columns:
                        _from_condition(column.when, add, book)
                    for row in amount.rows:
                        if row.is_interval:
                            inside = _inside(row.low, row.low_included, row.high, row.high_included)
                            add(amount.by, _typed(fact, inside))
                        elif row.when is not None:
                            _from_condition(row.when, add, book)
                case Choice():
                    fact = book.fact(amount.by)
                    for key, _ in amount.values:
                        if fact is not None and fact.kind == "whole":
                            add(amount.by, int(key))
                        elif fact is not None and fact.kind == "yesno":
                            add(amount.by, key == "true")
                        else:
                            add(amount.by, key)
                case Rate():
                    bounds = [b for b in (amount.base_minimum, amount.base_maximum) if b]
                    add(
                        amount.of,
                        *(
                            _typed(book.fact(amount.of), b)
                            for b in (bounds or [Decimal(0), Decimal(700), Decimal(5000)])
                        ),
                    )
                case Line():
                    for x, _ in amount.points:
                        add(amount.of, _typed(book.fact(amount.of), x))


def _inside(low: Decimal | None, low_in: bool, high: Decimal | None, high_in: bool) -> Decimal:
    if low is None:
        return Decimal(0) if high is None or high > 0 else high
    if low_in:
        return low
    return low + Decimal(1) if high is None else (low + high) / 2 if not high_in else high
