"""The text file: round trip, schema, and every mistake with its line."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from preau.rulebook.errors import FileError
from preau.rulebook.text.read_book import read_file, read_text
from preau.rulebook.text.schema import schema
from preau.rulebook.text.writer import write_text

EXAMPLES = Path(__file__).parents[2] / "examples/rulebooks"
FILES = sorted(EXAMPLES.glob("*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(schema())
HEAD = "format: 1\nname: Ville\nactivities:\n  cantine: {label: Cantine, kind: meal}\n"


def as_json(node: yaml.Node):
    """A YAML node as an editor's YAML 1.2 reader sees it."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: as_json(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [as_json(item) for item in node.value]
    if node.style is None:
        if node.value in ("", "~", "null"):
            return None
        if node.value in ("true", "false"):
            return node.value == "true"
        try:
            return json.loads(node.value) if node.value[0] in "-0123456789" else node.value
        except ValueError:
            try:
                return float(node.value)
            except ValueError:
                return node.value
    return node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_printed_reads_back_the_same(path):
    book = read_file(path)
    assert read_text(write_text(book)) == book


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_schema_accepts_every_example(path):
    VALIDATOR.validate(as_json(yaml.compose(path.read_text(encoding="utf-8"))))


def test_the_schema_of_the_repository_is_up_to_date():
    assert json.loads((EXAMPLES / "rulebook.schema.json").read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "un règlement"),
        ("format: 1\nname: [", 2, "YAML"),
        ("format: 2\nname: x\nactivities: {}\n", 1, "le format 1"),
        ("format: 1\nactivities: {}\n", 1, "«\u00a0name\u00a0»"),
        (HEAD + "tarifs: []\n", 5, "tariffs"),
        (HEAD + "tariffs:\n- {id: a, for: canteen, price: 3}\n", 6, "«\u00a0cantine\u00a0»\u202f?"),
        (HEAD + "tariffs:\n- {id: a, price: trois}\n", 6, "un nombre"),
        (
            HEAD + "tariffs:\n- {id: a, price: 3, when: {quotien: 1}}\n",
            6,
            "«\u00a0quotient\u00a0»\u202f?",
        ),
        (HEAD + "tariffs:\n- {id: a, price: 3, when: {rank: premier}}\n", 6, "un nombre"),
        (HEAD + "tariffs:\n- {id: a, price: 3, when: {rank: 1.5}}\n", 6, "entier"),
        (HEAD + "tariffs:\n- {id: a, price: 3, when: {resident: oui}}\n", 6, "true ou false"),
        (HEAD + "tariffs:\n- {id: a, price: 3, when: {level: creche}}\n", 6, "nursery"),
        (HEAD + "tariffs:\n- {id: a}\n", 6, "une seule clé parmi price"),
        (HEAD + "tariffs:\n- {id: a, price: 1, rate: {of: quotient, rate: 1}}\n", 6, "price, rate"),
        (HEAD + "tariffs:\n- {id: a, price: 1}\n- {id: a, price: 2}\n", 7, "unique"),
        (HEAD + "tariffs:\n- {id: a, price: 1, price: 2}\n", 6, "une seule fois"),
        (
            HEAD + "tariffs:\n- id: a\n  grid:\n    by: quotient\n    rows:\n"
            "    - {from: 9, to: 3, price: 1}\n",
            10,
            "borne basse",
        ),
        (
            HEAD + "tariffs:\n- id: a\n  grid:\n    by: quotient\n    columns: [{id: x}, {id: y}]\n"
            "    rows:\n    - {from: 0, prices: [1]}\n",
            11,
            "2 prix",
        ),
        (
            HEAD + "tariffs:\n- id: a\n  grid: {by: school, rows: [{from: 0, price: 1}]}\n",
            7,
            "un nombre",
        ),
        (HEAD + "tariffs:\n- {id: a, price: 1, from: 2026-13-01}\n", 6, "une date"),
        (HEAD + "tariffs:\n- {id: a, price: 1, from: 2026-02-02, until: 2026-01-01}\n", 6, "après"),
        (HEAD + "deadlines:\n- {id: a, action: book, limit: {weekday: monday}}\n", 6, "mon"),
        (
            HEAD + "deadlines:\n- {id: a, action: book, limit: {days_before: 1, time: 25:00}}\n",
            6,
            "HH:MM",
        ),
        (
            HEAD + "deadlines:\n- {id: a, action: book, limit: {days_before: 1, weeks: 1}}\n",
            6,
            "weekday",
        ),
        (HEAD + "deadlines:\n- {id: a, action: book}\n", 6, "limit"),
        (HEAD + "absences:\n- {id: a, charge: 120}\n", 6, "0 à 100"),
        (HEAD + "assume: {resident: 3}\n", 5, "true ou false"),
        (HEAD + "facts: {quotient: {type: number, label: x}}\n", 5, "pas déjà"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_expected(text, line, words):
    with pytest.raises(FileError) as told:
        read_text(text, "ville.yaml")
    problem = told.value.problems[0]
    assert problem.line == line, str(told.value)
    assert words in str(told.value)
    assert str(told.value).startswith(f"ville.yaml:{line}:")


def test_every_mistake_is_told_at_once():
    text = HEAD + "tariffs:\n- {id: a, price: x}\n- {id: b, price: 1}\n- {id: c, prix: 1}\n"
    with pytest.raises(FileError) as told:
        read_text(text)
    assert [p.line for p in told.value.problems] == [6, 8]


def test_a_number_is_never_a_float():
    book = read_text(HEAD + "tariffs:\n- {id: a, price: 0.1}\n- {id: b, price: '3.05'}\n")
    assert [str(rule.amount.value) for rule in book.tariffs] == ["0.1", "3.05"]


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes("name: é".encode("latin-1"))
    with pytest.raises(FileError, match="UTF-8"):
        read_file(path)
