"""Rules that nothing can reach, and dates that overlap or leave days without a rule."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from preau.rulebook.checking.findings import Finding, error
from preau.rulebook.rules.base import Rule
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.rules.conditions import (
    All,
    AnyOf,
    Between,
    Condition,
    Has,
    Known,
    Not,
    OneOf,
)
from preau.rulebook.rules.moments import Deadline, WeekdayMap
from preau.rulebook.when import WEEKDAY_CODES

FIRST_WINS = ("tariffs", "access", "deadlines", "absences")


def check_reach(book: Rulebook) -> Iterator[Finding]:
    """Rules hidden by an earlier one, out of the rulebook's dates, or contradictory."""
    for section, rules in book.sections():
        for index, rule in enumerate(rules):
            if not rule.enabled:
                continue
            if contradictory(rule.when):
                yield error(
                    "unreachable", f"« {rule.name} » : sa condition n’est jamais vraie", rule.id
                )
                continue
            if _out_of_dates(book, rule):
                yield error(
                    "unreachable",
                    f"« {rule.name} » : ses dates sont hors de celles du règlement",
                    rule.id,
                    rule.starts_on or "",
                    rule.ends_on or "",
                )
                continue
            if section not in FIRST_WINS:
                continue
            for earlier in rules[:index]:
                if earlier.enabled and hides(earlier, rule):
                    yield error(
                        "unreachable",
                        f"« {rule.name} » n’est jamais atteinte : "
                        f"« {earlier.name} », avant elle, prend tous ses cas",
                        rule.id,
                        earlier.id,
                    )
                    break
        if section == "tariffs":
            yield from _dates(rules)


def _out_of_dates(book: Rulebook, rule: Rule) -> bool:
    return bool(
        (rule.ends_on and book.applies_from and rule.ends_on < book.applies_from)
        or (rule.starts_on and book.applies_until and rule.starts_on > book.applies_until)
    )


def hides(earlier: Rule, rule: Rule) -> bool:
    """Whether every case of the rule is taken by the earlier one."""
    mine, other = rule.scope, earlier.scope
    for name in ("activities", "products", "periods", "holidays", "weekdays"):
        if not _wider(getattr(other, name), getattr(mine, name)):
            return False
    wanted, mine_too = getattr(earlier, "actions", ()), getattr(rule, "actions", ())
    if not _wider(wanted, mine_too):
        return False
    if earlier.starts_on and not (rule.starts_on and rule.starts_on >= earlier.starts_on):
        return False
    if earlier.ends_on and not (rule.ends_on and rule.ends_on <= earlier.ends_on):
        return False
    if isinstance(earlier, Deadline) and _partial(earlier, rule):
        return False
    return implies(rule.when, earlier.when)


def _partial(earlier: Deadline, rule: Rule) -> bool:
    """A map that leaves weekdays out lets the next rule answer for them."""
    limit = earlier.limit
    if limit is None:
        return False
    if isinstance(limit.step, WeekdayMap):
        days = {entry[0] for entry in limit.step.entries}
        return not set(rule.scope.weekdays or WEEKDAY_CODES) <= days
    return False


def _wider(other: tuple[str, ...], mine: tuple[str, ...]) -> bool:
    return not other or (bool(mine) and set(mine) <= set(other))


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, All) else (condition,)


def implies(stronger: Condition, weaker: Condition) -> bool:
    """Whether the first being true makes the second true (sure answers only)."""
    mine = parts_of(stronger)
    return all(any(_implies_part(part, wanted) for part in mine) for wanted in parts_of(weaker))


def _implies_part(part: Condition, wanted: Condition) -> bool:
    if part == wanted:
        return True
    match wanted:
        case AnyOf(options):
            return any(implies(All((part,)), option) for option in options)
        case All():
            return implies(part, wanted)
        case Known(fact, True):
            return isinstance(part, (OneOf, Between, Has)) and part.fact == fact
        case Not(OneOf(fact, values)):
            return (
                isinstance(part, OneOf) and part.fact == fact and not set(part.values) & set(values)
            )
    match part, wanted:
        case OneOf(fact, values), OneOf(other, allowed):
            return fact == other and set(values) <= set(allowed)
        case OneOf(fact, values), Between():
            return fact == wanted.fact and all(_inside(value, wanted) for value in values)
        case Between(), Between():
            return part.fact == wanted.fact and _narrower(part, wanted)
        case Has(fact, words), Has(other, allowed):
            return fact == other and set(words) <= set(allowed)
        case AnyOf(options), _:
            return bool(options) and all(implies(option, wanted) for option in options)
    return False


def _inside(value: Any, test: Between) -> bool:
    return not (
        (test.min is not None and value < test.min)
        or (test.above is not None and value <= test.above)
        or (test.max is not None and value > test.max)
        or (test.below is not None and value >= test.below)
    )


def _narrower(part: Between, wanted: Between) -> bool:
    low_ok = (wanted.min is None and wanted.above is None) or (
        (
            wanted.min is not None
            and (
                (part.min is not None and part.min >= wanted.min)
                or (part.above is not None and part.above >= wanted.min)
            )
        )
        or (
            wanted.above is not None
            and (
                (part.above is not None and part.above >= wanted.above)
                or (part.min is not None and part.min > wanted.above)
            )
        )
    )
    high_ok = (wanted.max is None and wanted.below is None) or (
        (
            wanted.max is not None
            and (
                (part.max is not None and part.max <= wanted.max)
                or (part.below is not None and part.below <= wanted.max)
            )
        )
        or (
            wanted.below is not None
            and (
                (part.below is not None and part.below <= wanted.below)
                or (part.max is not None and part.max < wanted.below)
            )
        )
    )
    return bool(low_ok and high_ok)


def contradictory(condition: Condition) -> bool:
    """Whether two tests of the same fact exclude each other."""
    parts = parts_of(condition)
    for index, part in enumerate(parts):
        if isinstance(part, Between):
            low = part.min if part.min is not None else part.above
            high = part.max if part.max is not None else part.below
            if (
                low is not None
                and high is not None
                and (
                    low > high
                    or (low == high and (part.above is not None or part.below is not None))
                )
            ):
                return True
        for other in parts[index + 1 :]:
            if (
                isinstance(part, OneOf)
                and isinstance(other, OneOf)
                and part.fact == other.fact
                and not set(part.values) & set(other.values)
            ):
                return True
            if (
                isinstance(part, Known)
                and not part.known
                and getattr(other, "fact", None) == part.fact
                and not isinstance(other, Known)
            ):
                return True
    return False


def _dates(rules: tuple[Rule, ...]) -> Iterator[Finding]:
    groups: dict[Any, list[Rule]] = {}
    for rule in rules:
        if rule.enabled and (rule.starts_on or rule.ends_on):
            groups.setdefault((rule.scope, rule.when), []).append(rule)
    for members in groups.values():
        ordered = sorted(members, key=lambda rule: rule.starts_on or date.min)
        for before, after in itertools.pairwise(ordered):
            end, start = before.ends_on, after.starts_on
            if end is None or (start is not None and end >= start) or start is None:
                until = min(x for x in (end, after.ends_on, date.max) if x is not None)
                yield error(
                    "dates_overlap",
                    f"« {before.name} » et « {after.name} » valent toutes "
                    f"deux du {start or 'début'} au {until}",
                    after.id,
                    start or "",
                    until,
                )
            elif (start - end).days > 1 and not _undated(rules, before):
                first, last = end + timedelta(days=1), start - timedelta(days=1)
                yield error(
                    "dates_hole",
                    f"aucun tarif du {first} au {last} entre « {before.name} » et « {after.name} »",
                    after.id,
                    first,
                    last,
                )


def _undated(rules: tuple[Rule, ...], like: Rule) -> bool:
    return any(
        rule.enabled and not rule.starts_on and not rule.ends_on and hides(rule, like)
        for rule in rules
    )
