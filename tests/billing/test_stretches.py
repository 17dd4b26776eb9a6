"""Days billed together or one by one come to the same; a slot is billed once, whoever writes."""

import datetime as dt

import pytest
from django.apps import apps
from django.db import transaction
from psycopg import IntegrityError

from preau.billing import runs
from preau.billing.drafts import Draft, DraftDay, DraftLine
from preau.billing.invoicing import issue_invoices
from preau.billing.models import Invoice
from preau.billing.pricing import Biller
from tests.billing.test_runs import (  # noqa: F401  (fixtures)
    NOW,
    OCTOBER,
    book,
    canteen,
    family,
    office,
    run_all,
    set_quotient,
    slots,
)
from tests.bookings.world import children_of

pytestmark = pytest.mark.django_db


def drafts_of(office):  # noqa: F811
    found = runs.compute(office=office, month=OCTOBER)
    [draft] = found.drafts
    lines = sorted(
        (line.label, line.quantity, line.amount_cents, line.explanation, line.dates_json())
        for line in draft.lines
    )
    return lines, found.fingerprint, found.preview["anomaly_counts"]


def test_together_or_one_by_one_is_the_same(office, family, monkeypatch):  # noqa: F811
    together = drafts_of(office)
    monkeypatch.setattr(Biller, "_price_stretch", lambda self, house, stretch: None)
    assert drafts_of(office) == together


def test_a_quotient_that_changes_within_the_month_is_seen(office, family):  # noqa: F811
    apps.get_model("families", "Quotient").objects.create(
        family=family,
        value_cents=40_000,
        source="CAF",
        starts_on=dt.date(2026, 10, 2),
        ends_on=dt.date(2026, 10, 3),
        recorded_at=NOW + dt.timedelta(days=1),
        recorded_by="test",
    )
    run_all(office)
    lina = children_of(family)[0]
    lines = Invoice.objects.get().lines.filter(child=lina)
    assert {line.unit_cents: line.quantity for line in lines} == {318: 3, 100: 1}


def test_a_slot_is_billed_once_for_a_child_and_a_payer(office, family, slots):  # noqa: F811
    run_all(office)
    lina = children_of(family)[0]
    line = DraftLine(
        child_id=lina.pk,
        activity_id=None,
        label="Encore",
        unit_name="repas",
        unit_cents=318,
        days=[DraftDay(slots[1].pk, lina.pk, slots[1].day, 318)],
    )
    draft = Draft(family_id=family.pk, debtor={"name": "Claire"}, lines=[line])
    with pytest.raises(IntegrityError), transaction.atomic():
        issue_invoices(
            office=office,
            month=dt.date(2026, 11, 1),
            drafts=[draft],
            run_id=None,
            actor_label="test",
            now=NOW,
        )
