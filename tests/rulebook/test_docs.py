"""The documentation says what the reader reads: every block of YAML is read here."""

import re
from pathlib import Path

import pytest

from preau.rulebook.cases import read_cases
from preau.rulebook.facts import DECLARED
from preau.rulebook.rules.book import SECTIONS
from preau.rulebook.text.read_book import read_text
from preau.rulebook.text.read_calendar import read_calendar

TEXT = (Path(__file__).parents[2] / "docs/rulebook.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.S)
HEAD = """format: 1
name: Ville
facts:
  tarif: {type: number, label: tarif}
activities:
  cantine: {label: Cantine, kind: meal, days: [mon, tue, thu, fri], products: {repas: Repas}}
  soir: {label: Soir, products: {seance: {label: Séance, opens: 16:30, closes: 18:30}}}
  mercredi: {label: Mercredi}
  vacances: {label: Vacances, kind: holidays, products: {journee: Journée}}
"""


def starting(*words):
    return [block for block in BLOCKS if block.startswith(words)]


def indented(block, by):
    return "".join(" " * by + line + "\n" for line in block.splitlines())


@pytest.mark.parametrize("block", starting(*(f"{name}:" for name in SECTIONS)))
def test_a_section_of_rules(block):
    assert read_text(HEAD + block)


@pytest.mark.parametrize("block", starting("grid:", "rate:"))
def test_an_amount(block):
    assert read_text(f"{HEAD}tariffs:\n  - id: a\n{indented(block, 4)}")


@pytest.mark.parametrize("block", starting("when:", "unit:"))
def test_a_condition_or_a_unit(block):
    assert read_text(f"{HEAD}tariffs:\n  - id: a\n    price: 1\n{indented(block, 4)}")


def test_the_whole_first_example_and_the_header_parts():
    assert read_text(starting("format: 1\nname: Ville exemple\ncouncil")[0])
    for block in starting("quotient:", "facts:\n  minibus"):
        assert read_text("format: 1\nname: x\nactivities: {}\n" + block)
    assert read_text("format: 1\nname: x\n" + starting("activities:")[0])


def test_a_rule_s_common_keys_and_another_reading():
    common, unclear = starting("  - id: cantine-qf"), starting("  - id: vacances")
    assert read_text(HEAD + "tariffs:\n" + common[0] + "    price: 1\n")
    assert read_text(HEAD + "deadlines:\n" + unclear[0]).deadlines[0].unclear.readings


def test_the_calendar_and_the_cases(tmp_path):
    (tmp_path / "calendrier.yaml").write_text(starting("zone:")[0], encoding="utf-8")
    assert read_calendar(tmp_path / "calendrier.yaml").holidays
    (tmp_path / "cas.yaml").write_text(starting("rulebook:")[0], encoding="utf-8")
    cases, _ = read_cases(tmp_path / "cas.yaml", read_text(HEAD))
    assert len(cases) == 5


def test_every_block_is_read_by_a_test():
    known = (
        *(f"{name}:" for name in SECTIONS),
        "grid:",
        "rate:",
        "when:",
        "unit:",
        "format:",
        "quotient:",
        "facts:",
        "activities:",
        "  - id:",
        "zone:",
        "rulebook:",
    )
    assert [block[:40] for block in BLOCKS if not block.startswith(known)] == []


def test_every_fact_is_listed():
    assert [fact.name for fact in DECLARED if f"`{fact.name}`" not in TEXT] == []
