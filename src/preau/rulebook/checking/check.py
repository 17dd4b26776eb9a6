"""All checks of a rulebook, in one list."""

from collections.abc import Iterator
from dataclasses import replace

from preau.rulebook.checking.coverage import check_coverage
from preau.rulebook.checking.findings import ERROR, Finding, error
from preau.rulebook.checking.grids import check_grids, check_unknown
from preau.rulebook.checking.law import check_law
from preau.rulebook.checking.moments import check_deadlines
from preau.rulebook.checking.reach import check_reach
from preau.rulebook.rules.book import Rulebook
from preau.rulebook.when import Calendar


def check(
    book: Rulebook, calendar: Calendar | None = None, previous: Rulebook | None = None
) -> tuple[Finding, ...]:
    """Every finding, errors first. With ``previous``, price increases are compared to it.

    A draft may have errors; a rulebook with one is not published.
    """
    days = calendar or Calendar()
    lines = dict(book.lines)
    found = [
        *check_unclear(book),
        *check_grids(book),
        *check_unknown(book),
        *check_reach(book),
        *check_coverage(book, days),
        *check_deadlines(book, days),
        *check_law(book, days, previous),
    ]
    unique = dict.fromkeys(replace(one, line=lines.get(one.rule_id)) for one in found)
    return tuple(sorted(unique, key=lambda one: (one.severity != ERROR, one.line or 0)))


def check_unclear(book: Rulebook) -> Iterator[Finding]:
    """What the text leaves open: the question, and what to choose between."""
    for _, rule in book.rules():
        if rule.unclear is None:
            continue
        labels = tuple(
            r.label or f"lecture {i}" for i, r in enumerate(rule.unclear.readings, start=2)
        )
        yield error(
            "ambiguous",
            f"« {rule.name} » : {rule.unclear.question} À choisir : la "
            f"lecture écrite, ou {', ou '.join(labels)}.",
            rule.id,
            *labels,
        )


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings that keep a draft from being published."""
    return tuple(one for one in findings if one.blocking)
