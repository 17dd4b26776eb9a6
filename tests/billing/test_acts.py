"""A cash office collects what its act allows, by the people whom it names; nothing else."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction

from preau.audit.models import Entry
from preau.billing import acts, counter
from preau.billing.counter import Part
from preau.billing.errors import ActRefused, BillingRefusal
from preau.billing.models import (
    ActivityAccounting,
    Allocation,
    CashOfficeAct,
    CounterPayment,
    Movement,
)
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from tests.bookings.world import children_of, make_offering
from tests.bookings.world import make_family as open_family
from tests.harness.money import (
    AGENT,
    NOW,
    balance,
    left_on,
    make_act,
    make_family,
    make_invoice,
    make_office,
    name_cashier,
)

pytestmark = pytest.mark.django_db
ALL = ["CASH", "CHEQUE", "CARD", "CESU", "ANCV", "TRANSFER"]
DAY = NOW.date()
WHO = {"actor": AGENT, "now": NOW}


def take(family, office, *parts, **values):
    given = {
        "family_id": family.pk,
        "cash_office_id": office.pk,
        "parts": parts,
        "key": uuid.uuid4(),
        **WHO,
    }
    return counter.take_payment(**given | values)


def refused(code, family, office, *parts, **values):
    """Refused with this code: a sentence, a line in the journal, and nothing in the books."""
    before = Movement.objects.count()
    with pytest.raises(BillingRefusal) as caught, transaction.atomic():
        take(family, office, *parts, **values)
    assert caught.value.code == code and str(caught.value)
    assert Movement.objects.count() == before and not CounterPayment.objects.exists()


def act_values(**values):
    return {
        "reference": "Arrêté 2026-41",
        "signed_on": dt.date(2026, 8, 1),
        "in_force_on": dt.date(2026, 9, 1),
        "means": ["CASH", "CHEQUE"],
        "activity_ids": [1],
        "cash_ceiling_cents": 120_000,
        **WHO,
    } | values


def test_a_refusal_leaves_a_line_in_the_journal_alone():
    office, family = make_office(means=["CHEQUE"]), make_family()
    with pytest.raises(BillingRefusal):
        take(family, office, Part("CASH", 1_000))
    entry = Entry.objects.get(action="billing.refused_payment")
    assert entry.family_id == family.pk and entry.data["code"] == "means_not_accepted"
    assert not CounterPayment.objects.exists() and not Movement.objects.exists()


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("not_positive", [Part("CHEQUE", 0, "1")]),
        ("not_positive", [Part("CASH", -5)]),
        ("too_much", [Part("CHEQUE", 10_000_001, "1")]),
        ("too_much_cash", [Part("CASH", 30_001)]),
        ("cash_twice", [Part("CASH", 100), Part("CASH", 100)]),
        ("means_not_accepted", [Part("GOLD", 100)]),
        ("reference_missing", [Part("CHEQUE", 100)]),
        ("reference_missing", [Part("CARD", 100, " ")]),
        ("reference_missing", [Part("CASH", 100), Part("TRANSFER", 100)]),
        ("voucher_refused", [Part("CESU", 100)]),
    ],
)
def test_bad_input_is_refused(code, parts):
    refused(code, make_family(), make_office(means=ALL), *parts)


def test_no_act_no_collection():
    office = make_office()
    with transaction.atomic():
        later = make_office("sports", act={"in_force_on": DAY + dt.timedelta(days=1)})
    refused("no_act", make_family(), later, Part("CASH", 100))
    assert take(make_family(), office, Part("CASH", 100))


def test_only_the_named_on_that_day_collect():
    office, family = make_office(), make_family()
    other = Actor(user_id=42, label="Zoé", channel=Channel.COUNTER, is_agent=True)
    nobody = Actor(user_id=None, label="Personne", channel=Channel.COUNTER, is_agent=True)
    refused("not_named", family, office, Part("CASH", 100), actor=other)
    refused("not_named", family, office, Part("CASH", 100), actor=nobody)
    person = acts.name_person(
        cash_office_id=office.pk,
        user_id=42,
        name="Zoé",
        role="AGENT",
        starts_on=DAY + dt.timedelta(days=1),
        **WHO,
    )
    refused("not_named", family, office, Part("CASH", 100), actor=other)
    tomorrow = NOW + dt.timedelta(days=1)
    assert take(family, office, Part("CASH", 100), actor=other, now=tomorrow)
    acts.end_person(person_id=person.pk, ends_on=DAY + dt.timedelta(days=2), **WHO)
    with pytest.raises(BillingRefusal):
        take(family, office, Part("CASH", 100), actor=other, now=NOW + dt.timedelta(days=3))
    assert list(acts.offices_naming(42, DAY)) == []
    assert list(acts.offices_naming(42, DAY + dt.timedelta(days=1))) == [office]


def test_nobody_is_named_twice_on_a_day():
    office = make_office()
    with pytest.raises(ActRefused):
        acts.name_person(
            cash_office_id=office.pk,
            user_id=AGENT.user_id,
            name="Jeanne",
            role="AGENT",
            starts_on=DAY,
            **WHO,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        name_cashier(office, AGENT.user_id, starts_on=DAY)


def test_a_product_that_the_act_does_not_list_is_refused():
    judo, canteen = make_offering("judo", name="Judo").activity, make_offering().activity
    office, family = make_office(act={"activity_ids": [judo.pk]}), make_family()
    make_invoice(family, office, 1_000, activity_id=canteen.pk)
    refused("product_not_in_act", family, office, Part("CASH", 500))
    fine = make_invoice(family, office, 1_000, activity_id=judo.pk)
    take(family, office, Part("CASH", 500), chosen={fine.pk: 500})
    assert left_on(fine) == 500


def test_the_ceilings_ask_for_a_deposit_first():
    act = {"cash_ceiling_cents": 40_000, "till_ceiling_cents": 100_000}
    office, family = make_office(means=ALL, act=act), make_family()
    take(family, office, Part("CASH", 30_000))
    for parts, code in [
        ([Part("CASH", 10_001)], "ceiling_reached"),
        ([Part("CHEQUE", 70_001, "1")], "ceiling_reached"),
    ]:
        with pytest.raises(BillingRefusal) as caught:
            take(family, office, *parts)
        assert caught.value.code == code
    take(family, office, Part("CARD", 900_000, "T1"))  # never in the till
    take(family, office, Part("CASH", 10_000), Part("CHEQUE", 60_000, "1"))
    assert balance(family, office) == -(30_000 + 900_000 + 70_000)


@pytest.fixture
def vouchers():
    """A child of five and one of eight; a crèche, an evening, a leisure centre, a canteen."""
    family = open_family(2)
    small, big = sorted(children_of(family), key=lambda child: child.birth_on, reverse=True)
    type(small).objects.filter(pk=small.pk).update(birth_on=dt.date(2021, 6, 1))
    type(big).objects.filter(pk=big.pk).update(birth_on=dt.date(2018, 1, 1))
    kinds = {
        "cantine": "CANTEEN",
        "soir": "EVENING_CARE",
        "vacances": "HOLIDAY_CENTRE",
        "creche": "CRECHE",
        "judo": "SPORT",
    }
    activities = {
        slug: make_offering(slug, name=slug, kind=kind).activity for slug, kind in kinds.items()
    }
    office = make_office(means=ALL)
    ActivityAccounting.objects.create(
        activity=activities["cantine"], cash_office=office, is_meal=True
    )
    return family, small, big, activities, office


@pytest.mark.parametrize(
    ("means", "activity", "young", "ok"),
    [
        ("CESU", "cantine", True, False),
        ("CESU", "soir", False, True),
        ("CESU", "creche", True, True),
        ("CESU", "vacances", True, True),
        ("CESU", "vacances", False, False),
        ("CESU", "judo", True, False),
        ("ANCV", "cantine", True, False),
        ("ANCV", "vacances", False, True),
        ("ANCV", "judo", False, True),
        ("ANCV", "creche", True, False),
    ],
)
def test_what_vouchers_may_pay(vouchers, means, activity, young, ok):
    family, small, big, activities, office = vouchers
    child = small if young else big
    invoice = make_invoice(
        family, office, 2_000, activity_id=activities[activity].pk, child_id=child.pk
    )
    if ok:
        take(family, office, Part(means, 1_500), chosen={invoice.pk: 1_500})
        assert left_on(invoice) == 500
        with pytest.raises(BillingRefusal):  # never more than what is left of what they may pay
            take(family, office, Part(means, 600))
    else:
        refused("voucher_refused", family, office, Part(means, 1_500))


def test_vouchers_pay_their_lines_alone_in_a_mixed_payment(vouchers):
    family, _small, big, activities, office = vouchers
    meal = make_invoice(family, office, 3_000, activity_id=activities["cantine"].pk)
    evening = make_invoice(
        family, office, 2_000, activity_id=activities["soir"].pk, child_id=big.pk
    )
    chosen = {meal.pk: 3_000, evening.pk: 2_000}
    refused("voucher_refused", family, office, Part("CESU", 2_001), Part("CASH", 2_999),
            chosen=chosen)  # fmt: skip
    payment = take(family, office, Part("CESU", 2_000), Part("CASH", 3_000), chosen=chosen)
    assert left_on(meal) == left_on(evening) == 0 and payment.means == "MIXED"
    assert payment.parts.get(means="CESU").on_invoices == {str(evening.pk): 2_000}


def test_versions_of_an_act_are_kept():
    office = make_office()
    first = CashOfficeAct.objects.get()
    acts.record_act(cash_office_id=office.pk, **act_values(means=["CHEQUE"], payment_days=40))
    office.refresh_from_db()
    assert office.means == ["CHEQUE"] and office.payment_days == 40
    assert acts.act_on(office.pk, dt.date(2026, 8, 31)) == first
    assert acts.act_on(office.pk, dt.date(2026, 9, 1)).means == ["CHEQUE"]
    with pytest.raises(ActRefused):  # the past is not rewritten
        acts.record_act(cash_office_id=office.pk, **act_values(in_force_on=dt.date(2026, 8, 20)))
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        CashOfficeAct.objects.update(means=["CASH"])


def test_an_act_of_tomorrow_changes_nothing_until_then():
    office = make_office()
    tomorrow = DAY + dt.timedelta(days=1)
    acts.record_act(cash_office_id=office.pk, **act_values(in_force_on=tomorrow, means=["CHEQUE"]))
    office.refresh_from_db()
    assert "CASH" in office.means and take(make_family(), office, Part("CASH", 100))
    assert acts.apply_acts(now=NOW + dt.timedelta(days=1)) == 1
    office.refresh_from_db()
    assert office.means == ["CHEQUE"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("reference", {"reference": " "}),
        ("means", {"means": []}),
        ("means", {"means": ["GOLD"]}),
        ("activities", {"activity_ids": []}),
        ("in_force_on", {"in_force_on": dt.date(2026, 7, 1)}),
        ("cash_ceiling_cents", {"cash_ceiling_cents": None}),
        ("till_ceiling_cents", {"till_ceiling_cents": 1}),
    ],
)
def test_an_act_is_checked(field, values):
    office = make_office()
    with pytest.raises(ActRefused) as caught:
        acts.record_act(cash_office_id=office.pk, **act_values(**values))
    assert set(caught.value.fields) == {field} and CashOfficeAct.objects.count() == 1


def test_a_credit_never_crosses_even_by_sql():
    family, childhood, sports = make_family(), make_office(), make_office("sports")
    take(family, childhood, Part("CASH", 1_000))
    invoice = make_invoice(family, sports, 1_000)
    with pytest.raises(IntegrityError, match="its own invoices"), transaction.atomic():
        Allocation.objects.create(
            invoice=invoice,
            movement=Movement.objects.get(kind="PAYMENT_COUNTER"),
            amount_cents=500,
        )
    assert left_on(invoice) == 1_000 and balance(family, childhood) == -1_000


def test_acts_without_a_list_of_products_were_taken_over():
    """The first version, written by the migration, may name none: it refuses none."""
    office = make_office()
    make_act(office, in_force_on=DAY)
    assert take(make_family(), office, Part("CASH", 100))


def test_on_line_too_the_act_decides():
    """A payment on line is refused before the bank is asked, if the act does not allow it."""
    from preau.payments.services import Payer, start_payment

    judo, canteen = make_offering("judo", name="Judo").activity, make_offering().activity
    paper_only = make_office(act={"means": ["CASH"]})
    judo_only = make_office("sports", act={"activity_ids": [judo.pk]})
    family = make_family()
    given = {
        "family_id": family.pk,
        "top_up_cents": 0,
        "payer": Payer(first_name="A", last_name="B", email="a@example.org", user_id=None),
        "key": uuid.uuid4(),
        **WHO,
    }
    for office, code in [(paper_only, "means_not_accepted"), (judo_only, "product_not_in_act")]:
        invoice = make_invoice(family, office, 500, activity_id=canteen.pk)
        with pytest.raises(BillingRefusal) as caught:
            start_payment(cash_office_id=office.pk, invoices={invoice.pk: 500}, **given)
        assert caught.value.code == code
