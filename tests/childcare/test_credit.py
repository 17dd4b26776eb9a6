"""A month that gives back more than it brings: a credit of the family's account, in the run.

By hand: the child is in hospital all October, 13 planned days × 9 h = 117 h given back; the
instalment pays 105 h: 162,75 € − 117 × 1,55 € (181,35 €) = −18,60 €.
"""

import datetime as dt

import pytest

from preau.billing import ledger
from preau.billing import services as billing
from preau.billing.drafts import Draft, DraftLine, by_activity
from preau.billing.models import (
    ActivityAccounting,
    BillingRun,
    FamilyAccount,
    Invoice,
    LedgerLine,
    Movement,
)
from preau.childcare import services
from preau.childcare.models import Statement
from preau.kernel.actors import Actor
from preau.kernel.enums import Channel
from preau.ui.care import statement_data
from tests.childcare.world import AGENT, close_site, day, make_world, sign
from tests.harness.money import make_office

NOVEMBER = dt.datetime(2026, 11, 4, 9, 0, tzinfo=dt.UTC)
BY = {"actor": Actor.system(), "now": NOVEMBER}


def run_of(office) -> BillingRun:
    run = billing.open_run(cash_office_id=office.pk, month=day("2026-10-01"), **BY)
    billing.preview(run_id=run.pk, now=NOVEMBER)
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("per", ["MONTH", "ACTIVITY"])
def test_a_negative_month_becomes_a_credit(per):
    world = make_world()
    close_site(world.site, "2026-12-24", "2026-12-31")
    office = make_office(invoice_per=per)
    ActivityAccounting.objects.create(
        activity=world.activity, cash_office=office, accounting_code="70661"
    )
    contract = sign(world)
    services.report_absence(
        contract_id=contract.pk,
        starts_on=day("2026-10-01"),
        ends_on=day("2026-10-31"),
        reason="HOSPITAL",
        channel=Channel.COUNTER,
        now=dt.datetime(2026, 10, 1, 6, 0, tzinfo=dt.UTC),
        actor=AGENT,
    )
    services.close_month(
        month=day("2026-10-01"), establishment_ids=[world.site.pk], now=NOVEMBER, actor=AGENT
    )
    statement = Statement.objects.get()
    assert statement.total_cents == -1860
    assert "rend 18,60" in statement_data(statement)["gives_back"].replace("\u202f", " ")

    run = run_of(office)
    assert run.preview["anomaly_counts"]["credited"] == 1
    assert "negative" not in run.preview["anomaly_counts"]
    billing.approve_run(run_id=run.pk, fingerprint=run.fingerprint, **BY)
    billing.issue(run_id=run.pk, now=NOVEMBER)

    invoice = Invoice.objects.get()
    assert invoice.total_cents == 0
    last = invoice.lines.order_by("pk").last()
    assert (last.label, last.amount_cents) == ("Porté au crédit de votre compte", 1860)
    account = FamilyAccount.objects.get(family=world.family)
    assert account.balance_cents == -1860
    movement = Movement.objects.get()
    assert ledger.list_credits(account) == [(movement.pk, 1860)]
    assert LedgerLine.objects.get(account="REVENUE").amount_cents == 1860
    assert LedgerLine.objects.get(account="REVENUE").accounting_code == "70661"
    assert ledger.verify() == []
    statement.refresh_from_db()
    assert statement.invoice_id == invoice.pk
    assert run_of(office).total_cents == 0


def test_an_activity_that_gives_back_takes_from_as_many_as_it_needs():
    def line(activity, cents):
        return DraftLine(None, activity, "", "", cents, fixed_quantity=1)

    draft = Draft(1, {}, [line(1, 6000), line(2, 1000), line(3, -7500), line(None, 500)])
    assert [one.total_cents for one in by_activity(draft)] == [0]
