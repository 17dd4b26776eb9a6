"""All the worked cases of the forty organisers, to the cent."""

from pathlib import Path

import pytest

from preau.rulebook.cases import read_cases
from preau.rulebook.commands import run_all
from preau.rulebook.text.read_book import read_file

EXAMPLES = Path(__file__).parents[2] / "examples/rulebooks"
ORGANISERS = sorted(path.stem for path in EXAMPLES.glob("*.yaml") if path.stem != "demo")
ALL_CASES = 267
AMBIGUOUS = 8


@pytest.mark.parametrize("name", ORGANISERS)
def test_every_case_is_right_and_every_ambiguity_is_reported(name):
    book = read_file(EXAMPLES / f"{name}.yaml")
    cases, calendar = read_cases(EXAMPLES / f"cases/{name}.yaml", book)
    for result, reported in run_all(book, cases, calendar):
        assert result.right, (result.case.id, result.differences, result.answer.sentences)
        assert reported, (result.case.id, "the checker says nothing of this ambiguity")


def test_no_case_is_missing():
    total = ambiguous = 0
    for name in ORGANISERS:
        cases, _ = read_cases(EXAMPLES / f"cases/{name}.yaml", read_file(EXAMPLES / f"{name}.yaml"))
        total += len(cases)
        ambiguous += sum(case.expect.ambiguous for case in cases)
    assert (len(ORGANISERS), total, ambiguous) == (40, ALL_CASES, AMBIGUOUS)


def test_a_wrong_answer_is_told(tmp_path):
    book = read_file(EXAMPLES / "nalliers.yaml")
    path = tmp_path / "cases.yaml"
    path.write_text(
        "rulebook: x\ncases:\n- {id: 1, ask: price, activity: cantine, facts: {quotient: 199}, "
        "expect: {euros: 1.61}}\n",
        encoding="utf-8",
    )
    cases, calendar = read_cases(path, book)
    [(result, _)] = run_all(book, cases, calendar)
    assert result.differences == ("euros : attendu 1.61, obtenu 1.6",)


SOURCE = EXAMPLES.parents[2] / "shared/communes/rules"


@pytest.mark.skipif(not SOURCE.exists(), reason="the organisers' own pages are not beside")
def test_the_cases_are_the_pages_own(tmp_path):
    from tests.rulebook.loader import main

    assert main(SOURCE, tmp_path) == ALL_CASES
    for path in tmp_path.glob("*.yaml"):
        kept = EXAMPLES / "cases" / path.name
        assert path.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), path.name
