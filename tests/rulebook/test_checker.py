"""The checker: each finding, with the exact values concerned."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from preau.rulebook.checking.check import blocking, check
from preau.rulebook.text.read_book import read_file
from tests.rulebook.helpers import CALENDAR, book

EXAMPLES = Path(__file__).parents[2] / "examples/rulebooks"


def found(rules, code, **more):
    town = book(rules)
    town = replace(town, activities=town.activities[:1], **more)
    return [f for f in check(town, CALENDAR) if f.code == code]


def grid(rows, more=""):
    listed = "\n".join(f"    - {row}" for row in rows)
    head = "tariffs:\n- id: a\n  grid:\n    by: quotient\n    missing: highest\n"
    return f"{head}{more}    rows:\n{listed}\n"


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (["{from: 0, to: 285, price: 1}", "{from: 286, price: 2}"], ("285.01", "285.99")),
        (["{below: 2000, price: 1}", "{above: 2000, price: 2}"], ("2000",)),
        (["{from: 0, below: 285, price: 1}", "{from: 286, price: 2}"], ("285", "285.99")),
        (["{from: 0, to: 500, price: 1}"], ("500",)),
        (["{from: 100, price: 1}"], ("0", "100")),
    ],
)
def test_holes(rows, values):
    [finding] = found(grid(rows), "hole")
    assert (finding.values, finding.severity, finding.rule_id) == (values, "error", "a")
    assert finding.line is not None


@pytest.mark.parametrize(
    "rows",
    [
        ["{from: 0, below: 400, price: 1}", "{from: 400, price: 2}"],
        ["{from: 0, to: 308, price: 1}", "{from: 308.01, price: 2}"],
        ["{to: 400, price: 1}", "{above: 400, price: 2}"],
    ],
)
def test_no_hole(rows):
    assert not found(grid(rows), "hole")


def test_whole_brackets_have_no_hole_once_the_rounding_is_said():
    rows = ["{from: 0, to: 622, price: 1}", "{from: 623, price: 2}"]
    assert not found(grid(rows, "    gaps: round_down\n"), "hole")
    rows = ["{from: 0, to: 285, price: 1}", "{from: 287, price: 2}"]
    assert found(grid(rows, "    gaps: round_down\n"), "hole")[0].values == ("286",)


def test_overlaps():
    [finding] = found(grid(["{from: 0, to: 800, price: 1}", "{from: 800, price: 2}"]), "overlap")
    assert finding.values == ("800", "800")
    assert found(grid(["{from: 0, to: 900, price: 1}", "{from: 800, price: 2}"]), "overlap")


def test_no_rule_for_a_family_without_quotient():
    rules = "tariffs:\n- {id: a, rate: {of: quotient, rate: 0.01}}\n"
    assert found(rules, "no_unknown")[0].rule_id == "a"
    answered = (
        "tariffs:\n- {id: z, when: {quotient: unknown}, price: 9}\n"
        "- {id: a, rate: {of: quotient, rate: 0.01}}\n"
    )
    assert not found(answered, "no_unknown")


@pytest.mark.parametrize(
    "rules",
    [
        "tariffs:\n- {id: a, price: 1}\n- {id: b, price: 2, when: {rank: 2}}\n",
        "tariffs:\n- {id: a, price: 1, when: {rank: {min: 2}}}\n"
        "- {id: b, price: 2, when: {rank: 3, resident: true}}\n- {id: c, price: 1}\n",
        "tariffs:\n- {id: c, price: 1, when: {not: {mode: occasional}}}\n"
        "- {id: b, price: 1, when: {rank: {min: 3, below: 3}}}\n- {id: d, price: 3}\n",
        "absences:\n- {id: a, charge: 0}\n- {id: b, when: {reason: illness}, charge: 100}\n",
        "deadlines:\n- {id: a, action: [book, cancel], limit: {days_before: 1}}\n"
        "- {id: b, action: book, limit: {days_before: 2}}\n",
    ],
)
def test_unreachable_rules(rules):
    assert [f.rule_id for f in found(rules, "unreachable")] == ["b"]


def test_rules_that_share_cases_are_not_unreachable():
    rules = (
        "tariffs:\n- {id: a, price: 1, when: {rank: 2}, until: 2026-12-31}\n"
        "- {id: b, price: 2, when: {rank: 2}, from: 2027-01-01}\n- {id: c, price: 3}\n"
    )
    assert not found(rules, "unreachable")
    mapped = (
        "deadlines:\n- id: a\n  action: book\n  limit: {map: {mon: {weekday: thu}}}\n"
        "- {id: b, action: book, limit: {days_before: 2}}\n"
    )
    assert not found(mapped, "unreachable")


def test_a_missing_product_and_a_case_without_a_price():
    town = book("tariffs:\n- {id: a, price: 1, for: cantine}\n")
    missing = [f for f in check(town, CALENDAR) if f.code == "no_tariff"]
    assert [f.values for f in missing] == [("soir", "seance"), ("vacances", "")]
    rules = "tariffs:\n- {id: a, when: {resident: true}, price: 1}\n"
    [finding] = found(rules, "no_price")
    assert "resident=False" in finding.values
    rules = (
        "tariffs:\n- {id: a, choice: {by: level, values: {nursery: 1}}}\n"
        "adjustments:\n- {id: b, when: {level: elementary}, add: 1}\n"
    )
    assert found(rules, "no_price")[0].rule_id == "a"


def test_a_price_of_an_unknown_product():
    assert found("tariffs:\n- {id: a, price_of: repas}\n", "bad_product")


def test_dates_that_overlap_or_leave_days():
    rules = (
        "tariffs:\n- {id: a, price: 1, until: 2027-01-10}\n- {id: b, price: 2, from: 2027-01-01}\n"
    )
    assert found(rules, "dates_overlap")[0].values == ("2027-01-01", "2027-01-10")
    rules = (
        "tariffs:\n- {id: a, price: 1, until: 2026-12-30}\n- {id: b, price: 2, from: 2027-01-02}\n"
    )
    assert found(rules, "dates_hole")[0].values == ("2026-12-31", "2027-01-01")


def test_a_cut_off_on_a_public_holiday():
    rules = "deadlines:\n- {id: d, action: book, limit: {weekday: wed, time: 10:00}}\n"
    [finding] = found(rules, "deadline_closed")
    assert finding.values[1] == "2026-11-11"
    moved = rules.replace("10:00", "10:00, shift: {move: earlier, closed: [public_holidays]}")
    assert not found(moved, "deadline_closed")


def test_a_deadline_that_can_never_be_met():
    rules = (
        "deadlines:\n- {id: d, action: book, limit: {days_before: 10}, opens: {days_before: 5}}\n"
    )
    assert found(rules, "deadline")
    assert found(
        "deadlines:\n- {id: d, action: book, limit: {weekday: fri, weeks: 0}}\n", "deadline"
    )
    windows = (
        "deadlines:\n- id: d\n  action: book\n  limit: {windows: [{opens: 2026-10-02, "
        "closes: 2026-10-01}]}\n"
    )
    assert found(windows, "deadline")


def test_hours_before_need_an_hour():
    town = book("deadlines:\n- {id: d, for: vacances, action: book, limit: {hours_before: 72}}\n")
    assert [f.rule_id for f in check(town, CALENDAR) if f.code == "no_start"] == ["d"]


def test_a_text_with_two_readings_is_an_error_that_names_them():
    rules = "tariffs:\n- id: a\n  price: 1\n  unclear: {question: Ou deux ?, or: []}\n"
    rules = rules.replace(
        "{question: Ou deux ?, or: []}",
        "\n    question: Ou deux\n    or: [{reading: deux euros, price: 2}]",
    )
    [finding] = found(rules, "ambiguous")
    assert finding.blocking and finding.values == ("deux euros",)


def priced(cost, rules, **more):
    town = book(rules)
    activity = replace(town.activities[0], cost=cost)
    town = replace(town, activities=(activity,), **more)
    return [f for f in check(town, CALENDAR) if f.severity == "warning"]


def test_a_meal_above_its_cost():
    from decimal import Decimal

    rules = "tariffs:\n- {id: a, price: 9}\nsurcharges:\n- {id: s, when: {booked: false}, add: 2}\n"
    over = [f for f in priced(Decimal(8), rules) if f.code == "meal_cost"]
    assert over[0].values == ("9", "8")
    surcharged = [f for f in priced(Decimal(10), rules) if f.code == "meal_cost"]
    assert surcharged[0].values == ("11", "10")
    assert not [f for f in priced(Decimal(12), rules) if f.code == "meal_cost"]


def test_a_meal_refused_for_debt():
    rules = (
        "tariffs:\n- {id: a, price: 9}\naccess:\n"
        "- {id: d, when: {unpaid: {above: 0}}, outcome: %s}\n"
    )
    assert found(rules % "refused", "meal_debt")
    assert not found(rules % "blocked", "meal_debt")


def test_a_retroactive_increase():
    rules = "tariffs:\n- {id: a, price: 9}\n"
    dates = {"applies_from": date(2026, 9, 1), "executory_on": date(2026, 10, 1)}
    assert found(rules, "retroactive", **dates)[0].values == ("2026-09-01", "2026-10-01")
    before = book("tariffs:\n- {id: a, price: 8}\n")
    after = replace(book(rules), **dates)
    told = [f for f in check(after, CALENDAR, before) if f.code == "retroactive"]
    assert "8,00" in told[0].message and "9,00" in told[0].message
    cheaper = replace(book("tariffs:\n- {id: a, price: 7}\n"), **dates)
    assert not [f for f in check(cheaper, CALENDAR, before) if f.code == "retroactive"]


def test_the_demo_town_has_nothing_to_settle():
    assert check(read_file(EXAMPLES / "demo.yaml"), CALENDAR) == ()


def test_what_the_pages_leave_open_is_reported():
    told = check(read_file(EXAMPLES / "roncq.yaml"), CALENDAR)
    assert ("hole", ("1900",)) in {(f.code, f.values) for f in blocking(told)}
    assert ("hole", ("800", "859.99")) in {(f.code, f.values) for f in blocking(told)}
