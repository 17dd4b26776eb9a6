"""Worked cases: questions with the expected answer, run against a rulebook."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from preau.rulebook import api
from preau.rulebook.api import Calendar, Facts, Rulebook, Undecided, Use
from preau.rulebook.errors import FileError
from preau.rulebook.facts import ACTIONS, BY_NAME
from preau.rulebook.text.nodes import Bad, Node, root
from preau.rulebook.text.read_calendar import read_calendar

ASKS = ("price", "month", "decide", "spell")
EXPECTS = (
    "euros",
    "outcome",
    "charged",
    "surcharge",
    "penalty",
    "proposed",
    "charged_days",
    "charged_count",
    "rule",
    "quotient",
    "says",
    "ambiguous",
    "readings",
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case expects; only what is set is compared."""

    euros: Decimal | None = None
    outcome: str | None = None
    charged: bool | None = None
    surcharge: bool | None = None
    penalty: Decimal | None = None
    proposed: Decimal | None = None
    charged_days: tuple[date, ...] | None = None
    charged_count: int | None = None
    rule: str | None = None
    quotient: Decimal | None = None
    says: str | None = None
    ambiguous: bool = False
    readings: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One question: what is asked, of which activity, when, with which facts."""

    id: str
    line: int
    ask: str
    activity: str
    expect: Expected
    product: str | None = None
    action: str = "book"
    at: datetime | None = None
    day: date | None = None
    days: tuple[date, ...] = ()
    facts: Facts = field(default_factory=Facts)
    by_day: tuple[tuple[date, Facts], ...] = ()
    uses: tuple[Use, ...] = ()
    formula: bool = False
    basis: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rulebook answered, in comparable values and in sentences."""

    cents: int | None = None
    outcome: str | None = None
    charged: bool | None = None
    surcharge_cents: int = 0
    penalty_cents: int = 0
    proposed_cents: int = 0
    charged_days: tuple[date, ...] = ()
    rule_ids: tuple[str, ...] = ()
    quotient: Decimal | None = None
    sentences: tuple[str, ...] = ()
    ambiguous: bool = False
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A case, its answer, and every difference with what it expects (empty: right)."""

    case: Case
    answer: Answer
    differences: tuple[str, ...]

    @property
    def right(self) -> bool:
        return not self.differences


def read_cases(path: str | Path, book: Rulebook) -> tuple[tuple[Case, ...], Calendar]:
    """The cases of a file and its calendar; FileError says each line that is wrong."""
    path = Path(path)
    node = root(path.read_text(encoding="utf-8"), str(path))
    cases: tuple[Case, ...] = ()
    calendar = Calendar()
    try:
        fields = node.fields("rulebook", "calendar", "cases")
        if fields.get("calendar") is not None:
            calendar = read_calendar(path.parent / fields.text("calendar"))
        cases = fields.need("cases").collect(lambda item: _case(item, book))
    except Bad as bad:
        node.problems.append(bad.problem)
    if node.problems:
        raise FileError(str(path), node.problems)
    return cases, calendar


def _facts(node: Node, book: Rulebook) -> Facts:
    values: dict[str, Any] = {}
    for name, item in node.items():
        fact = BY_NAME.get(name) or book.own_facts.get(name)
        if fact is None:
            raise item.fail("un fait déclaré", f"« {name} »")
        if not item.is_null:
            values[name] = item.fact_value(fact)
    return Facts(values, own=book.own_facts)


def _case(node: Node, book: Rulebook) -> Case:
    fields = node.fields(
        "id",
        "basis",
        "note",
        "ask",
        "activity",
        "product",
        "action",
        "at",
        "day",
        "days",
        "formula",
        "facts",
        "by_day",
        "uses",
        "expect",
    )
    facts = fields.read("facts", lambda n: _facts(n, book), Facts())
    activity = fields.need("activity").word([a.code for a in book.activities], "une activité de")
    product = fields.read("product", lambda n: n.text())
    uses = []
    if fields.get("uses") is not None:
        for index, item in enumerate(fields.need("uses").listed()):
            inner = item.fields("child", "day", "product", "facts", "activity")
            more = inner.read("facts", lambda n: _facts(n, book), Facts())
            uses.append(
                Use(
                    index,
                    inner.text("child", "1"),
                    inner.text("activity", activity),
                    inner.text("product", product or ""),
                    inner.need("day").date(),
                    facts._merged(dict(more)),
                )
            )
    by_day = fields.read(
        "by_day",
        lambda n: tuple((date.fromisoformat(day), _facts(item, book)) for day, item in n.items()),
        (),
    )
    return Case(
        fields.need("id").text(),
        node.line,
        fields.need("ask").word(ASKS),
        activity,
        fields.read("expect", _expected, Expected()),
        product,
        fields.read("action", lambda n: n.word(ACTIONS), "book"),
        fields.read("at", lambda n: n.instant()),
        fields.read("day", lambda n: n.date()),
        fields.read("days", lambda n: tuple(i.date() for i in n.listed()), ()),
        facts,
        by_day,
        tuple(uses),
        fields.read("formula", lambda n: n.yesno(), False),
        fields.text("basis"),
        fields.text("note"),
    )


def _expected(node: Node) -> Expected:
    fields = node.fields(*EXPECTS)
    number = lambda n: n.decimal()  # noqa: E731
    yesno = lambda n: n.yesno()  # noqa: E731
    return Expected(
        fields.read("euros", number),
        fields.read("outcome", lambda n: n.text()),
        fields.read("charged", yesno),
        fields.read("surcharge", yesno),
        fields.read("penalty", number),
        fields.read("proposed", number),
        fields.read("charged_days", lambda n: tuple(i.date() for i in n.listed())),
        fields.read("charged_count", lambda n: n.whole(0)),
        fields.read("rule", lambda n: n.text()),
        fields.read("quotient", number),
        fields.read("says", lambda n: n.text()),
        fields.read("ambiguous", yesno, False),
        fields.read("readings", lambda n: tuple(i.decimal() for i in n.listed()), ()),
    )


def answer(book: Rulebook, case: Case, calendar: Calendar) -> Answer:
    """Ask the rulebook; an undecided answer is an answer."""
    try:
        return _answer(book, case, calendar)
    except Undecided as undecided:
        return Answer(
            ambiguous=True,
            readings=undecided.readings,
            rule_ids=(undecided.rule_id,) if undecided.rule_id else (),
            sentences=(undecided.reason, *undecided.readings),
        )


def _answer(book: Rulebook, case: Case, calendar: Calendar) -> Answer:
    facts, found = case.facts, None
    said: tuple[str, ...] = ()
    if case.formula:
        worth = api.quotient(book, facts)
        found = Decimal(worth.value.numerator) / Decimal(worth.value.denominator)
        facts, said = facts.with_(quotient=found), (worth.why,)
    if case.ask == "price":
        price = api.price(
            book, case.activity, case.product, case.day or date(2000, 1, 1), facts, calendar
        )
        return Answer(
            price.cents,
            charged=True,
            surcharge_cents=price.surcharge_cents,
            rule_ids=price.rule_ids,
            quotient=found,
            sentences=(*said, *price.sentences),
        )
    if case.ask == "month":
        month = api.month(book, case.uses, calendar)
        return Answer(
            month.cents,
            charged=True,
            rule_ids=tuple(i for charge in month.charges for i in charge.rule_ids),
            sentences=tuple(line.sentence for charge in month.charges for line in charge.lines),
        )
    if case.ask == "spell":
        decisions = api.spell(
            book,
            case.activity,
            case.product,
            case.days,
            facts,
            calendar,
            case.at,
            dict(case.by_day),
        )
        return Answer(
            None,
            charged=any(d.charged for _, d in decisions),
            charged_days=tuple(day for day, d in decisions if d.charged),
            rule_ids=tuple(i for _, d in decisions for i in d.rule_ids),
            sentences=tuple(f"{day:%d/%m} : {' ; '.join(d.sentences)}" for day, d in decisions),
            ambiguous=any(d.outcome == "ambiguous" for _, d in decisions),
        )
    decision = api.decide(
        book, case.activity, case.product, case.day, case.action, case.at, facts, calendar
    )
    return Answer(
        decision.cents,
        decision.outcome,
        decision.charged,
        decision.surcharge_cents,
        decision.penalty_cents,
        decision.proposed_cents,
        rule_ids=decision.rule_ids,
        sentences=decision.sentences,
        ambiguous=decision.outcome == "ambiguous",
        readings=decision.readings,
    )


def run(book: Rulebook, case: Case, calendar: Calendar) -> Result:
    """Answer a case and compare with what it expects."""
    got, want, wrong = answer(book, case, calendar), case.expect, []

    def differ(what: str, expected: Any, found: Any) -> None:
        if expected != found:
            wrong.append(f"{what} : attendu {expected}, obtenu {found}")

    if want.ambiguous or got.ambiguous:
        differ("ambigu", want.ambiguous, got.ambiguous)
        for value in want.readings:
            text = f"{value:.2f}".replace(".", ",")
            if not any(text in reading for reading in got.readings):
                wrong.append(f"lecture {text} : absente de {got.readings}")
        return Result(case, got, tuple(wrong))
    if want.euros is not None:
        differ("euros", want.euros, None if got.cents is None else Decimal(got.cents) / 100)
    if want.outcome is not None:
        differ("issue", want.outcome, got.outcome)
    if want.charged is not None:
        differ("facturé", want.charged, got.charged)
    if want.surcharge is not None:
        differ("majoration", want.surcharge, got.surcharge_cents > 0)
    if want.penalty is not None:
        differ("pénalité", want.penalty, Decimal(got.penalty_cents) / 100)
    if want.proposed is not None:
        differ("proposé", want.proposed, Decimal(got.proposed_cents) / 100)
    if want.charged_days is not None:
        differ("jours facturés", want.charged_days, got.charged_days)
    if want.charged_count is not None:
        differ("nombre de jours facturés", want.charged_count, len(got.charged_days))
    if want.rule is not None and want.rule not in got.rule_ids:
        wrong.append(f"règle {want.rule} : non appliquée ({', '.join(got.rule_ids)})")
    if want.quotient is not None:
        differ("quotient", want.quotient, got.quotient)
    if want.says is not None and not any(want.says in text for text in got.sentences):
        wrong.append(f"« {want.says} » : absent de l’explication")
    return Result(case, got, tuple(wrong))
