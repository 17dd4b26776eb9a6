"""The price of one service: tariff, adjustments, extras, surcharges, line by line."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from preau.kernel import french
from preau.rulebook.engine.amounts import Worth, worth
from preau.rulebook.engine.context import Context
from preau.rulebook.engine.rounding import round_cents, round_to
from preau.rulebook.engine.words import COLON, FRACTIONS, TIMES, euros, number, percent, signed
from preau.rulebook.errors import Undecided
from preau.rulebook.rules.base import Rounding, Rule
from preau.rulebook.rules.tariffs import Adjustment, Extra, Surcharge, Tariff, Unit
from preau.rulebook.when import french_instant


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line of a price. ``cents`` may be negative; the lines of a price add up to it.

    ``kind``: tariff, adjustment, extra, surcharge, penalty or group.
    """

    label: str
    cents: int
    rule_id: str
    sentence: str
    kind: str = "tariff"


@dataclass(frozen=True, slots=True)
class Price:
    """A price in cents, its lines, the rules used, the version that gave it."""

    cents: int
    lines: tuple[PriceLine, ...]
    rule_ids: tuple[str, ...]
    version: str = ""
    proposal: bool = False

    @property
    def surcharge_cents(self) -> int:
        return sum(line.cents for line in self.lines if line.kind == "surcharge")

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(line.sentence for line in self.lines)


UNIT_NAMES = {
    15: ("quart d’heure", "quarts d’heure"),
    30: ("demi-heure", "demi-heures"),
    60: ("heure", "heures"),
    1: ("minute", "minutes"),
}


def count_units(unit: Unit, context: Context, rule_id: str) -> tuple[Fraction, str]:
    """How many slices a duration makes, and the words for it."""
    minutes = context.get(unit.of)
    if minutes is None:
        raise Undecided("la durée n’est pas connue", rule_id)
    minutes = max(Fraction(0), Fraction(minutes) - unit.free)
    slices = minutes / unit.minutes
    if unit.started != "exact":
        whole = int(slices)
        rest = minutes - whole * unit.minutes
        if rest > unit.grace:
            more = unit.started == "due" or (unit.started == "nearest" and rest * 2 >= unit.minutes)
            whole += 1 if more else 0
        slices = Fraction(whole)
    if unit.at_least is not None:
        slices = max(slices, Fraction(unit.at_least))
    if unit.at_most is not None:
        slices = min(slices, Fraction(unit.at_most))
    one, many = UNIT_NAMES.get(
        unit.minutes, (f"tranche de {unit.minutes} min", f"tranches de {unit.minutes} min")
    )
    name = unit.label or (many if slices >= 2 else one)
    return slices, f"{number(slices)} {name}"


def count_times(
    times: tuple[str, ...], divide: Decimal | None, context: Context, rule_id: str
) -> tuple[Fraction, str]:
    """The product of the facts, divided; and the words for it."""
    count, words = Fraction(1), []
    for name in times:
        value = context.get(name)
        fact = context.book.fact(name)
        if isinstance(value, frozenset):
            value = len(value)
        if value is None:
            raise Undecided(f"« {fact.label if fact else name} » n’est pas connu", rule_id)
        count *= Fraction(value)
        words.append(f"{number(value)} {fact.short if fact else name}")
    text = TIMES.join(words)
    if divide is not None and not words:
        return count / Fraction(divide), f"÷ {number(divide)}"
    if divide is not None:
        count /= Fraction(divide)
        text += f" ÷ {number(divide)} = {number(round_to(count, 'half_up', Fraction(1, 100)))}"
    return count, text


def label_of(rule: Rule, context: Context) -> str:
    """The rule's label; «{limit}» in it becomes the limit for booking."""
    label = rule.name
    if "{limit}" in label:
        from preau.rulebook.engine.limits import limit_of

        moment = limit_of(context, context.action or "book")
        said = french_instant(moment.closes_at) if moment and moment.closes_at else "la limite"
        label = label.replace("{limit}", said)
    return label


def find_tariff(context: Context) -> Tariff:
    """The first tariff that applies, or Undecided."""
    for rule in context.rules("tariffs"):
        if context.applies(rule):
            return rule
    raise Undecided(
        f"aucun tarif ne s’applique à « {context.activity.name} »"
        + (f", « {context.product.name} »" if context.product.code else "")
    )


class Running:
    """A running exact total, in cents, that writes a line at each change of its rounded value."""

    def __init__(self, rounding: Rounding) -> None:
        self.rounding = rounding
        self.lines: list[PriceLine] = []
        self.exact = Fraction(0)
        self.shown = 0

    def move(
        self, exact: Fraction, label: str, rule_id: str, say: Callable[[int, int], str], kind: str
    ) -> None:
        """Go to a new exact total (never under zero); ``say(delta, total)`` gives the sentence."""
        exact = max(exact, Fraction(0))
        shown = int(round_cents(exact, self.rounding))
        delta = shown - self.shown
        self.lines.append(PriceLine(label, delta, rule_id, say(delta, shown), kind))
        self.exact, self.shown = exact, shown


def service_price(context: Context) -> Price:
    """Price one service; raises Undecided when the rules give no answer."""
    tariff = find_tariff(context)
    rounding = tariff.rounding or context.book.rounding
    base = worth(tariff.amount, context, tariff.id)
    label = label_of(tariff, context)
    unit_cents = _unit_rounded(base.value * 100, rounding)
    why = base.why
    if tariff.unit is not None and tariff.unit.price_for:
        share = Fraction(tariff.unit.minutes, tariff.unit.price_for)
        unit_cents = _unit_rounded(unit_cents * share, rounding)
        why = (
            f"{why or label}, {french.minutes(tariff.unit.minutes)} sur "
            f"{french.minutes(tariff.unit.price_for)}"
        )
    count, count_words = _count(tariff, context)
    adjustments = _applicable(context, "adjustments")
    unit_stage = [rule for rule in adjustments if rule.on == "unit"]

    running = Running(rounding)
    start = unit_cents * count
    running.move(
        start,
        label,
        tariff.id,
        lambda _d, total: _tariff_sentence(why or label, base, unit_cents, count_words, total),
        "surcharge" if tariff.surcharge else "tariff",
    )
    for rule in unit_stage:
        before = unit_cents
        unit_cents = _unit_rounded(_changed(rule, unit_cents, unit_cents, context), rounding)
        _move(running, running.exact + (unit_cents - before) * count, rule, context, "adjustment")
    for rule in adjustments:
        if rule.on == "service":
            _move(
                running, _changed(rule, running.exact, start, context), rule, context, "adjustment"
            )
    surcharges = _applicable(context, "surcharges")
    proposal = any(_is_proposal(rule) for rule in surcharges)
    due = [rule for rule in surcharges if not _is_proposal(rule)]
    for rule in due:
        if rule.on != "total":
            _move(
                running, _changed(rule, running.exact, start, context), rule, context, "surcharge"
            )
    for extra in context.rules("extras"):
        if context.applies(extra):
            _extra(running, extra, context, rounding)
    for rule in adjustments:
        if rule.on == "total":
            _move(
                running, _changed(rule, running.exact, start, context), rule, context, "adjustment"
            )
    for rule in due:
        if rule.on == "total":
            _move(
                running, _changed(rule, running.exact, start, context), rule, context, "surcharge"
            )
    lines = tuple(running.lines)
    return Price(
        running.shown,
        lines,
        tuple(line.rule_id for line in lines),
        context.book.version or context.book.name,
        proposal,
    )


def _unit_rounded(cents: Fraction, rounding: Rounding) -> Fraction:
    return round_cents(cents, rounding) if rounding.unit else cents


def _count(rule: Tariff | Extra, context: Context) -> tuple[Fraction, str]:
    count, words = Fraction(1), ""
    if rule.unit is not None:
        count, words = count_units(rule.unit, context, rule.id)
    if rule.times or rule.divide is not None:
        more, said = count_times(rule.times, rule.divide, context, rule.id)
        count *= more
        words = f"{words}{TIMES}{said}" if words else said
    return count, words


def _tariff_sentence(why: str, base: Worth, unit: Fraction, count: str, total: int) -> str:
    each = euros(int(round_to(unit, "half_up")))
    if count.startswith("÷"):
        text = f"{why} → {each} {count} = {euros(total)}"
    elif count:
        text = f"{why} → {count}{TIMES}{each} = {euros(total)}"
    else:
        text = f"{why} → {euros(total)}"
    return f"{text} ({base.note})" if base.note else text


def _is_proposal(rule: Adjustment) -> bool:
    return isinstance(rule, Surcharge) and rule.proposal


def _applicable(context: Context, section: str) -> list[Adjustment]:
    found, groups = [], set()
    for rule in context.rules(section):
        if (rule.group and rule.group in groups) or not context.applies(rule):
            continue
        if rule.group:
            groups.add(rule.group)
        found.append(rule)
    return found


def _changed(rule: Adjustment, current: Fraction, base: Fraction, context: Context) -> Fraction:
    """The exact total after an effect."""
    value = worth(rule.effect.amount, context, rule.id).value
    count = Fraction(1)
    if rule.unit is not None:
        count *= count_units(rule.unit, context, rule.id)[0]
    if rule.times:
        count *= count_times(rule.times, None, context, rule.id)[0]
    return apply_effect(
        rule.effect.operation, value, count, current, base if rule.of_base else current
    )


def apply_effect(
    operation: str, value: Fraction, count: Fraction, current: Fraction, base: Fraction
) -> Fraction:
    """add, set, at_least and at_most take euros; multiply and percent take plain numbers."""
    match operation:
        case "add":
            return current + value * 100 * count
        case "set":
            return value * 100 * count
        case "multiply":
            return current + base * (value - 1)
        case "percent":
            return current + base * value * count / 100
        case "at_least":
            return max(current, value * 100 * count)
        case "at_most":
            return min(current, value * 100 * count)
    raise ValueError(operation)


def _move(running: Running, exact: Fraction, rule: Adjustment, context: Context, kind: str) -> None:
    if rule.effect.operation in ("at_least", "at_most") and exact == running.exact:
        return
    label = label_of(rule, context)
    amount = worth(rule.effect.amount, context, rule.id)

    def say(delta: int, total: int) -> str:
        return effect_sentence(label, rule.effect.operation, amount, delta, total)

    running.move(exact, label, rule.id, say, kind)


def effect_sentence(label: str, operation: str, amount: Worth, delta: int, total: int) -> str:
    """«3e enfant : moitié → 1,53 €», «réservé après lundi 9 h : + 2,50 €»."""
    if amount.why:
        label = f"{label} ({amount.why})"
    value = amount.value
    match operation:
        case "add":
            return f"{label}{COLON}{signed(delta)}"
        case "set":
            return f"{label} → {euros(total)}"
        case "multiply":
            how = FRACTIONS.get(value) or f"×{number(value)}"
            return f"{label}{COLON}{how} → {euros(total)}"
        case "percent":
            sign = "+" if value >= 0 else ""
            return f"{label}{COLON}{sign}{percent(value)} → {euros(total)}"
        case "at_least":
            return f"{label}{COLON}au moins {euros(total)}"
        case _:
            return f"{label}{COLON}pas plus de {euros(total)}"


def _extra(running: Running, extra: Extra, context: Context, rounding: Rounding) -> None:
    value = worth(extra.amount, context, extra.id)
    count, words = _count(extra, context)
    if count == 0:
        return
    cents = _unit_rounded(value.value * 100, rounding)
    label = label_of(extra, context)

    def say(delta: int, total: int) -> str:
        text = f"{label} ({value.why})" if value.why else label
        if words:
            each = euros(int(round_to(cents, "half_up")))
            return f"{text}{COLON}{words}{TIMES}{each} = {signed(delta)}"
        return f"{text}{COLON}{signed(delta)}"

    running.move(running.exact + cents * count, label, extra.id, say, "extra")


def proposals(context: Context) -> tuple[PriceLine, ...]:
    """Surcharges left to an agent: what each would add to the price."""
    found = []
    rounding = context.book.rounding
    for rule in _applicable(context, "surcharges"):
        if not _is_proposal(rule):
            continue
        price = service_price(context)
        running = Running(rounding)
        running.exact, running.shown = Fraction(price.cents), price.cents
        base = Fraction(price.lines[0].cents)
        _move(running, _changed(rule, running.exact, base, context), rule, context, "surcharge")
        found.extend(running.lines)
    return tuple(found)


def penalties(context: Context) -> tuple[tuple[PriceLine, bool], ...]:
    """The penalties due for what the facts say: (line, whether it is left to an agent)."""
    found, groups = [], set()
    for rule in context.rules("penalties"):
        if (rule.group and rule.group in groups) or not context.applies(rule):
            continue
        if rule.group:
            groups.add(rule.group)
        value = worth(rule.amount, context, rule.id)
        count, words = Fraction(1), ""
        if rule.unit is not None:
            count, words = count_units(rule.unit, context, rule.id)
        if rule.times:
            more, said = count_times(rule.times, None, context, rule.id)
            count, words = count * more, f"{words}{TIMES}{said}" if words else said
        cents = int(round_cents(value.value * 100 * count, context.book.rounding))
        label = label_of(rule, context)
        text = f"{label} ({words})" if words else label
        verb = "proposé à un agent" if rule.proposal else ""
        sentence = f"{text}{COLON}{signed(cents)}" + (f" ({verb})" if verb else "")
        found.append((PriceLine(label, cents, rule.id, sentence, "penalty"), rule.proposal))
    return tuple(found)
