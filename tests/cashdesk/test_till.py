"""The till: what it must hold is its float, plus what was received, less what left it; always."""

import datetime as dt
import uuid
from collections import Counter

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preau.audit.models import Entry
from preau.billing import giving_back, ledger
from preau.billing.errors import AlreadyDeposited, AlreadyVoided, CreditGivenBack, NotNamed
from preau.billing.models import CounterPayment, LedgerLine
from preau.cashdesk import services
from preau.cashdesk.errors import (
    DayNotClosed,
    DepositVoidedAlready,
    DifferenceUnexplained,
    HandoverRefused,
    NothingToDeposit,
    TillClosed,
    TillOpenAlready,
    TooMuchDeposited,
    VoidReasonMissing,
    WrongCount,
)
from preau.cashdesk.models import Deposit, DepositPiece, TillDay
from preau.cashdesk.rules import count_cash, deposit_is_due, is_near
from preau.cashdesk.state import alerts, pieces_held, state_of
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.kernel.errors import Refusal
from tests.cashdesk.world import LATER, collect, deposit, open_office, owing, part
from tests.harness.money import AGENT, NOW, balance, left_on, make_family, make_office, name_cashier

pytestmark = pytest.mark.django_db
WHO = {"actor": AGENT, "now": LATER}


def in_coins(cents):
    """A count that makes this amount."""
    counted = {}
    for value in (5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1):
        counted[value], cents = divmod(cents, value)
    return counted


def void(payment, **values):
    given = {"payment_id": payment.pk, "reason": "Erreur", "key": uuid.uuid4(), **WHO}
    return services.void(**given | values)


def close(office, cents, **values):
    return services.close_day(cash_office_id=office.pk, counted=in_coins(cents), **WHO | values)


def test_a_day_with_every_means():
    office = open_office()
    family, invoice = owing(office, 20_000)
    payment = collect(
        family, office, part("CASH", 5_000), part("CHEQUE", 10_000, bank="BNP", drawer="Mamie"),
        part("CARD", 5_000),
    )  # fmt: skip
    assert payment.receipt_number == "ENFANCE-R-2026-00001" and left_on(invoice) == 0
    state = state_of(office.pk, at=LATER)
    assert (state.expected_cents, state.cash_cents, state.held_cents) == (10_000, 5_000, 15_000)
    assert state.paper == [("chèque", 1, 10_000)] and state.is_open
    assert {m: c for m, _n, c in state.received} == {
        "espèces": 5_000, "chèque": 10_000, "carte bancaire": 5_000,
    }  # fmt: skip
    slip = deposit(office, 5_000, "CHEQUE")
    assert slip.number == "ENFANCE-V-2026-00001" and slip.total_cents == 15_000
    assert state_of(office.pk, at=LATER).held_cents == 0
    assert state_of(office.pk, at=LATER - dt.timedelta(minutes=1)).cash_cents == 0
    day = close(office, 5_000)
    assert (day.counted_cents, day.difference_cents) == (5_000, 0)
    assert ledger.verify() == []


def test_no_open_till_no_collection():
    office, family = make_office(), make_family()
    with pytest.raises(TillClosed):
        collect(family, office, part("CASH", 100))
    services.open_day(cash_office_id=office.pk, actor=AGENT, now=NOW)
    with pytest.raises(TillOpenAlready):
        services.open_day(cash_office_id=office.pk, **WHO)
    with pytest.raises(DayNotClosed):
        collect(family, office, part("CASH", 100), now=NOW + dt.timedelta(days=1))
    assert not CounterPayment.objects.exists()
    assert Entry.objects.filter(action="cashdesk.refused_payment").count() == 2


def test_a_difference_is_explained_and_booked():
    office = open_office()
    collect(make_family(), office, part("CASH", 3_000))
    with pytest.raises(DifferenceUnexplained):
        close(office, 7_900)
    day = close(office, 7_900, difference_reason="Un billet de trop rendu")
    assert day.difference_cents == -100
    assert state_of(office.pk, at=LATER).expected_cents == 7_900
    tomorrow = NOW + dt.timedelta(days=1)
    services.open_day(cash_office_id=office.pk, actor=AGENT, now=tomorrow)
    assert close(office, 7_900, now=tomorrow + dt.timedelta(hours=1)).difference_cents == 0
    assert ledger.verify() == []


@pytest.mark.parametrize("counted", [{3: 1}, {100: -1}, {100: 10_000}])
def test_a_count_is_of_notes_and_coins(counted):
    office = open_office()
    with pytest.raises(WrongCount):
        services.close_day(cash_office_id=office.pk, counted=counted, **WHO)
    assert TillDay.objects.get().closed_at is None


def test_a_void_leaves_both_lines_and_never_after_the_deposit():
    office = open_office()
    family, invoice = owing(office, 4_000)
    first = collect(family, office, part("CASH", 4_000))
    void(first)
    assert left_on(invoice) == 4_000 and CounterPayment.objects.count() == 2
    assert state_of(office.pk, at=LATER).expected_cents == 5_000
    with pytest.raises(AlreadyVoided):
        void(first)
    second = collect(family, office, part("CASH", 1_000), part("CHEQUE", 3_000))
    deposit(office, 0, "CHEQUE")
    with pytest.raises(AlreadyDeposited):
        void(second)
    third = collect(family, office, part("CASH", 500))
    void(third)
    card = collect(family, office, part("CARD", 500))
    services.close_day(cash_office_id=office.pk, counted=in_coins(6_000), **WHO)
    tomorrow = NOW + dt.timedelta(days=1)
    services.open_day(cash_office_id=office.pk, actor=AGENT, now=tomorrow)
    with pytest.raises(AlreadyDeposited):  # the terminal sent it to the bank in the evening
        void(card, now=tomorrow)
    assert ledger.verify() == []


def test_after_the_deposit_a_payment_is_corrected_to_another_account():
    office = open_office()
    family, invoice = owing(office, 4_000)
    right, theirs = owing(office, 3_000)
    payment = collect(family, office, part("CHEQUE", 4_000))
    deposit(office, 0, "CHEQUE")
    given = {"payment_id": payment.pk, "key": uuid.uuid4(), **WHO}
    with pytest.raises(Refusal):
        giving_back.correct_payment(to_family_id=right.pk, reason=" ", **given)
    for _ in range(2):
        giving_back.correct_payment(to_family_id=right.pk, reason="Mauvais dossier", **given)
    assert (left_on(invoice), left_on(theirs)) == (4_000, 0)
    assert (balance(family, office), balance(right, office)) == (4_000, -1_000)
    assert state_of(office.pk, at=LATER).held_cents == 0
    with pytest.raises(Refusal, match="pour un autre dossier"):
        giving_back.correct_payment(to_family_id=owing(office, 500)[0].pk, reason="x", **given)
    with pytest.raises(Refusal):
        void(payment)
    assert ledger.verify() == []


def test_deposits_are_bounded_and_numbered():
    office = open_office()
    with pytest.raises(NothingToDeposit):
        deposit(office, 0, "CHEQUE")
    family = make_family()
    collect(family, office, part("CASH", 1_000), part("CHEQUE", 2_000))
    for cents in (1_001, -1):
        with pytest.raises(TooMuchDeposited):
            deposit(office, cents)
    key = uuid.uuid4()
    first = deposit(office, 400, key=key)
    assert deposit(office, 400, key=key) == first
    second = deposit(office, 600, "CHEQUE")
    assert second.number.endswith("00002") and Deposit.objects.count() == 2
    assert not pieces_held(office.pk).exists()
    assert LedgerLine.objects.get(account="DEPOSITED", movement__source_id=second.pk).amount_cents
    with pytest.raises(NotNamed):
        deposit(office, 1, actor=Actor(1, "Autre", Channel.COUNTER, is_agent=True))


def test_a_deposit_is_undone_with_a_reason_and_both_lines_stay():
    office = open_office()
    family, invoice = owing(office, 4_000)
    payment = collect(family, office, part("CASH", 1_000), part("CHEQUE", 3_000))
    wrong = deposit(office, 900, "CHEQUE")
    given = {"deposit_id": wrong.pk, "reason": "Dix euros oubliés", "key": uuid.uuid4(), **WHO}
    then = {"now": LATER + dt.timedelta(minutes=10)}
    with pytest.raises(VoidReasonMissing):
        services.void_deposit(**given | {"reason": " "})
    with pytest.raises(NotNamed):
        services.void_deposit(
            **given | {"actor": Actor(1, "Autre", Channel.COUNTER, is_agent=True)}
        )
    undoing = services.void_deposit(**given | then)
    assert services.void_deposit(**given | then) == undoing  # the same form twice
    with pytest.raises(DepositVoidedAlready):
        services.void_deposit(**given | {"key": uuid.uuid4()})
    with pytest.raises(DepositVoidedAlready):
        services.void_deposit(**given | {"key": uuid.uuid4(), "deposit_id": undoing.pk})
    assert (undoing.number, undoing.signed_cents) == ("ENFANCE-V-2026-00002", -3_900)
    state = state_of(office.pk, at=then["now"])
    assert (state.cash_cents, state.paper, state.last_deposit) == (
        1_000,
        [("chèque", 1, 3_000)],
        "",
    )
    assert state.deposits == [
        (undoing.number, str(LATER.date()), -3_900, f"annule {wrong.number} : Dix euros oubliés"),
        (wrong.number, str(LATER.date()), 3_900, ""),
    ]
    before = state_of(office.pk, at=LATER)  # as an inspector saw it between the two
    assert (before.cash_cents, before.paper, before.last_deposit) == (100, [], wrong.number)
    right = deposit(office, 1_000, "CHEQUE", **then)  # the same cheque, on the right slip
    with pytest.raises(AlreadyDeposited):
        void(payment, **then)
    with pytest.raises(IntegrityError, match="stands"), transaction.atomic():
        DepositPiece.objects.create(deposit=right, part_id=right.pieces.get().part_id)
    services.void_deposit(**given | {"deposit_id": right.pk, "key": uuid.uuid4()} | then)
    void(payment, **then)  # undone deposits hold nothing: the payment itself can be undone
    state = state_of(office.pk, at=then["now"])
    assert (state.held_cents, left_on(invoice), state.deposits[0][2]) == (0, 4_000, -4_000)
    assert sum(cents for _number, _on, cents, _why in state.deposits) == 0
    assert ledger.verify() == []
    assert Entry.objects.filter(action="cashdesk.void_deposit").count() == 2


def test_a_handover_counts_before_both():
    office = open_office()
    leaving = office.people.get()
    coming = name_cashier(office, 7, name="Karim", role="SUBSTITUTE")
    collect(make_family(), office, part("CASH", 1_000))
    deposit(office, 100)
    given = {"cash_office_id": office.pk, "from_person_id": leaving.pk, **WHO}
    with pytest.raises(HandoverRefused):
        services.hand_over(to_person_id=leaving.pk, counted=in_coins(5_900), **given)
    with pytest.raises(HandoverRefused):
        services.hand_over(to_person_id=coming.pk, counted=in_coins(6_000), **given)
    report = services.hand_over(
        to_person_id=coming.pk, counted=in_coins(6_000), note="Un euro de trop", **given
    )
    assert report.number == "ENFANCE-RS-2026-00001" and report.statement["cash_cents"] == 900
    assert report.statement["deposits"][0][2] == 100  # the deposits of the month are in it
    assert state_of(office.pk, at=LATER).expected_cents == 6_000
    later = name_cashier(office, 8, name="Léo", starts_on=dt.date(2027, 1, 1))
    with pytest.raises(HandoverRefused):
        services.hand_over(to_person_id=later.pk, counted=in_coins(6_000), **given)


def test_alerts_tell_what_waits():
    office = open_office(cash_ceiling_cents=40_000, deposit_days=30)
    assert alerts(now=LATER) == []
    collect(make_family(), office, part("CASH", 10_000))
    assert alerts(now=LATER) == []
    month = {alert.kind for alert in alerts(now=NOW + dt.timedelta(days=31))}
    assert month == {"day_open", "deposit_due"}
    collect(make_family(), office, part("CASH", 25_000))
    assert [alert.kind for alert in alerts(now=LATER)] == ["ceiling"]
    deposit(office, 35_000)
    assert alerts(now=LATER) == []
    make_office("sans-acte", act={"in_force_on": dt.date(2099, 1, 1)})
    assert [alert.kind for alert in alerts(now=LATER)] == ["no_act"]


def test_pure_rules():
    assert count_cash({50_000: 1, 1: 3}) == 50_003
    day = dt.date(2026, 11, 30)
    due = {"day": day, "days": 30, "last_deposit_on": None}
    assert deposit_is_due(held_cents=1, since=dt.date(2026, 10, 31), **due)
    assert not deposit_is_due(held_cents=1, since=dt.date(2026, 11, 1), **due)
    assert not deposit_is_due(held_cents=0, since=dt.date(2026, 1, 1), **due)
    assert is_near(80, 100) and not is_near(79, 100) and not is_near(79, None)


CENTS = st.integers(min_value=1, max_value=20_000)
ACTS = st.tuples(
    st.sampled_from(
        [
            "cash",
            "cheque",
            "mixed",
            "void",
            "deposit",
            "undo deposit",
            "refund",
            "cancel refund",
            "correct",
            "day",
        ]
    ),
    CENTS,
    st.integers(min_value=0, max_value=50),
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=1, max_size=15))
def test_the_till_holds_its_float_and_what_was_received_whatever_happens(acts):
    with transaction.atomic():
        office = open_office(allows_refunds=True)
        families = [make_family(), owing(office, 9_000)[0]]
        truth = Counter(float=5_000)
        done = {"payments": [], "refunds": [], "deposits": []}
        now = LATER
        for rank, (act, cents, pick) in enumerate(acts):
            now = LATER + dt.timedelta(minutes=rank)
            try:
                with transaction.atomic():
                    play(act, cents, pick, office, families, truth, done, now)
            except Refusal:
                continue
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        state = state_of(office.pk, at=now)
        assert state.expected_cents == sum(truth.values())
        assert sum(piece.amount_cents for piece in pieces_held(office.pk)) == sum(
            cents for _means, _count, cents in state.paper
        )
        assert ledger.verify() == []
        transaction.set_rollback(True)


def play(act, cents, pick, office, families, truth, done, now):
    who = {"actor": AGENT, "now": now}
    family = families[pick % 2]
    if act in ("cash", "cheque", "mixed"):
        parts = {
            "cash": [part("CASH", cents)],
            "cheque": [part("CHEQUE", cents)],
            "mixed": [part("CASH", cents), part("CHEQUE", cents)],
        }[act]
        payment = collect(family, office, *parts, now=now)
        done["payments"].append((payment, 0 if act == "cheque" else cents))
        truth["receipts"] += 0 if act == "cheque" else cents
    elif act == "void" and done["payments"]:
        payment, cash = done["payments"][pick % len(done["payments"])]
        void(payment, now=now)
        truth["voids"] -= cash
    elif act == "deposit":
        done["deposits"].append((deposit(office, cents, "CHEQUE", now=now), cents))
        truth["deposits"] -= cents
    elif act == "undo deposit" and done["deposits"]:
        made, cash = done["deposits"][pick % len(done["deposits"])]
        services.void_deposit(deposit_id=made.pk, reason="x", key=uuid.uuid4(), **who)
        truth["deposits"] += cash
    elif act == "refund":
        refund = services.ask_refund(
            family_id=family.pk, cash_office_id=office.pk, amount_cents=cents, payee="Moi",
            reason="Trop payé", key=uuid.uuid4(), by_cash=pick % 3 > 0,
            iban="FR1420041010050500013M02606", **who,
        )  # fmt: skip
        done["refunds"].append(refund)
        truth["refunds"] -= cents if refund.by_cash else 0
    elif act == "cancel refund" and done["refunds"]:
        refund = done["refunds"][pick % len(done["refunds"])]
        services.cancel_refund(refund_id=refund.pk, reason="Erreur", **who)
    elif act == "correct" and done["payments"]:
        payment, _cash = done["payments"][pick % len(done["payments"])]
        giving_back.correct_payment(
            payment_id=payment.pk, to_family_id=families[(pick + 1) % 2].pk, reason="x",
            key=uuid.uuid4(), **who,
        )  # fmt: skip
    elif act == "day":
        expected = state_of(office.pk, at=now).expected_cents
        counted = max(expected - cents % 3, 0)
        services.close_day(
            cash_office_id=office.pk, counted=in_coins(counted), difference_reason="x", **who
        )
        truth["differences"] += counted - expected
        services.open_day(cash_office_id=office.pk, **who)


def test_a_refund_undone_and_a_payment_partly_given_back():
    office = open_office(allows_refunds=True, refund_max_cents=2_000)
    family = make_family()
    payment = collect(family, office, part("CASH", 3_000))
    ask = {
        "family_id": family.pk, "cash_office_id": office.pk, "payee": "Moi", "reason": "Trop payé",
        **WHO,
    }  # fmt: skip
    with pytest.raises(Refusal, match="limite"):
        services.ask_refund(amount_cents=2_001, by_cash=True, key=uuid.uuid4(), **ask)
    services.ask_refund(amount_cents=1_000, by_cash=True, key=uuid.uuid4(), **ask)
    assert balance(family, office) == -2_000
    with pytest.raises(CreditGivenBack):
        void(payment)
    with pytest.raises(Refusal, match="suffit"):
        services.ask_refund(amount_cents=2_001, iban="FR1420041010050500013M02606",
                            key=uuid.uuid4(), **ask)  # fmt: skip
