"""`preau rulebook …` from the outside."""

from pathlib import Path

from typer.testing import CliRunner

from preau.rulebook.cli import app
from tests.rulebook.helpers import plain

EXAMPLES = Path(__file__).parents[2] / "examples/rulebooks"
CASES = EXAMPLES / "cases"


def run(*arguments):
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    return done.exit_code, plain(done.output)


def test_check_says_each_finding_and_fails_on_an_error():
    code, said = run("check", EXAMPLES / "champcevinel.yaml")
    assert code == 1 and "QF de 622,01 à 622,99" in said and "champcevinel.yaml:8" in said
    assert run("check", EXAMPLES / "demo.yaml", "--calendar", CASES / "calendar.yaml")[0] == 0


def test_price_says_why():
    code, said = run(
        "price", EXAMPLES / "demo.yaml", "--activity", "cantine", "--facts", "quotient=812 rank=3"
    )
    assert code == 0
    assert "3e enfant et suivants : moitié → 1,70 €" in said and "Total : 1,70 €" in said
    code, said = run("price", EXAMPLES / "nalliers.yaml", "--facts", "quotient=2000")
    assert code == 1 and "QF 2 000 n’est dans aucune tranche" in said


def test_a_decision_from_the_command_line():
    code, said = run(
        "price",
        EXAMPLES / "demo.yaml",
        "--activity",
        "cantine",
        "--day",
        "2026-11-12",
        "--action",
        "cancel",
        "--at",
        "2026-11-10T10:00",
        "--facts",
        "quotient=812",
    )
    assert code == 0 and "Décision : refused, facturé, 3,40 €" in said


def test_bad_input_is_told_and_never_priced():
    for facts in ("quotient=beaucoup", "qf=3", "rank=1.5", "resident=oui"):
        code, said = run("price", EXAMPLES / "nalliers.yaml", "--facts", facts)
        assert code == 2 and "Total" not in said, said
    assert run("check", "rien.yaml")[0] == 2


def test_cases_fail_on_a_difference(tmp_path):
    assert run("cases", EXAMPLES / "bubry.yaml", CASES / "bubry.yaml")[0] == 0
    text = (CASES / "bubry.yaml").read_text(encoding="utf-8").replace("1.53", "1.52")
    (tmp_path / "calendar.yaml").write_text("zone: C\n", encoding="utf-8")
    (tmp_path / "bubry.yaml").write_text(text, encoding="utf-8")
    code, said = run("cases", EXAMPLES / "bubry.yaml", tmp_path / "bubry.yaml")
    assert code == 1 and "attendu 1.52, obtenu 1.53" in said
