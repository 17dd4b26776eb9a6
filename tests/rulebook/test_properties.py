"""What must hold whatever the rules: never negative, bounded, monotone, orderless, round trip."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from preau.rulebook import api
from preau.rulebook.api import Facts, Undecided
from preau.rulebook.rules.amounts import (
    Choice,
    Column,
    Fixed,
    Grid,
    Line,
    PriceOf,
    Rate,
    Row,
    Shift,
)
from preau.rulebook.rules.base import Reading, Rounding, Scope, Unclear
from preau.rulebook.rules.book import Activity, Product, Rulebook
from preau.rulebook.rules.conditions import All, AnyOf, Between, Has, Known, Not, OneOf
from preau.rulebook.rules.moments import (
    Absence,
    Access,
    DaysBefore,
    Deadline,
    HoursBefore,
    Limit,
    MonthDay,
    WeekdayBefore,
    WeekdayMap,
)
from preau.rulebook.rules.tariffs import Adjustment, Effect, Extra, Penalty, Surcharge, Tariff, Unit
from preau.rulebook.text.read_book import read_text
from preau.rulebook.text.writer import write_text

DAY = date(2026, 11, 19)
MEAL = Activity("cantine", "Cantine", "meal", products=(Product("repas", "Repas", 690, 820),))

cents = st.integers(0, 5000).map(lambda n: Decimal(n) / 100)
signed = st.integers(-3000, 3000).map(lambda n: Decimal(n) / 100)
quotients = st.integers(0, 400_000).map(lambda n: Decimal(n) / 100)


@st.composite
def grids(draw, rising=False):
    """A grid without holes, bounds included above, below, or on either side."""
    bounds = sorted(draw(st.lists(st.integers(1, 3000), min_size=1, max_size=8, unique=True)))
    amounts = draw(st.lists(cents, min_size=len(bounds) + 1, max_size=len(bounds) + 1))
    if rising:
        amounts = sorted(amounts)
    rows, low, included = [], Decimal(0), True
    for bound, amount in zip(bounds, amounts, strict=False):
        high_included = draw(st.booleans())
        rows.append(Row((Fixed(amount),), low, included, Decimal(bound), high_included))
        low, included = Decimal(bound), not high_included
    rows.append(Row((Fixed(amounts[-1]),), low, included))
    return Grid("quotient", tuple(rows), missing="highest")


def town(amount, adjustments=(), surcharges=(), extras=(), rounding=None):
    return Rulebook(
        "Ville",
        activities=(MEAL,),
        adjustments=tuple(adjustments),
        surcharges=tuple(surcharges),
        extras=tuple(extras),
        rounding=rounding or Rounding(),
        tariffs=(Tariff(id="t", label="Repas", amount=amount),),
    )


def price(book, **facts):
    return api.price(book, "cantine", "repas", DAY, Facts(facts))


effects = st.builds(
    Effect,
    st.sampled_from(["add", "set", "multiply", "percent", "at_least", "at_most"]),
    st.builds(Fixed, signed),
)
ranks = st.sampled_from(
    [All(), All((Between("rank", min=Decimal(2)),)), All((OneOf("rank", (3,)),))]
)


@st.composite
def adjustment_lists(draw, kind=Adjustment):
    made = draw(
        st.lists(
            st.tuples(effects, ranks, st.sampled_from(["unit", "service", "total"]), st.booleans()),
            max_size=4,
        )
    )
    return [
        kind(
            id=f"{kind.__name__.lower()}{n}", label=f"règle {n}", effect=e, when=w, on=o, of_base=b
        )
        for n, (e, w, o, b) in enumerate(made)
    ]


@given(
    grids(),
    adjustment_lists(),
    adjustment_lists(Surcharge),
    quotients,
    st.integers(1, 4),
    st.sampled_from(["half_up", "half_down", "half_even", "down", "up"]),
)
def test_never_negative_and_the_lines_add_up(grid, adjustments, surcharges, quotient, rank, mode):
    found = price(
        town(grid, adjustments, surcharges, rounding=Rounding(mode)), quotient=quotient, rank=rank
    )
    assert found.cents >= 0
    assert sum(line.cents for line in found.lines) == found.cents
    assert all(line.sentence for line in found.lines)


@given(quotients, st.integers(1, 500).map(lambda n: Decimal(n) / 10000), cents, cents)
def test_never_outside_floor_and_ceiling(quotient, rate, one, other):
    low, high = sorted((one, other))
    found = price(
        town(Rate("quotient", Fixed(rate), minimum=Fixed(low), maximum=Fixed(high))),
        quotient=quotient,
    )
    assert low * 100 <= found.cents <= high * 100


@given(grids(rising=True), quotients, quotients)
def test_monotone_where_the_grid_is(grid, one, other):
    book = town(grid)
    less, more = sorted((one, other))
    assert price(book, quotient=less).cents <= price(book, quotient=more).cents
    assert price(book).cents == max(int(row.cells[0].value * 100) for row in grid.rows)


@given(st.randoms(use_true_random=False), quotients, st.integers(1, 4))
def test_the_order_of_unrelated_rules_does_not_matter(random, quotient, rank):
    other = Activity("soir", "Soir")
    mine = [
        Tariff(
            id=f"t{r}",
            label="Repas",
            scope=Scope(("cantine",)),
            amount=Fixed(Decimal(r)),
            when=All((OneOf("rank", (r,)),)),
        )
        for r in range(1, 5)
    ]
    theirs = [
        Tariff(id=f"s{r}", label="Soir", scope=Scope(("soir",)), amount=Fixed(Decimal(9)))
        for r in range(4)
    ]
    mixed = mine + theirs
    random.shuffle(mixed)
    book = Rulebook("Ville", activities=(MEAL, other), tariffs=tuple(mixed))
    assert price(book, quotient=quotient, rank=rank).cents == rank * 100


@given(grids(), quotients)
def test_a_grid_without_holes_always_answers(grid, quotient):
    from preau.rulebook.checking.check import check

    book = town(grid)
    assert not [f for f in check(book) if f.code in ("hole", "overlap", "no_price")]
    assert price(book, quotient=quotient).cents >= 0


@given(grids(), quotients, st.data())
def test_the_checker_finds_every_hole(grid, quotient, data):
    from preau.rulebook.checking.check import check

    gone = data.draw(st.integers(0, len(grid.rows) - 1))
    book = town(replace(grid, rows=grid.rows[:gone] + grid.rows[gone + 1 :]))
    try:
        price(book, quotient=quotient)
    except Undecided:
        assert [f for f in check(book) if f.code in ("hole", "no_price")]


words = st.text(
    "abcdefghijklmnopqrstuvwxyzéèà 0123456789:#'\"-?!{}[]&*€,.\n", min_size=1, max_size=24
)
texts = words.filter(lambda t: t.strip() and t not in ("known", "unknown", "null", "~"))
tests = st.one_of(
    st.builds(
        OneOf,
        st.just("rank"),
        st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True).map(tuple),
    ),
    st.builds(OneOf, st.just("resident"), st.booleans().map(lambda b: (b,))),
    st.builds(OneOf, st.just("zone"), st.lists(texts, min_size=1, max_size=2).map(tuple)),
    st.builds(Between, st.just("quotient"), min=quotients),
    st.builds(Between, st.just("age"), above=quotients, below=quotients),
    st.builds(
        Between,
        st.just("time_out"),
        max=st.times(max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
    ),
    st.builds(Known, st.just("quotient"), st.booleans()),
    st.builds(Has, st.just("addons"), st.lists(texts, min_size=1, max_size=2).map(tuple)),
    st.builds(Not, st.builds(OneOf, st.just("mode"), st.just(("regular",)))),
)
simple = st.lists(tests, max_size=3).map(lambda parts: All(tuple(parts)))
conditions = st.one_of(
    simple,
    st.lists(simple, min_size=1, max_size=2).map(lambda p: All((AnyOf(tuple(p)),))),
    simple.map(lambda c: All((Not(c),))),
)
numbers = st.builds(Fixed, signed)
amounts = st.recursive(
    st.one_of(
        numbers,
        grids(),
        st.just(PriceOf("repas")),
        st.just(PriceOf("repas", "cantine")),
        st.builds(
            Line,
            st.just("quotient"),
            st.just(((Decimal(1), Decimal("0.5")), (Decimal(900), Decimal(7)))),
        ),
    ),
    lambda inner: st.one_of(
        st.builds(
            Rate,
            st.just("quotient"),
            inner,
            plus=st.none() | signed,
            minimum=st.none() | inner,
            maximum=st.none() | inner,
            base_minimum=st.none() | cents,
            missing=st.none() | inner,
        ),
        st.builds(
            Choice,
            st.just("site"),
            st.dictionaries(texts, inner, min_size=1, max_size=3).map(lambda d: tuple(d.items())),
            st.none() | inner,
        ),
        st.builds(
            lambda a, b, when: Grid(
                "quotient",
                (
                    Row((a, None), Decimal(0), True, Decimal(5), False, label="bas"),
                    Row((b, a), when=when),
                    Row((a, b), unknown=True, note="voir"),
                ),
                (Column("x", when, "colonne"), Column("y")),
                "lower",
                "lowest",
                (Shift(-1, when, "décalé"),),
            ),
            inner,
            inner,
            simple,
        ),
    ),
    max_leaves=5,
)
minutes = st.integers(0, 1440)
weekdays = st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
before = st.builds(WeekdayBefore, weekdays, st.none() | st.integers(0, 3))
steps = st.one_of(
    st.builds(DaysBefore, st.integers(0, 30), st.sampled_from(["calendar", "clear", "school"])),
    before,
    st.builds(HoursBefore, st.integers(0, 90), st.just(("sat", "sun"))),
    st.builds(MonthDay, st.integers(1, 31), st.integers(0, 2)),
    st.dictionaries(weekdays, st.tuples(before, st.none() | minutes), min_size=1).map(
        lambda d: WeekdayMap(tuple((k, *v) for k, v in d.items()))
    ),
)
limits = st.one_of(
    st.builds(
        Limit,
        steps,
        minutes,
        st.booleans(),
        st.sampled_from(["service", "week", "month", "period"]),
    ),
    st.builds(
        Limit,
        steps,
        minutes,
        shift=st.just("earlier"),
        closed=st.just(("sat", "wed")),
        shifted_minutes=st.none() | minutes,
    ),
)
scopes = st.sampled_from(
    [
        Scope(),
        Scope(("cantine",)),
        Scope(("cantine",), ("repas",), ("school", "summer")),
        Scope(holidays=("noel",), weekdays=("mon", "fri")),
    ]
)
units = st.builds(
    Unit,
    st.sampled_from([1, 15, 20, 30, 60]),
    st.just("minutes"),
    st.sampled_from(["due", "free", "nearest", "exact"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.none() | st.just(60),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(4, 9),
    st.just("tranches"),
)
common = {
    "label": st.just("") | texts,
    "scope": scopes,
    "when": conditions,
    "starts_on": st.none() | st.just(date(2026, 9, 1)),
    "ends_on": st.none() | st.just(date(2027, 8, 31)),
    "enabled": st.booleans(),
    "note": st.just("") | texts,
}


@st.composite
def books(draw):
    """Any rulebook that a file can say."""

    def rules(section, kind, **own):
        made = draw(st.lists(st.fixed_dictionaries({**common, **own}), max_size=2))
        return tuple(kind(id=f"{section}-{n}", **values) for n, values in enumerate(made))

    tariffs = rules(
        "t",
        Tariff,
        amount=amounts,
        unit=st.none() | units,
        times=st.sampled_from([(), ("meals",), ("hours", "nights")]),
        divide=st.none() | st.just(Decimal(12)),
        surcharge=st.booleans(),
        rounding=st.none() | st.just(Rounding("down", Decimal(5), unit=False)),
    )
    if tariffs and draw(st.booleans()):
        other = replace(tariffs[0], amount=draw(amounts), when=draw(conditions))
        tariffs = (
            replace(tariffs[0], unclear=Unclear("Lequel ?", (Reading(other, "b"),))),
            *tariffs[1:],
        )
    changing = {
        "effect": st.builds(Effect, st.sampled_from(["add", "set", "percent"]), amounts),
        "on": st.sampled_from(["unit", "service", "total"]),
        "of_base": st.booleans(),
        "group": st.just("") | st.just("g"),
        "unit": st.none() | units,
    }
    outcome = st.sampled_from(["accepted", "refused", "waiting_list", "proposal"])
    return Rulebook(
        "Ville",
        council_decision=draw(st.just("") | texts),
        notes=tuple(draw(st.lists(texts, max_size=2))),
        assume=draw(st.sampled_from([(), (("resident", True), ("rank", 1), ("zone", "oui"))])),
        activities=(MEAL,),
        tariffs=tariffs,
        adjustments=rules("a", Adjustment, **changing),
        surcharges=rules("s", Surcharge, **changing, proposal=st.booleans()),
        extras=rules("e", Extra, amount=amounts, unit=st.none() | units),
        access=rules(
            "x",
            Access,
            actions=st.sampled_from([(), ("book",), ("book", "attend")]),
            outcome=outcome,
        ),
        deadlines=rules(
            "d",
            Deadline,
            actions=st.just(("book", "cancel")),
            limit=limits,
            opens=st.none() | limits,
            in_time=outcome,
            late=outcome,
        ),
        absences=rules(
            "b",
            Absence,
            charge=st.sampled_from([0, 50, 100]).map(Decimal),
            amount=st.none() | amounts,
            surcharge=st.none() | amounts,
            credit=st.booleans(),
            proposal=st.booleans(),
        ),
        penalties=rules(
            "p", Penalty, amount=amounts, unit=st.none() | units, proposal=st.booleans()
        ),
    )


@given(books())
@settings(max_examples=80, deadline=None)
def test_what_is_printed_reads_back_the_same(book):
    text = write_text(book)
    assert read_text(text) == book, text
