"""The month of a contract against figures worked out by hand from the national reference.

By hand (contract of three months, Monday, Tuesday and Thursday from 8 h 30 to 17 h 30, one week
off, the crèche closed on 24 and 31 December, known when the contract is signed):

    Price     36 000 € ÷ 12 = 3 000 €; two children: 0,0516 % → 1,548 → 1,55 € an hour
    Mondays   5 12 19 26 Oct, 2 9 16 23 30 Nov, 7 14 21 28 Dec                  13
    Tuesdays  6 13 20 27 Oct, 3 10 17 24 Nov, 1 8 15 22 29 Dec                  13
    Thursdays 1 8 15 22 29 Oct, 5 12 19 26 Nov, 3 10 17 Dec (24, 31 closed)     12
    38 days × 9 h = 342 h, less one week (27 h) = 315 h
    Instalment 315 h × 1,55 € ÷ 3 months = 162,75 €

    October   13 planned days × 9 h = 117 h contracted
      5       8 h 20 – 17 h 40: a half-hour begun before, one after: 1 h above = 1,55 €
      12–19   ill, certificate: 12 and 13 stay due (day 1 and two calendar days),
              15 and 19 (calendar days 4 and 8) are given back: 18 h × 1,55 = 27,90 €
      22      closed by a strike, decided after the contract: 9 h × 1,55 = 13,95 €
      real    8 days × 9 h + 1 h = 73 h
      invoiced 105 h (315 ÷ 3) + 1 − 18 − 9 = 79 h
      to pay  162,75 + 1,55 − 27,90 − 13,95 = 122,45 €
"""

import datetime as dt
from decimal import Decimal

import pytest

from preau.childcare import queries, services
from preau.childcare.errors import MonthClosed, MonthNotReady, NoticeTooShort
from preau.childcare.monthly import reckon
from preau.childcare.rules.hours import begun, day_hours
from preau.childcare.rules.instalments import half_up, instalment, price_of
from preau.kernel.enums import Channel
from tests.childcare.world import (
    AGENT,
    HOURS,
    WEEK,
    WHO,
    add_baby,
    came,
    close_site,
    day,
    give_income,
    make_world,
    october,
    sign,
)

AFTER = {"now": dt.datetime(2027, 2, 3, 9, 0, tzinfo=dt.UTC), "actor": AGENT}
IN_NOVEMBER = {"now": dt.datetime(2026, 11, 4, 9, 0, tzinfo=dt.UTC), "actor": AGENT}


# --- Pure rules ------------------------------------------------------------------------------


def test_half_hours_begun():
    assert [begun(n) for n in (-5, 0, 1, 30, 31, 60)] == [0, 0, 30, 30, 60, 60]
    assert begun(5, tolerance=5) == 0 and begun(6, tolerance=5) == 30


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (None, (540, 0, 0)),
        ((510, 1050), (540, 540, 0)),
        ((500, 1060), (540, 600, 60)),
        ((540, 1000), (540, 480, 0)),  # 7 h 40 inside, begun: 8 h
        ((1060, 1090), (540, 30, 30)),  # wholly after the contract
        ((460, 505), (540, 60, 60)),  # wholly before: 45 minutes begun
    ],
)
def test_a_day_by_the_clock(came, expected):
    found = day_hours(HOURS, came)
    assert (found.planned, found.real, found.over) == expected


def test_a_day_outside_the_contract_is_wholly_above():
    assert day_hours(None, (540, 605)).over == 90


def test_roundings_are_exact():
    assert [half_up(5, 2), half_up(-5, 2), half_up(4, 3)] == [3, -3, 1]
    assert price_of(90, 155) == 233  # 1 h 30 × 1,55 = 2,325 → 2,33


def test_the_instalment_by_hand():
    found = instalment(
        week=WEEK,
        first=day("2026-10-01"),
        last=day("2026-12-31"),
        closed={day("2026-12-24"), day("2026-12-31")},
        weeks_off=Decimal(1),
        hourly_cents=155,
    )
    assert (found.opened_days, found.opened_minutes) == (38, 342 * 60)
    assert (found.minutes, found.months, found.cents) == (315 * 60, 3, 16_275)
    said = " ".join(found.sentences(Decimal(1)))
    assert "342\u00a0h" in said and "162,75" in said and "315\u00a0h" in said


# --- With the town's rules and the database ---------------------------------------------------


@pytest.fixture
def world(db):
    world = make_world()
    close_site(world.site, "2026-12-24", "2026-12-31")
    return world


def test_the_month_worked_out_by_hand(world):
    contract = sign(world)
    terms = contract.terms.get()
    assert (terms.hourly_cents, terms.minutes, terms.instalment_cents) == (155, 18_900, 16_275)
    assert any("0,0516" in sentence for sentence in terms.tariff_sentences)
    october(contract, world)
    [row] = services.close_month(
        month=day("2026-10-01"), establishment_ids=[world.site.pk], **IN_NOVEMBER
    )
    assert (row.contracted_minutes, row.real_minutes, row.invoiced_minutes) == (
        117 * 60,
        73 * 60,
        79 * 60,
    )
    assert [(line["kind"], line["minutes"] // 60, line["cents"]) for line in row.lines] == [
        ("instalment", 105, 16_275),
        ("deduction", -18, -2_790),
        ("deduction", -9, -1_395),
        ("over", 1, 155),
    ]
    assert row.total_cents == 12_245
    assert (
        services.close_month(
            month=day("2026-10-01"), establishment_ids=[world.site.pk], **IN_NOVEMBER
        )
        == []
    )


def test_a_late_certificate_is_put_right_by_the_next_month(world):
    contract = sign(world)
    october(contract, world)
    absence = contract.absences.get()
    absence.certificate_at = None
    absence.save()
    [first] = services.close_month(
        month=day("2026-10-01"), establishment_ids=[world.site.pk], **IN_NOVEMBER
    )
    # 162,75 + 1,55 − 13,95: the illness is not proved yet.
    assert first.total_cents == 15_035
    services.add_certificate(absence_id=absence.pk, **IN_NOVEMBER)
    [november] = reckon([queries.get_contract(contract.pk)], day("2026-11-01"))
    correction = next(line for line in november.lines if line.kind == "correction")
    assert (correction.cents, correction.minutes) == (-2_790, -18 * 60)
    [second] = services.close_month(
        month=day("2026-11-01"), establishment_ids=[world.site.pk], **AFTER
    )
    assert second.total_cents == 16_275 - 2_790
    # Put right once: December says nothing of it any more.
    [december] = reckon([queries.get_contract(contract.pk)], day("2026-12-01"))
    assert "correction" not in [line.kind for line in december.lines]


def test_the_end_settles_hours_kept_against_instalments(world):
    """By hand: three instalments paid 315 h. No week off was taken, so 342 h were kept:
    342 × 1,55 = 530,10 €, less 3 × 162,75 = 488,25 €, leaves 41,85 € (27 h × 1,55)."""
    contract = sign(world)
    found = reckon([contract], day("2026-12-01"))[0]
    line = found.lines[-1]
    assert (line.kind, line.minutes, line.cents) == ("settlement", 27 * 60, 4_185)
    # With the week off taken (23, 24 and 26 November), nothing is left to settle.
    services.report_absence(
        contract_id=contract.pk,
        starts_on=day("2026-11-23"),
        ends_on=day("2026-11-27"),
        reason="LEAVE",
        channel=Channel.COUNTER,
        **IN_NOVEMBER,
    )
    found = reckon([contract], day("2026-12-01"))[0]
    assert [line.kind for line in found.lines] == ["instalment"]


def test_an_early_end_with_its_notice(world):
    """By hand: ends on Monday 30 November. Kept: 13 days in October and 13 in November
    (5 Mondays, 4 Tuesdays, 4 Thursdays) × 9 h = 234 h × 1,55 = 362,70 €; two instalments paid
    325,50 €: 37,20 € are left."""
    contract = sign(world)
    with pytest.raises(NoticeTooShort):
        services.end_contract(
            contract_id=contract.pk, ends_on=day("2026-11-30"), reason="départ", **IN_NOVEMBER
        )
    services.end_contract(
        contract_id=contract.pk,
        ends_on=day("2026-11-30"),
        notified_on=day("2026-10-15"),
        reason="déménagement",
        **IN_NOVEMBER,
    )
    contract.refresh_from_db()
    november = reckon([contract], day("2026-11-01"))[0]
    assert november.lines[-1].kind == "settlement"
    assert november.lines[-1].cents == 3_720
    assert reckon([contract], day("2026-12-01")) == []


def test_an_amendment_changes_the_instalment_from_its_month(world):
    """By hand: from 1 December, Mondays alone (7, 14, 21, 28): 4 × 9 h = 36 h × 1,55 = 55,80 €."""
    contract = sign(world)
    terms = services.amend_contract(
        contract_id=contract.pk,
        applies_from=day("2026-12-01"),
        week=(HOURS, None, None, None, None),
        weeks_off=Decimal(0),
        reason="temps partiel",
        **IN_NOVEMBER,
    )
    assert (terms.months, terms.instalment_cents) == (1, 5_580)
    november = reckon([contract], day("2026-11-01"))[0]
    december = reckon([contract], day("2026-12-01"))[0]
    assert november.cents == 16_275
    # The settlement of October and November: 234 h kept × 1,55 = 362,70 less 325,50.
    assert [(line.kind, line.cents) for line in december.lines] == [
        ("instalment", 5_580),
        ("settlement", 3_720),
    ]
    services.close_month(month=day("2026-10-01"), establishment_ids=[world.site.pk], **IN_NOVEMBER)
    with pytest.raises(MonthClosed):
        services.end_contract(
            contract_id=contract.pk,
            ends_on=day("2026-10-30"),
            waives_notice=True,
            reason="",
            **IN_NOVEMBER,
        )


def test_steps_before_the_start_are_paid_by_the_hour(world):
    """By hand: 28 September 9–10 h (1 h) and 29 September 9–12 h (3 h): 4 × 1,55 = 6,20 €."""
    contract = sign(
        world, adaptation=[(day("2026-09-28"), (540, 600)), (day("2026-09-29"), (540, 720))]
    )
    came(contract, "2026-09-28", "09:00", "10:00")
    september = reckon([contract], day("2026-09-01"))[0]
    assert [(line.kind, line.minutes, line.cents) for line in september.lines] == [
        ("adaptation", 240, 620)
    ]
    assert (september.bill.contracted, september.bill.real) == (240, 60)


@pytest.mark.parametrize(
    ("annual", "children", "disabled", "cents"),
    [
        (3_600_000, 1, False, 186),  # 3 000 × 0,0619 % = 1,857
        (3_600_000, 2, True, 124),  # one step down: 0,0413 % = 1,239
        (3_600_000, 5, False, 93),  # 0,0310 %
        (3_600_000, 8, False, 62),  # 0,0206 % = 0,618
        (600_000, 1, False, 50),  # 500 € → floor 814,62 × 0,0619 % = 0,504
        (20_000_000, 1, False, 526),  # cap 8 500 × 0,0619 % = 5,2615
        (None, 1, False, 526),  # not given: the cap's price
    ],
)
def test_the_price_of_an_hour(world, annual, children, disabled, cents):
    give_income(
        world.family,
        annual,
        children=children,
        has_disabled_child=disabled,
        starts_on=day("2026-09-01"),
    )
    assert sign(world).terms.get().hourly_cents == cents


def test_a_new_income_re_prices_the_running_contracts(world):
    contract = sign(world)
    give_income(world.family, 4_800_000, starts_on=day("2026-11-01"))
    changed, refused = services.revise_tariffs(
        applies_from=day("2026-11-01"), establishment_ids=[world.site.pk], **WHO
    )
    assert (changed, refused) == (1, [])
    # 4 000 × 0,0516 % = 2,064 → 2,06 €. November and December keep 25 days (13 + 12: Thursdays
    # 24 and 31 December are closed) × 9 h = 225 h, less the week off = 198 h ÷ 2.
    terms = contract.terms.last()
    assert (terms.hourly_cents, terms.minutes, terms.months) == (206, 198 * 60, 2)
    assert terms.instalment_cents == 20_394
    assert services.revise_tariffs(
        applies_from=day("2026-11-01"), establishment_ids=[world.site.pk], **WHO
    ) == (0, [])


def test_a_month_is_closed_when_it_is_over_and_every_departure_is_noted(world):
    contract = sign(world)
    with pytest.raises(MonthNotReady):
        services.close_month(
            month=day("2026-10-01"),
            establishment_ids=[world.site.pk],
            now=dt.datetime(2026, 10, 31, 12, 0, tzinfo=dt.UTC),
            actor=AGENT,
        )
    services.punch(
        contract_id=contract.pk,
        source="CODE",
        now=dt.datetime(2026, 10, 5, 6, 25, tzinfo=dt.UTC),
        actor=AGENT,
    )
    with pytest.raises(MonthNotReady, match="Zélie"):
        services.close_month(
            month=day("2026-10-01"), establishment_ids=[world.site.pk], **IN_NOVEMBER
        )


@pytest.mark.parametrize("count", [1, 3])
def test_a_month_costs_the_same_whatever_the_number_of_children(
    world, count, django_assert_max_num_queries
):
    for order in range(count):
        sign(world, child_id=add_baby(world.family, f"Bébé {order}").pk)
    contracts = list(queries.contracts_of_month(day("2026-10-01"), [world.site.pk]))
    with django_assert_max_num_queries(26):
        assert len(reckon(contracts, day("2026-10-01"))) == count
