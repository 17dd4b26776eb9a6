"""Prices and their explanations, shape by shape."""

from datetime import time
from decimal import Decimal

import pytest

from preau.rulebook import api
from preau.rulebook.api import FactError, Facts, Undecided, Use
from tests.rulebook.helpers import CALENDAR, THURSDAY, book, plain, qf

GRID = """tariffs:
- id: qf
  label: Repas selon le quotient
  for: cantine
  grid:
    by: quotient
    rows:
    - {from: 0, below: 800, price: 2.00}
    - {from: 800, to: 999.99, price: 3.05}
    - {from: 1000, price: 4.00}
"""


def price(rules, facts=None, activity="cantine", product=None, day=THURSDAY):
    return api.price(book(rules), activity, product, day, facts or Facts(), CALENDAR)


def told(found):
    return [plain(sentence) for sentence in found.sentences]


def test_the_sentences_are_those_a_parent_can_check():
    rules = (
        GRID
        + """adjustments:
- {id: fratrie, label: 3e enfant, when: {rank: {min: 3}}, multiply: 0.5}
surcharges:
- {id: tardif, label: 'réservé après lundi 9 h', when: {booked: false}, add: 2.50}
"""
    )
    found = price(rules, qf(812, rank=3, booked=False))
    assert told(found) == [
        "QF 812 : tranche 800 à 999,99 → 3,05 €",
        "3e enfant : moitié → 1,53 €",
        "réservé après lundi 9 h : + 2,50 €",
    ]
    assert [line.cents for line in found.lines] == [305, -152, 250]
    assert (found.cents, found.surcharge_cents) == (403, 250)
    assert found.rule_ids == ("qf", "fratrie", "tardif")


@pytest.mark.parametrize(
    ("gaps", "value", "cents"),
    [
        ("round_down", "622.5", 100),
        ("round_nearest", "622.5", 330),
        ("round_up", "622.01", 330),
        ("lower", "622.9", 100),
        ("upper", "622.1", 330),
    ],
)
def test_a_value_between_two_brackets_goes_where_the_town_says(gaps, value, cents):
    rules = f"""tariffs:
- id: a
  grid:
    by: quotient
    gaps: {gaps}
    rows: [{{from: 0, to: 622, price: 1.00}}, {{from: 623, price: 3.30}}]
"""
    assert price(rules, qf(value)).cents == cents


def test_a_value_between_two_brackets_is_undecided_unless_said():
    rules = (
        "tariffs:\n- id: a\n  grid:\n    by: quotient\n    rows: [{from: 0, to: 622, "
        "price: 1}, {from: 623, price: 2}]\n"
    )
    with pytest.raises(Undecided, match="aucune tranche") as told_:
        price(rules, qf("622.5"))
    assert told_.value.rule_id == "a"


@pytest.mark.parametrize(("missing", "cents"), [("highest", 400), ("lowest", 200)])
def test_no_quotient(missing, cents):
    rules = GRID.replace("by: quotient", f"by: quotient\n    missing: {missing}")
    assert price(rules).cents == cents
    with pytest.raises(Undecided, match="non fourni"):
        price(GRID)


def test_columns_in_short_and_a_row_by_condition():
    rules = """tariffs:
- id: a
  grid:
    by: quotient
    columns: {by: rank, values: [1, 2, {min: 3}]}
    rows:
    - {when: {social_aid: true}, label: CCAS, prices: [0.50, 0.40, 0.30]}
    - {from: 0, prices: [3, 2, 1]}
"""
    assert [price(rules, qf(1, rank=r)).cents for r in (1, 2, 3, 5)] == [300, 200, 100, 100]
    assert price(rules, qf(1, rank=2, social_aid=True)).cents == 40


@pytest.mark.parametrize(("value", "cents"), [(100, 200), (500, 250), (1000, 500), (2000, 500)])
def test_a_rate_kept_between_a_floor_and_a_ceiling(value, cents):
    rules = "tariffs:\n- {id: a, rate: {of: quotient, percent: 0.5, min: 2.00, max: 5.00}}\n"
    assert price(rules, qf(value)).cents == cents


def test_a_straight_line_between_points():
    rules = "tariffs:\n- {id: a, line: {of: quotient, points: [[300, 1], [1300, 6]]}}\n"
    assert [price(rules, qf(v)).cents for v in (0, 300, 800, 801, 5000)] == [
        100,
        100,
        350,
        351,
        600,
    ]


@pytest.mark.parametrize(
    ("started", "minutes", "cents"),
    [
        ("due", 31, 200),
        ("due", 30, 100),
        ("free", 59, 100),
        ("nearest", 44, 100),
        ("nearest", 45, 200),
        ("exact", 45, 150),
    ],
)
def test_slices_of_time(started, minutes, cents):
    rules = f"tariffs:\n- {{id: a, price: 1, unit: {{every: half_hour, started: {started}}}}}\n"
    assert price(rules, Facts(minutes=minutes)).cents == cents


def test_grace_free_minutes_and_a_length_read_from_the_hours():
    rules = "tariffs:\n- {id: a, price: 1, unit: {every: half_hour, grace: 5, free: 10}}\n"
    assert price(rules, Facts(minutes=45)).cents == 100
    assert price(rules, Facts(minutes=46)).cents == 200
    rules = "tariffs:\n- {id: a, price: 1, unit: half_hour}\n"
    assert price(rules, Facts(time_out=time(17, 31)), "soir").cents == 300


def test_rounding_is_the_town_s():
    rules = "tariffs:\n- {id: a, rate: {of: quotient, rate: 0.001}, times: hours}\n"
    facts = qf("1105.5", hours=Decimal(3))
    assert price(rules, facts).cents == 333
    assert price("rounding: down\n" + rules, facts).cents == 330
    assert price("rounding: {mode: half_up, unit: false}\n" + rules, facts).cents == 332
    assert price("rounding: {mode: half_up, step_cents: 5}\n" + rules, facts).cents == 330


def test_adjustments_in_order_on_the_price_or_on_its_base():
    rules = (
        GRID
        + """adjustments:
- {id: a, label: A, percent: -10}
- {id: b, label: B, percent: -10, of_base: true}
- {id: c, label: C, at_least: 3.25}
"""
    )
    assert [line.cents for line in price(rules, qf(1200)).lines] == [400, -40, -40, 5]


def test_in_a_group_only_the_first_applies():
    rules = (
        GRID
        + """adjustments:
- {id: a, label: A, add: -1, when: {rank: {min: 2}}, group: remise}
- {id: b, label: B, add: -2, group: remise}
"""
    )
    assert price(rules, qf(1200, rank=2)).cents == 300
    assert price(rules, qf(1200)).cents == 200


def test_extras_have_their_own_price_and_count():
    rules = (
        GRID
        + """extras:
- {id: gouter, label: Goûter, when: {addons: {has: gouter}}, price: 0.50}
- {id: nuit, label: Nuitée, when: {nights: {above: 0}}, price: 10, times: nights}
"""
    )
    found = price(rules, qf(1200, addons={"gouter"}, nights=2))
    assert found.cents == 400 + 50 + 2000
    assert told(found)[2] == "Nuitée : 2 nuits × 10,00 € = + 20,00 €"


def test_rules_have_dates_and_days():
    rules = """tariffs:
- {id: avant, price: 3, until: 2026-12-31}
- {id: mercredi, price: 9, from: 2027-01-01, for: {weekday: wed}}
- {id: apres, price: 4, from: 2027-01-01}
"""
    days = [THURSDAY, THURSDAY.replace(2027, 1, 6), THURSDAY.replace(2027, 1, 7)]
    assert [price(rules, day=day).cents for day in days] == [300, 900, 400]


def test_a_new_quotient_counts_from_the_month_after():
    rules = "quotient: {change: next_month}\n" + GRID
    facts = qf(500, quotient_previous=Decimal(1200), quotient_received_on=THURSDAY.replace(day=12))
    assert price(rules, facts).cents == 400
    assert price(rules, facts, day=THURSDAY.replace(month=12, day=1)).cents == 200


def test_the_town_s_own_quotient_is_computed_when_none_is_known():
    rules = (
        """quotient:
  formula:
    terms: [{fact: annual_income, divide: 12}, {fact: monthly_benefits}]
    divided_by: [tax_parts]
"""
        + GRID
    )
    facts = Facts(annual_income=24000, monthly_benefits=150, tax_parts=Decimal("2.5"))
    worth = api.quotient(book(rules), facts)
    assert (worth.value, plain(worth.why)) == (
        860,
        "quotient : (revenu annuel 24 000 ÷ 12 + prestations mensuelles 150) ÷ "
        "2,5 parts fiscales = 860",
    )
    assert price(rules, facts).cents == 305


def test_several_readings_answer_when_they_agree_and_say_so_when_not():
    rules = """tariffs:
- id: a
  label: Repas
  when: {rank: {min: 3}}
  price: 1
  unclear: {question: 'Le quatrième aussi ?', or: [{reading: non, when: {rank: 3}}]}
- {id: b, price: 2}
"""
    assert price(rules, Facts(rank=3)).cents == 100
    with pytest.raises(Undecided, match="quatrième") as told_:
        price(rules, Facts(rank=4))
    assert told_.value.readings == ("1,00\u202f€", "non\u00a0: 2,00\u202f€")


def test_a_fact_of_the_wrong_type_never_reaches_a_price():
    for values in (
        {"quotient": 812.5},
        {"quotient": "812"},
        {"rank": True},
        {"rang": 3},
        {"resident": 1},
        {"level": "cp"},
        {"quotient": Decimal("NaN")},
        {"day": "2026-01-01"},
    ):
        with pytest.raises(FactError):
            Facts(values)


def test_nothing_is_guessed_without_a_tariff():
    with pytest.raises(Undecided, match="aucun tarif"):
        price("tariffs:\n- {id: a, price: 1, when: {mode: occasional}}\n")


WEEK = [THURSDAY.replace(day=day) for day in (16, 17, 19, 20)]


def uses(days, child="a", **facts):
    return [Use((child, day), child, "cantine", "", day, qf(1200, **facts)) for day in days]


def test_a_month_ceiling_a_switch_and_a_discount_are_lines_that_add_up():
    rules = (
        GRID
        + """groups:
- {id: remise, label: Semaine, for: cantine, span: week, count: {days: {min: 4}}, percent: -10}
- {id: plafond, label: Plafond du mois, for: cantine, each: family, span: month, at_most: 25}
"""
    )
    found = api.month(book(rules), uses(WEEK) + uses(WEEK[:3], "b"), CALENDAR)
    assert [c.cents for c in found.charges if c.key is None] == [-160, -140]
    assert found.cents == sum(c.cents for c in found.charges) == 2500
    assert found.cents == sum(line.cents for c in found.charges for line in c.lines)


def test_a_day_price_by_children_present():
    rules = """tariffs:
- {id: un, when: {children_present: 1}, price: 10}
- {id: deux, when: {children_present: {min: 2}}, price: 8}
"""
    found = api.month(book(rules), uses(WEEK) + uses(WEEK[:1], "b"), CALENDAR)
    assert [c.cents for c in found.charges] == [800, 800, 1000, 1000, 1000]


def test_the_nth_unbooked_of_the_month_costs_more():
    rules = (
        GRID
        + """surcharges:
- {id: s, label: À partir du 3e, when: {booked: false, unbooked_count: {min: 3}}, multiply: 2}
"""
    )
    found = api.month(book(rules), uses(WEEK, booked=False), CALENDAR)
    assert [c.cents for c in found.charges] == [400, 400, 800, 800]


def test_each_distinct_set_of_facts_is_priced_once():
    pricer = api.Pricer(book(GRID), "cantine", "", CALENDAR)
    first = pricer.price(THURSDAY, qf(812, diet="sans porc"))
    assert pricer.price(WEEK[0], qf(812, diet="")) is first
    assert "diet" not in pricer.names
