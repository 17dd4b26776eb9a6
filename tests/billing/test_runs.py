"""The billing run: what it charges and says, what it refuses, what a kill or a rush leaves."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.db import connection

from preau.billing import ledger, pricing, runs
from preau.billing.errors import MonthNotOver, RunAlreadyOpen, RunNotReady
from preau.billing.models import BillingRun, FamilyAccount, Invoice, InvoiceLine, Movement
from preau.rulebook.text.read_book import read_text
from tests.bookings.world import children_of, enrol, make_family, make_offering, make_slot
from tests.harness.money import AGENT, NOW, OCTOBER, make_office

BOOK = """
format: 1
name: Essai
activities:
  cantine: {label: Cantine, kind: meal, products: {repas: {label: Repas}}}
tariffs:
  - id: repas
    label: Repas
    for: cantine
    grid:
      by: quotient
      rows:
        - {from: 0, to: 500, price: 1.00}
        - {from: 500.01, to: 1000, price: 3.18}
        - {from: 1000.01, price: 5.00}
        - {unknown: true, price: 6.00}
surcharges:
  - id: sans-reservation
    label: Sans réservation
    for: cantine
    when: {booked: false}
    add: 2.00
absences:
  - id: maladie
    label: Absence justifiée
    for: cantine
    when: {certificate: true}
    charge: 0
"""
S = BillingRun.Status
DAYS = (1, 2, 5, 6, 8)


@pytest.fixture
def office(db):
    return make_office()


@pytest.fixture(autouse=True)
def book(monkeypatch):
    book = read_text(BOOK)
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: book)
    return book


@pytest.fixture
def canteen(office):
    offering = make_offering()
    apps.get_model("billing", "ActivityAccounting").objects.create(
        activity=offering.activity, cash_office=office, accounting_code="7067", is_meal=True
    )
    return offering


@pytest.fixture
def slots(canteen):
    return {day: make_slot(dt.date(2026, 10, day), offering=canteen) for day in DAYS}


def set_quotient(family, value):
    apps.get_model("families", "Quotient").objects.create(
        family=family,
        value_cents=value * 100,
        source="CAF",
        starts_on=dt.date(2026, 1, 1),
        recorded_at=NOW,
        recorded_by="test",
    )


def book_day(family, child, slot, status="CONFIRMED", **values):
    Enrolment = apps.get_model("enrolments", "Enrolment")
    enrolment = Enrolment.objects.filter(
        child=child, family=family, offering=slot.offering_id
    ).first() or enrol(family, slot.offering, child)
    if status == "CANCELLED":
        values.setdefault("cancelled_at", NOW)
    return apps.get_model("bookings", "Booking").objects.create(
        slot=slot,
        child=child,
        family=family,
        enrolment=enrolment,
        status=status,
        ordinal=1,
        channel="PORTAL",
        booked_at=NOW,
        **values,
    )


def seen(family, child, slot, presence="PRESENT", **values):
    apps.get_model("attendance", "Attendance").objects.create(
        slot=slot, child=child, family=family, presence=presence, recorded_at=NOW, **values
    )


@pytest.fixture
def family(slots):
    """Lina eats five times; one absence justified, one not; a late cancellation; a walk-in."""
    family = make_family(2)
    set_quotient(family, 742)
    lina, noe = children_of(family)
    for day in (1, 2, 5):
        book_day(family, lina, slots[day])
        seen(family, lina, slots[day])
    book_day(family, lina, slots[6])
    seen(family, lina, slots[6], "ABSENT", is_justified=True)
    book_day(family, lina, slots[8])
    seen(family, lina, slots[8], "ABSENT")
    book_day(family, noe, slots[1], "CANCELLED", decision_sentence="Annulé après le délai.")
    book_day(family, noe, slots[2], "CANCELLED", is_charged=False)
    seen(family, noe, slots[5], is_walk_in=True)
    return family


def run_all(office, month=OCTOBER, now=NOW):
    run = runs.open_run(cash_office_id=office.pk, month=month, actor=AGENT, now=now)
    runs.preview(run_id=run.pk, now=now)
    run.refresh_from_db()
    assert run.status == S.PREVIEWED, run.error
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=now)
    runs.issue(run_id=run.pk, now=now)
    run.refresh_from_db()
    return run


def test_each_day_has_its_price_and_its_sentence(office, family):
    run = run_all(office)
    assert run.status == S.ISSUED, run.error
    invoice = Invoice.objects.get()
    lina, noe = children_of(family)
    lines = {(line.child_id, line.unit_cents): line for line in invoice.lines.order_by("pk")}
    eaten = lines[lina.pk, 318]
    # Three meals and an absence without reason; the justified one is told, and free.
    assert (eaten.quantity, eaten.amount_cents) == (4, 4 * 318)
    states = {day["day"][-2:]: (day["note"], day["state"]) for day in eaten.dates}
    assert states["01"] == ("", "")
    assert states["06"] == ("absent, gratuit", "free")
    assert states["08"] == ("absent, facturé", "")
    assert any("742" in sentence for sentence in eaten.explanation)
    late = lines[noe.pk, 318]
    assert late.quantity == 1 and "Annulé après le délai." in late.explanation
    walk_in = lines[noe.pk, 518]
    assert walk_in.quantity == 1 and walk_in.dates[0]["note"] == "sans réservation"
    assert invoice.total_cents == 5 * 318 + 518
    assert invoice.debtor["name"] == "Claire Bouvier" and invoice.number == "ENFANCE-2026-00001"
    assert FamilyAccount.objects.get().balance_cents == invoice.total_cents
    assert sum(len(line.slot_ids) for line in InvoiceLine.objects.all()) == 7
    assert ledger.verify() == []


def test_the_preview_says_what_looks_wrong(office, family, slots):
    other = make_family(1, name="Sans quotient")
    [child] = children_of(other)
    book_day(other, child, slots[1])
    nobody = make_family(1, name="Sans redevable")
    apps.get_model("families", "Guardian").objects.filter(family=nobody).update(
        left_on=dt.date(2026, 1, 1)
    )
    book_day(nobody, children_of(nobody)[0], slots[1])
    judo = make_slot(
        dt.date(2026, 10, 7), offering=make_offering("judo", name="Judo", product="cours")
    )
    book_day(other, child, judo)
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.preview["anomaly_counts"] == {
        "walk_in": 1,
        "no_quotient": 2,
        "unseen": 2,
        "no_payer": 1,
        "unassigned": 1,
    }
    assert run.preview["invoices"] == 2
    assert run.preview["total_cents"] == 5 * 318 + 518 + 600
    assert (
        run.preview["activities"]
        == [{"name": "Cantine", "cents": run.total_cents + 600, "before_cents": 0}]
        or run.preview["activities"][0]["name"] == "Cantine"
    )
    assert not Invoice.objects.exists()


def test_running_it_again_changes_nothing(office, family):
    run_all(office)
    again = run_all(office)
    assert again.status == S.ISSUED and again.invoice_count == 0
    assert Invoice.objects.count() == 1 and Movement.objects.count() == 1


def test_what_came_late_waits_for_the_next_month(office, family, slots, canteen):
    run_all(office)
    _lina, noe = children_of(family)
    book_day(family, noe, slots[8])
    assert run_all(office).invoice_count == 0
    november = dt.date(2026, 11, 1)
    later = NOW.replace(month=12)
    run = runs.open_run(cash_office_id=office.pk, month=november, actor=AGENT, now=later)
    runs.preview(run_id=run.pk, now=later)
    run.refresh_from_db()
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=later)
    runs.issue(run_id=run.pk, now=later)
    [line] = Invoice.objects.get(month=november).lines.all()
    assert "régularisation d’octobre 2026" in line.label and line.amount_cents == 318


def test_a_change_after_the_preview_asks_the_agent_again(office, family, slots):
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    before = run.fingerprint
    runs.approve_run(run_id=run.pk, fingerprint=before, actor=AGENT, now=NOW)
    book_day(family, children_of(family)[1], slots[8])
    runs.issue(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.status == S.PREVIEWED and run.error and run.fingerprint != before
    assert not Invoice.objects.exists()
    with pytest.raises(RunNotReady):
        runs.approve_run(run_id=run.pk, fingerprint=before, actor=AGENT, now=NOW)


def test_a_month_is_over_and_open_once(office, family):
    with pytest.raises(MonthNotOver):
        runs.open_run(cash_office_id=office.pk, month=dt.date(2026, 11, 1), actor=AGENT, now=NOW)
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    with pytest.raises(RunAlreadyOpen):
        runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.cancel_run(run_id=run.pk, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.status == S.CANCELLED
    run_all(office)
    with pytest.raises(RunNotReady):
        runs.cancel_run(run_id=BillingRun.objects.latest("pk").pk, actor=AGENT, now=NOW)


def test_the_worker_is_asked_again_after_a_kill(office, family):
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    assert runs.resume_runs(now=NOW) == 0
    assert runs.resume_runs(now=NOW + runs.SILENCE * 2) == 1
    run.refresh_from_db()
    assert run.status == S.PREVIEWING


def test_statements_do_not_grow_with_families(office, slots, django_assert_max_num_queries):
    for rank in range(6):
        family = make_family(1, name=f"F{rank}")
        set_quotient(family, 600)
        book_day(family, children_of(family)[0], slots[1])
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    with django_assert_max_num_queries(78):
        runs.preview(run_id=run.pk, now=NOW)
        run.refresh_from_db()
        runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=NOW)
        runs.issue(run_id=run.pk, now=NOW)
    assert Invoice.objects.count() == 6


def test_a_family_maximum_by_month_makes_a_line_of_its_own(office, family, monkeypatch):
    capped = read_text(
        BOOK
        + """
groups:
  - id: plafond
    label: Plafond de cinq euros par enfant
    for: cantine
    each: child
    span: month
    count: {uses: {above: 1}}
    set: 5.00
"""
    )
    monkeypatch.setattr(pricing, "rulebook_on", lambda day: capped)
    run_all(office)
    invoice = Invoice.objects.get()
    assert invoice.total_cents == 1000
    assert sum(line.amount_cents for line in invoice.lines.all()) == 1000
    assert invoice.lines.filter(amount_cents__lt=0).exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_issue_once(office, family):
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=NOW)
    start = threading.Barrier(4)

    def act(_rank):
        start.wait()
        try:
            runs.issue(run_id=run.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, range(4)))
    run.refresh_from_db()
    assert run.status == S.ISSUED and Invoice.objects.count() == 1
    assert ledger.verify() == []


KILLED = """
import inspect, os, signal, sys, django
django.setup()
from django.utils.dateparse import parse_datetime
from preau.billing import pricing, runs, invoicing
from preau.rulebook.text.read_book import read_text
book = read_text(sys.argv[3])
pricing.rulebook_on = lambda day: book
copied, copy = [], invoicing._copy
def dying(table, columns, rows):
    copy(table, columns, rows)
    copied.append(table)
    if len(copied) == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
invoicing._copy = dying
if sys.argv[5:]:  # the control: the same writes, each committed on its own
    runs._write = inspect.unwrap(runs._write)
    runs._lock = lambda pk: runs.BillingRun.objects.select_related("cash_office").get(pk=pk)
runs.issue(run_id=int(sys.argv[1]), now=parse_datetime(sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", [1, 3, 4])
def test_killed_while_it_writes_nobody_sees_half(office, family, step):
    run = kill_while_it_writes(office, step)
    assert not Invoice.objects.exists() and not Movement.objects.exists()
    runs.issue(run_id=run.pk, now=NOW)  # what the next start does
    run.refresh_from_db()
    assert run.status == S.ISSUED
    assert [i.number for i in Invoice.objects.all()] == ["ENFANCE-2026-00001"]
    assert ledger.verify() == []


@pytest.mark.django_db(transaction=True)
def test_control_without_its_transaction_half_a_run_is_seen(office, family):
    kill_while_it_writes(office, 1, "control")
    assert Invoice.objects.exists() and not Movement.objects.exists()


def kill_while_it_writes(office, step, *control):
    """Approve October, and kill who issues it once so many tables are written."""
    run = runs.open_run(cash_office_id=office.pk, month=OCTOBER, actor=AGENT, now=NOW)
    runs.preview(run_id=run.pk, now=NOW)
    run.refresh_from_db()
    runs.approve_run(run_id=run.pk, fingerprint=run.fingerprint, actor=AGENT, now=NOW)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(run.pk), NOW.isoformat(), BOOK, str(step), *control],
        env={**os.environ, "PYTHONPATH": "src"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    return run
