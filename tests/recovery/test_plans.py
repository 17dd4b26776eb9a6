"""Paying in several times: only as a council decision says."""

import datetime as dt

import pytest

from preau.billing import online
from preau.directdebit.models import Debit
from preau.journeys import debts
from preau.recovery import plans, reminders, services
from preau.recovery.errors import PlanRefused, RecoveryRefusal
from preau.recovery.rules import cut, due_days, due_now, steps
from tests.directdebit.world import make_creditor, sign
from tests.harness.money import AGENT, NOW, PARENT, make_invoice, make_office
from tests.recovery.world import DAY, LATE, household, set_levels

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db):
    set_levels()
    office, family = make_office("enfance"), household()
    return office, family, make_invoice(family, office, 20_000)


def allow(office, **values):
    services.save_instalment_rule(
        **{
            "cash_office_id": office.pk, "decision": "DEL-2026-042",
            "decided_on": dt.date(2026, 6, 25), "min_cents": 10_000, "max_count": 4,
            "is_active": True, "actor": AGENT, "now": NOW, **values,
        }
    )  # fmt: skip


def open_plan(invoice, family, count=3, now=NOW):
    return services.open_plan(
        invoice_number=invoice.number, family_id=family.pk, count=count, actor=PARENT, now=now
    )


def pay(family, office, cents, attempt):
    online.settle(
        family_id=family.pk, cash_office_id=office.pk, attempt_id=attempt, amount_cents=cents,
        chosen=online.lock_and_list_left(family_id=family.pk, cash_office_id=office.pk),
        label="x", actor_label="x", now=NOW,
    )  # fmt: skip


def test_no_decision_no_instalments(town):
    office, family, invoice = town
    with pytest.raises(PlanRefused):
        open_plan(invoice, family)
    with pytest.raises(RecoveryRefusal):
        allow(office, decision=" ")
    allow(office, decided_on=dt.date(2027, 1, 1))
    with pytest.raises(PlanRefused):
        open_plan(invoice, family)  # not decided yet


def test_as_the_decision_says(town):
    office, family, invoice = town
    allow(office)
    with pytest.raises(PlanRefused):
        open_plan(invoice, family, count=5)
    small = make_invoice(family, office, 9_999, month=dt.date(2026, 9, 1))
    with pytest.raises(PlanRefused):
        open_plan(small, family)
    with pytest.raises(PlanRefused):
        open_plan(invoice, household("Autre", email=""))
    plan = open_plan(invoice, family)
    assert "DEL-2026-042" in plan.decision
    parts = list(plan.instalments.values_list("due_on", "amount_cents"))
    assert parts == [
        (dt.date(2026, 11, 30), 6667), (dt.date(2026, 12, 28), 6667), (dt.date(2027, 1, 28), 6666),
    ]  # fmt: skip
    with pytest.raises(PlanRefused):
        open_plan(invoice, family)


def test_instalments_fill_in_their_order(town):
    office, family, invoice = town
    allow(office)
    open_plan(invoice, family)
    pay(family, office, 7000, 1)
    [(_plan, found)] = plans.active_plans({invoice.pk: 7000}).values()
    assert [step.left_cents for step in found] == [0, 6334, 6666]
    assert due_now(found, dt.date(2026, 12, 31)) == 6334
    assert plans.is_kept(found, dt.date(2026, 12, 28))
    assert not plans.is_kept(found, dt.date(2026, 12, 29))


def test_a_plan_that_is_kept_is_not_reminded(town):
    office, family, invoice = town
    allow(office)
    plan = open_plan(invoice, family)
    level = reminders.levels()[0]

    def preview(now):
        return debts.reminder_preview(cash_office_id=office.pk, level=level, now=now)

    pay(family, office, 6667, 1)
    assert preview(NOW + 50 * DAY).spared[0].why == "échéancier respecté"
    assert len(preview(LATE + 10 * DAY).concerned) == 1  # the second date is past
    services.end_plan(plan_id=plan.pk, reason="non suivi", actor=AGENT, now=LATE)
    assert len(preview(NOW + 50 * DAY).concerned) == 1


def test_a_debit_takes_what_is_due_of_a_plan(town):
    office, family, invoice = town
    allow(office)
    make_creditor(office)
    sign(family, office)
    open_plan(invoice, family)
    debts.prepare_debits(
        cash_office_id=office.pk, collection_on=dt.date(2026, 12, 1), actor=AGENT, now=NOW
    )
    assert Debit.objects.get().amount_cents == 6667


def test_cut_and_days():
    assert cut(100, 3) == [34, 33, 33] and sum(cut(9_999, 7)) == 9_999
    assert due_days(dt.date(2026, 11, 30), 4) == [
        dt.date(2026, 11, 30), dt.date(2026, 12, 28), dt.date(2027, 1, 28), dt.date(2027, 2, 28),
    ]  # fmt: skip
    assert [s.paid_cents for s in steps([(1, dt.date.max, 5), (2, dt.date.max, 5)], 7)] == [5, 2]
