"""The dashboard's figures, and its page with nothing and with something."""

import uuid
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.billing.counter import take_payment
from preau.casework.models import Request
from preau.reporting.board import get_dashboard
from tests.harness.money import AGENT, make_family, make_invoice, make_office
from tests.harness.people import make_agent
from tests.harness.people import make_family as open_family

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ACTOR = AGENT


def test_payments_and_debts_are_counted() -> None:
    family, office = make_family(), make_office()
    make_invoice(family, office, 1200, 800)
    take_payment(
        family_id=family.pk,
        cash_office_id=office.pk,
        means="CASH",
        amount_cents=500,
        key=uuid.uuid4(),
        now=NOW,
        actor=ACTOR,
    )
    board = get_dashboard(now=NOW)
    assert board.money.invoiced_cents == 2000
    assert board.money.left_cents == 1500
    assert (board.first, board.last) == (date(2025, 11, 1), date(2026, 11, 23))
    assert board.this_month is not None
    assert (board.this_month.counter_count, board.this_month.counter_cents) == (1, 500)
    assert board.this_month.online_share == 0


def test_the_page_and_its_exports(client: Client) -> None:
    client.force_login(make_agent(Role.ADMINISTRATOR), backend="preau.accounts.auth.AgentBackend")
    page = client.get(reverse("townhall:dashboard"))
    assert page.status_code == 200
    assert "Aucun paiement encore" in page.content.decode()
    test_payments_and_debts_are_counted()
    assert "Au guichet" in client.get(reverse("townhall:dashboard")).content.decode()
    for form in ("csv", "xlsx", "ods"):
        assert client.get(reverse("townhall:dashboard-payments", args=[form])).status_code == 200
    assert client.get(reverse("townhall:dashboard-requests", args=["exe"])).status_code == 404


def test_a_site_manager_sees_no_figures(client: Client) -> None:
    client.force_login(make_agent(Role.SITE_MANAGER), backend="preau.accounts.auth.AgentBackend")
    assert client.get(reverse("townhall:dashboard")).status_code == 403


def test_a_request_past_its_day_is_late_before_it_is_decided() -> None:

    family = open_family()
    for number, due_on, status in (
        (1, date(2026, 11, 20), "SUBMITTED"),
        (2, date(2026, 11, 30), "SUBMITTED"),
        (3, date(2026, 11, 20), "WITHDRAWN"),
    ):
        Request.objects.create(
            reference=f"2026-{number:05d}",
            kind="QUESTION",
            family=family,
            channel="PORTAL",
            applicant_name="Amina",
            summary="?",
            status=status,
            due_on=due_on,
            submitted_at=datetime(2026, 11, 10, 9, 0, tzinfo=UTC),
        )
    (row,) = get_dashboard(now=NOW).by_channel
    assert (row.received, row.decided, row.late) == (3, 0, 1)
