"""The rulebook's public face: five questions, one calendar, typed facts.

The family's simulator, the booking page, the cancellation, the attendance sheet and the billing
run all ask here; answers are plain values and carry the sentences that explain them. When the
rules do not say, ``price``, ``month`` and ``quotient`` raise ``Undecided`` (a French sentence, the
rule, the readings); ``decide`` answers with the outcome ``ambiguous``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from preau.rulebook.engine import derived as _derived  # noqa: F401  (registers derived facts)
from preau.rulebook.engine.amounts import Worth
from preau.rulebook.engine.context import Context, quotient_applies_from
from preau.rulebook.engine.decisions import Decision, decide_in
from preau.rulebook.engine.groups import Charge, Month, Use, charge_uses
from preau.rulebook.engine.limits import limit_of, sentence_of
from preau.rulebook.engine.prices import Price, PriceLine, service_price
from preau.rulebook.engine.quotients import computed_quotient
from preau.rulebook.engine.reads import facts_of_price
from preau.rulebook.errors import FactError, FileError, RulebookError, Undecided
from preau.rulebook.facts import DECLARED, Fact, Facts
from preau.rulebook.rules.book import Activity, Product, Rulebook
from preau.rulebook.when import Calendar, Holiday, french_instant

__all__ = [
    "DECLARED",
    "Activity",
    "Calendar",
    "Charge",
    "Deadline",
    "Decision",
    "Fact",
    "FactError",
    "Facts",
    "FileError",
    "Holiday",
    "Month",
    "Price",
    "PriceLine",
    "Pricer",
    "Product",
    "Rulebook",
    "RulebookError",
    "Undecided",
    "Use",
    "Worth",
    "deadline",
    "decide",
    "month",
    "price",
    "quotient",
    "quotient_applies_from",
    "spell",
]


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when an action is possible. ``at`` is aware (Europe/Paris), None when there is no
    limit or when it is never possible (``open`` False). ``until`` is the moment in words, and
    ``sentence`` a whole label: «annulable jusqu'à lundi 2 novembre à 9 h»."""

    at: datetime | None
    opens_at: datetime | None
    sentence: str
    until: str
    late_outcome: str
    rule_id: str
    included: bool = True
    open: bool = True

    def met(self, moment: datetime) -> bool:
        """Whether an action at that instant is in time (and not too early)."""
        if not self.open or (self.opens_at is not None and moment < self.opens_at):
            return False
        if self.at is None:
            return True
        return moment <= self.at if self.included else moment < self.at


def price(
    rulebook: Rulebook,
    activity: str,
    product: str | None,
    day: date,
    facts: Facts,
    calendar: Calendar | None = None,
) -> Price:
    """The price of one service on a day for these facts, with its lines; Undecided if none."""
    return _one_reading(
        rulebook,
        lambda book: service_price(Context(book, activity, product, day, facts, calendar)),
        lambda found: (found.cents, found.proposal),
        lambda found: _cents(found.cents),
    )


def deadline(
    rulebook: Rulebook,
    activity: str,
    product: str | None,
    day: date,
    action: str,
    calendar: Calendar,
    facts: Facts | None = None,
) -> Deadline | None:
    """The last moment for an action on a service day, or None when no rule limits it."""

    def of(book: Rulebook) -> Deadline | None:
        context = Context(book, activity, product, day, facts or Facts(), calendar, action)
        moment = limit_of(context, action)
        if moment is None:
            return None
        at = moment.closes_at
        return Deadline(
            at,
            moment.opens_at,
            sentence_of(moment, action),
            french_instant(at) if at else "",
            moment.rule.late,
            moment.rule.id,
            moment.included,
            moment.open,
        )

    return _one_reading(
        rulebook,
        of,
        lambda found: found and (found.at, found.open),
        lambda found: found.until if found else "sans limite",
    )


def decide(
    rulebook: Rulebook,
    activity: str,
    product: str | None,
    day: date | None,
    action: str,
    at: datetime | None,
    facts: Facts,
    calendar: Calendar,
) -> Decision:
    """What becomes of an action: book, prebook, change, order, enrol, cancel, absence, attend,
    late_pickup, pay or connect, asked at an aware instant (None: not known, no deadline is
    looked at)."""
    if at is not None and at.tzinfo is None:
        raise FactError("at", "un instant avec fuseau", at)
    try:
        return _one_reading(
            rulebook,
            lambda book: decide_in(
                Context(book, activity, product, day, facts, calendar, action, at), action
            ),
            lambda found: (
                found.outcome,
                found.charged,
                found.cents,
                found.penalty_cents,
                found.proposed_cents,
                found.late,
            ),
            lambda found: (
                found.outcome + ("" if found.cents is None else f" ({_cents(found.cents)})")
            ),
        )
    except Undecided as undecided:
        return Decision(
            "ambiguous",
            None,
            sentences=(undecided.reason,),
            rule_ids=(undecided.rule_id,) if undecided.rule_id else (),
            readings=undecided.readings,
            proposal=True,
        )


def spell(
    rulebook: Rulebook,
    activity: str,
    product: str | None,
    days: Sequence[date],
    facts: Facts,
    calendar: Calendar,
    at: datetime | None = None,
    by_day: dict[date, Facts] | None = None,
) -> tuple[tuple[date, Decision], ...]:
    """Decide each booked day of one absence (waiting days, certificates, minimum length).

    ``days`` are the days booked and missed; ``by_day`` adds facts to some of them (a later
    cancellation of one day, for example).
    """
    ordered = sorted(days)
    answers = []
    for rank, day in enumerate(ordered, start=1):
        more: dict[str, Any] = {
            "absence_from": ordered[0],
            "absence_until": ordered[-1],
            "absence_rank": rank,
            "absence_days": len(ordered),
        }
        known = facts._merged({name: value for name, value in more.items() if name not in facts})
        if by_day and day in by_day:
            known = known._merged(dict(by_day[day]))
        answers.append(
            (day, decide(rulebook, activity, product, day, "absence", at, known, calendar))
        )
    return tuple(answers)


def month(rulebook: Rulebook, uses: Sequence[Use], calendar: Calendar) -> Month:
    """Charge a list of uses of one family (a month, a week, a year): each priced with what the
    whole list tells (rank of the day, nth use…), then the rules over several uses."""
    return _one_reading(
        rulebook,
        lambda book: charge_uses(book, uses, calendar),
        lambda found: found.cents,
        lambda found: _cents(found.cents),
    )


def quotient(rulebook: Rulebook, facts: Facts) -> Worth:
    """The town's own quotient from income, benefits and parts, with the sum in words."""
    return computed_quotient(rulebook, facts)


class Pricer:
    """Prices many rows: each distinct set of facts once.

    ``names`` are the only facts that the price depends on; group by them in SQL when you can, and
    give each distinct tuple to ``cents``.
    """

    def __init__(
        self, rulebook: Rulebook, activity: str, product: str, calendar: Calendar | None = None
    ) -> None:
        self.rulebook, self.activity, self.product = rulebook, activity, product
        self.calendar = calendar
        self.names, self.by_day = facts_of_price(rulebook, activity, product)
        self._memo: dict[Any, Price] = {}

    def price(self, day: date, facts: Facts) -> Price:
        """The same answer as ``price``, remembered by the facts that matter."""
        dated = self.by_day or facts.get("quotient_received_on") is not None
        key = (tuple(facts.get(name) for name in self.names), day if dated else None)
        found = self._memo.get(key)
        if found is None:
            found = price(self.rulebook, self.activity, self.product, day, facts, self.calendar)
            self._memo[key] = found
        return found

    def prices(self, rows: Iterable[tuple[date, Facts]]) -> list[Price]:
        return [self.price(day, facts) for day, facts in rows]


def _cents(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f} €".replace(".", ",")


def _one_reading(
    rulebook: Rulebook,
    ask: Callable[[Rulebook], Any],
    key: Callable[[Any], Any],
    show: Callable[[Any], str],
) -> Any:
    """Ask every reading of unclear rules; answer when all agree, else raise Undecided."""
    first = ask(rulebook)
    for book, rule, label in rulebook.readings:
        other = ask(book)
        if key(other) != key(first):
            named = f"{label}\u00a0: {show(other)}" if label else show(other)
            readings = (show(first), named)
            question = rule.unclear.question if rule.unclear else ""
            raise Undecided(question, rule.id, readings)
    return first


def share(cents: int, part: Fraction) -> int:
    """A part of an amount, half up: for a bill shared between two homes."""
    exact = Fraction(cents) * part
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))
