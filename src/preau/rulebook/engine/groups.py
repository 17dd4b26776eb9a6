"""Rules over several uses: a child's or a family's day, week, month or holiday period."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from preau.rulebook.engine.amounts import worth
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.prices import (
    PriceLine,
    apply_effect,
    count_times,
    effect_sentence,
    label_of,
    service_price,
)
from preau.rulebook.engine.rounding import round_cents
from preau.rulebook.facts import Facts
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.rules.conditions import holds
from preau.rulebook.rules.tariffs import GroupRule
from preau.rulebook.when import Calendar


@dataclass(frozen=True, slots=True)
class Use:
    """One use to be charged: the caller's key, the child, what and when, and its facts."""

    key: Hashable
    child: Hashable
    activity: str
    product: str
    day: date
    facts: Facts
    settled: tuple[PriceLine, ...] | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What one use costs (``key`` set), or what a group rule changes (``key`` None)."""

    key: Hashable
    child: Hashable
    activity: str
    product: str
    day: date
    cents: int
    lines: tuple[PriceLine, ...]
    rule_ids: tuple[str, ...]
    keys: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """All the charges of the uses given; ``cents`` is their sum."""

    charges: tuple[Charge, ...]
    cents: int


def charge_uses(book: Rulebook, uses: Sequence[Use], calendar: Calendar) -> Month:
    """Price every use with the counts of its child and family, then apply the group rules."""
    counted = with_counts(book, uses)
    charges = []
    for use in counted:
        if use.settled is not None:
            lines = use.settled
            cents = sum(line.cents for line in lines)
            ids = tuple(line.rule_id for line in lines)
        else:
            context = Context(book, use.activity, use.product, use.day, use.facts, calendar)
            price = service_price(context)
            lines, cents, ids = price.lines, price.cents, price.rule_ids
        charges.append(
            Charge(use.key, use.child, use.activity, use.product, use.day, cents, lines, ids)
        )
    extra = _group_charges(book, counted, charges, calendar)
    everything = (*charges, *extra)
    return Month(everything, sum(charge.cents for charge in everything))


COUNTED = (
    "children_present",
    "present_rank",
    "days_in_week",
    "days_in_month",
    "uses_in_month",
    "use_rank_in_week",
    "use_rank_in_month",
    "unbooked_count",
)


def with_counts(book: Rulebook, uses: Sequence[Use]) -> list[Use]:
    """Each use with the facts that only the whole list tells (unless the caller gave them)."""
    ordered = sorted(uses, key=lambda use: use.day)
    wanted = frozenset(COUNTED) & facts_read(book)
    if not wanted:
        return ordered
    present: dict[Any, list[Hashable]] = defaultdict(list)
    week_days: dict[Any, set[date]] = defaultdict(set)
    month_days: dict[Any, set[date]] = defaultdict(set)
    month_uses: dict[Any, int] = defaultdict(int)
    for use in ordered:
        children = present[use.day, use.activity]
        if use.child not in children:
            children.append(use.child)
        kind = (use.child, use.activity, use.product)
        week_days[kind, monday(use.day)].add(use.day)
        month_days[kind, use.day.replace(day=1)].add(use.day)
        month_uses[use.child, use.activity, use.day.replace(day=1)] += 1
    ranks: dict[Any, int] = defaultdict(int)
    result = []
    for use in ordered:
        kind = (use.child, use.activity, use.product)
        month = use.day.replace(day=1)
        children = sorted(
            present[use.day, use.activity], key=lambda child: _rank_of(ordered, child)
        )
        ranks[kind, "w", monday(use.day)] += 1
        ranks[use.child, use.activity, "m", month] += 1
        unbooked = use.facts.get("booked") is False
        if unbooked:
            ranks[use.child, use.activity, "u", month] += 1
        more = {
            "children_present": len(children),
            "present_rank": children.index(use.child) + 1,
            "days_in_week": len(week_days[kind, monday(use.day)]),
            "days_in_month": len(month_days[kind, month]),
            "uses_in_month": month_uses[use.child, use.activity, month],
            "use_rank_in_week": ranks[kind, "w", monday(use.day)],
            "use_rank_in_month": ranks[use.child, use.activity, "m", month],
        }
        if unbooked:
            more["unbooked_count"] = ranks[use.child, use.activity, "u", month]
        more = {
            name: value for name, value in more.items() if name in wanted and name not in use.facts
        }
        result.append(
            Use(
                use.key,
                use.child,
                use.activity,
                use.product,
                use.day,
                use.facts._merged(more),
                use.settled,
            )
            if more
            else use
        )
    return result


def _rank_of(uses: Iterable[Use], child: Hashable) -> tuple[int, str]:
    for use in uses:
        if use.child == child:
            rank = use.facts.get("rank")
            return (rank if isinstance(rank, int) else 99, str(child))
    return (99, str(child))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def facts_read(book: Rulebook) -> frozenset[str]:
    """Every fact that some rule of the book reads."""
    from preau.rulebook.engine.reads import facts_of_book

    return facts_of_book(book)


def span_key(span: str, day: date, calendar: Calendar) -> tuple[Any, str]:
    """Which day, week, month, period, term or school year a day belongs to, and its words."""
    from preau.kernel import french

    match span:
        case "day":
            return day, french.day(day)
        case "week":
            return monday(day), f"semaine du {french.day(monday(day), weekday=False)}"
        case "month":
            return day.replace(day=1), french.month(day)
        case "period":
            holiday = calendar.holiday(day)
            if holiday is not None:
                return holiday.starts_on, holiday.name
            return day.replace(day=1), french.month(day)
        case "term":
            term = 1 if day.month >= 9 else 2 if day.month <= 3 else 3
            return (day.year, term), f"trimestre {term}"
        case _:
            year = day.year if day.month >= 9 else day.year - 1
            return year, f"année {year}-{year + 1}"


def _group_charges(
    book: Rulebook, uses: list[Use], charges: list[Charge], calendar: Calendar
) -> list[Charge]:
    found: list[Charge] = []
    changed: dict[Hashable, Fraction] = {}
    done: set[Any] = set()
    for rule in book.groups:
        if not rule.enabled:
            continue
        groups: dict[Any, list[int]] = defaultdict(list)
        words: dict[Any, str] = {}
        for index, use in enumerate(uses):
            if not rule.scope.covers(use.activity, use.product):
                continue
            context = Context(book, use.activity, use.product, use.day, use.facts, calendar)
            if not context.applies(rule):
                continue
            key, said = span_key(rule.span, use.day, calendar)
            who = use.child if rule.each == "child" else None
            groups[who, key].append(index)
            words[who, key] = said
        for (who, key), members in groups.items():
            if rule.group and (rule.group, who, key) in done:
                continue
            charge = _apply_group(
                book,
                rule,
                [uses[i] for i in members],
                [charges[i] for i in members],
                changed,
                words[who, key],
                who,
                calendar,
            )
            if charge is not None:
                found.append(charge)
                if rule.group:
                    done.add((rule.group, who, key))
    return found


def _apply_group(
    book: Rulebook,
    rule: GroupRule,
    uses: list[Use],
    charges: list[Charge],
    changed: dict[Hashable, Fraction],
    words: str,
    who: Hashable,
    calendar: Calendar,
) -> Charge | None:
    total = sum((changed.get(id_of(c), Fraction(c.cents)) for c in charges), Fraction(0))
    counts: dict[str, Any] = {
        "uses": len(uses),
        "days": len({use.day for use in uses}),
        "children": len({use.child for use in uses}),
        "total": Decimal(int(total)) / 100,
        "weeks": len({monday(use.day) for use in uses}),
        "activities": len({use.activity for use in uses}),
    }
    first = uses[0]
    context = Context(book, first.activity, first.product, first.day, first.facts, calendar)

    for name in ("uses", "days", "weeks", "children", "total"):
        context.known[f"group_{name}"] = counts[name]

    def get(name: str) -> Any:
        return counts[name] if name in counts else context.get(name)

    if not holds(rule.counting, get):
        return None
    amount = worth(rule.effect.amount, context, rule.id)
    count = Fraction(1)
    for name in rule.times:
        count *= counts[name] if name in counts else count_times((name,), None, context, rule.id)[0]
    after = apply_effect(rule.effect.operation, amount.value, count, total, total)
    after = round_cents(max(after, Fraction(0)), book.rounding)
    delta = int(after - total)
    if delta == 0 and rule.effect.operation in ("at_least", "at_most"):
        return None
    if total:
        for charge in charges:
            before = changed.get(id_of(charge), Fraction(charge.cents))
            changed[id_of(charge)] = before * after / total
    else:
        changed[id_of(charges[0])] = after
    sentence = effect_sentence(
        f"{label_of(rule, context)} ({words})", rule.effect.operation, amount, delta, int(after)
    )
    line = PriceLine(rule.name, delta, rule.id, sentence, "group")
    return Charge(
        None,
        who,
        first.activity,
        first.product,
        max(use.day for use in uses),
        delta,
        (line,),
        (rule.id,),
        tuple(use.key for use in uses),
    )


def id_of(charge: Charge) -> Hashable:
    return (charge.key, charge.child, charge.activity, charge.product, charge.day)
