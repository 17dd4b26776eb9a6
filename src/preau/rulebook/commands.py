"""What `preau rulebook …` does, as functions of plain values; ``cli`` only reads arguments."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import holidays

from preau.rulebook import api
from preau.rulebook.cases import Result, read_cases, run
from preau.rulebook.checking.check import check
from preau.rulebook.checking.findings import ERROR, Finding
from preau.rulebook.engine.words import euros
from preau.rulebook.errors import FactError, FileError, Undecided
from preau.rulebook.facts import BY_NAME, Facts, parse_value
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.text.read_book import read_file
from preau.rulebook.text.read_calendar import read_calendar
from preau.rulebook.when import Calendar

Say = Callable[[str], None]
RIGHT, WRONG, UNREADABLE = 0, 1, 2


def calendar_for(book: Rulebook, path: Path | None) -> Calendar:
    """The calendar of a file, else French public holidays around the rulebook's own year."""
    if path is not None:
        return read_calendar(path)
    year = book.applies_from.year if book.applies_from else date.today().year  # noqa: DTZ011
    days = holidays.country_holidays("FR", years=range(year - 1, year + 3))
    return Calendar(public_holidays=frozenset(days))


def check_file(
    path: Path, say: Say, calendar: Path | None = None, previous: Path | None = None
) -> int:
    """Check a file and say every finding with its line; 1 when one keeps it from publishing."""
    try:
        book = read_file(path)
        before = read_file(previous) if previous else None
        days = calendar_for(book, calendar)
    except FileError as error:
        say(str(error))
        return UNREADABLE
    except OSError as error:
        say(f"{path} : {error.strerror}")
        return UNREADABLE
    found = check(book, days, before)
    for finding in found:
        say(show_finding(finding, path))
    errors = sum(finding.severity == ERROR for finding in found)
    say(
        f"{book.name} : {errors} erreur{_s(errors)}, {len(found) - errors} "
        f"avertissement{_s(len(found) - errors)}."
    )
    return WRONG if errors else RIGHT


def show_finding(finding: Finding, path: Path | str = "") -> str:
    """«fichier:12 : erreur : trou entre deux tranches : …»."""
    where = f"{path}:{finding.line} : " if finding.line else f"{path} : " if path else ""
    word = "erreur" if finding.severity == ERROR else "avertissement"
    return f"{where}{word} : {finding.title} : {finding.message}"


def _s(count: int) -> str:
    return "s" if count > 1 else ""


def parse_facts(book: Rulebook, given: Sequence[str]) -> Facts:
    """Facts from «quotient=812» words (several in one string, apart by spaces or « ; »)."""
    values = {}
    for text in given:
        for word in re.split(r"[;\s]+(?=\w+=)", text.strip(" ;")):
            if not word:
                continue
            name, sign, value = word.partition("=")
            fact = BY_NAME.get(name) or book.own_facts.get(name)
            if not sign or fact is None:
                raise FactError(name, "nom=valeur", value, unknown=True)
            found = parse_value(fact, value)
            if found is not None:
                values[name] = found
    return Facts(values, own=book.own_facts)


def price_file(
    path: Path,
    say: Say,
    facts: Sequence[str],
    activity: str = "",
    product: str = "",
    day: date | None = None,
    action: str = "",
    at: datetime | None = None,
    calendar: Path | None = None,
) -> int:
    """Say the price (or the decision, with ``action``) and why, line by line."""
    try:
        book = read_file(path)
        days = calendar_for(book, calendar)
        known = parse_facts(book, facts)
        if not activity:
            if len(book.activities) != 1:
                codes = ", ".join(a.code for a in book.activities)
                raise FactError("activity", f"une activité parmi {codes}", None)
            activity = book.activities[0].code
        if action:
            return _say_decision(
                api.decide(book, activity, product or None, day, action, at, known, days), say
            )
        when = day or book.applies_from or date(2026, 9, 1)
        price = api.price(book, activity, product or None, when, known, days)
    except (FileError, FactError) as error:
        say(str(error))
        return UNREADABLE
    except OSError as error:
        say(f"{path} : {error.strerror}")
        return UNREADABLE
    except Undecided as undecided:
        say(f"Les règles ne disent pas : {undecided.reason}")
        for reading in undecided.readings:
            say(f"  lecture : {reading}")
        return WRONG
    for line in price.lines:
        say(f"{line.sentence}   [{line.rule_id}]")
    say(f"Total : {euros(price.cents)}")
    return RIGHT


def _say_decision(decision: api.Decision, say: Say) -> int:
    for sentence in decision.sentences:
        say(sentence)
    words = [decision.outcome]
    if decision.charged is not None:
        words.append("facturé" if decision.charged else "non facturé")
    if decision.cents is not None:
        words.append(euros(decision.cents))
    if decision.penalty_cents:
        words.append(f"pénalité {euros(decision.penalty_cents)}")
    if decision.proposed_cents:
        words.append(f"proposé à un agent {euros(decision.proposed_cents)}")
    say("Décision : " + ", ".join(words))
    return WRONG if decision.outcome == "ambiguous" else RIGHT


def cases_file(path: Path, cases: Path, say: Say) -> int:
    """Run the cases of a file: each answer and why; 1 when one differs from what it expects.

    A case that is expected to be ambiguous must also be named by the checker.
    """
    try:
        book = read_file(path)
        questions, calendar = read_cases(cases, book)
    except FileError as error:
        say(str(error))
        return UNREADABLE
    except OSError as error:
        say(f"{error.filename} : {error.strerror}")
        return UNREADABLE
    results = run_all(book, questions, calendar)
    for result, reported in results:
        mark = "juste" if result.right and reported else "FAUX"
        say(f"{cases}:{result.case.line} : cas {result.case.id} : {mark}")
        for sentence in result.answer.sentences:
            say(f"    {sentence}")
        for difference in result.differences:
            say(f"    ! {difference}")
        if not reported:
            say("    ! le contrôle ne signale pas cette ambiguïté")
    wrong = sum(not (result.right and reported) for result, reported in results)
    say(f"{book.name} : {len(results)} cas, {len(results) - wrong} justes, {wrong} faux.")
    return WRONG if wrong else RIGHT


def run_all(
    book: Rulebook, questions: Sequence[object], calendar: Calendar
) -> list[tuple[Result, bool]]:
    """Each case's result, and for an ambiguous one whether the checker reports its rule."""
    findings = check(book, calendar)
    found = []
    for case in questions:
        result = run(book, case, calendar)  # type: ignore[arg-type]
        reported = not result.answer.ambiguous or any(
            finding.blocking and finding.rule_id in result.answer.rule_ids for finding in findings
        )
        found.append((result, reported))
    return found
