"""The money's board and the year's end on screen."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from preau.accounts.enums import Role
from preau.kernel.clock import paris_day, utc_now
from preau.reporting.models import YearEnd
from preau.ui.charts import columns, shares
from tests.cashdesk.world import collect, open_office, part
from tests.harness.money import make_family, make_invoice
from tests.harness.people import make_agent

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"townhall:{name}", args=args)


def signed_in(*roles):
    client = Client()
    user = make_agent(*roles, email=f"{uuid.uuid4()}@mairie.example")
    client.force_login(user, "preau.accounts.auth.AgentBackend")
    return client


def text(response):
    return re.sub(r"[\u202f\u00a0]", " ", response.content.decode())


@pytest.fixture
def office():
    return open_office()


def test_the_board_stands_empty_and_full(office, django_assert_max_num_queries):
    accountant = signed_in(Role.ACCOUNTANT)
    assert "Rien encore" in text(accountant.get(url("money")))
    family = make_family()
    make_invoice(family, office, 20_000)
    collect(family, office, part("CASH", 5_000))
    with django_assert_max_num_queries(26):
        page = text(accountant.get(url("money")))
    assert "50,00 €" in page and 'role="img"' in page and "style=" not in page
    assert "20 %" in page  # what was aimed at in the first month
    for table in ("mois", "moyens", "restes", "activites"):
        for kind in ("csv", "xlsx"):
            assert accountant.get(url("money-export", table, kind)).status_code == 200
    assert accountant.get(url("money-export", "autre", "csv")).status_code == 404
    assert accountant.get(url("money-export", "mois", "exe")).status_code == 404
    for asked in (
        {"office": "enfance"},
        {"office": "x"},
        {"first": "2026-12-01", "last": "2026-01-01"},
    ):
        assert accountant.get(url("money"), asked).status_code == 200
    assert signed_in(Role.SITE_MANAGER).get(url("money")).status_code == 403


def test_the_year_on_screen(office):
    accountant = signed_in(Role.ACCOUNTANT)
    collect(make_family(), office, part("CASH", 5_000))
    year = paris_day(utc_now()).year
    assert "À calculer" in text(accountant.get(url("year-ends"), {"year": year}))
    page = url("year-end", "enfance", year)
    assert "50,00 €" in text(accountant.get(page))
    assert accountant.post(url("year-end-ask", "enfance", year)).status_code == 302
    assert YearEnd.objects.get().status == "COMPUTING"
    YearEnd.objects.update(
        status="READY", computed_at=utc_now(),
        not_invoiced=[{"activity": "Cantine", "accounting_code": "70671", "function_code": "281",
                       "units": 3, "families": 1, "cents": 954}],
    )  # fmt: skip
    assert "9,54 €" in text(accountant.get(page))
    assert accountant.get(page, {"pdf": "1"}).content.startswith(b"%PDF")
    for kind in ("csv", "xlsx"):
        assert accountant.get(page, {"export": kind}).status_code == 200
        for table in ("dus", "avances", "non-facture"):
            answer = accountant.get(url("year-end-table", "enfance", year, table, kind))
            assert answer.status_code == 200
    assert accountant.get(url("year-end", "enfance", 1900)).status_code == 404
    assert accountant.get(url("year-end-table", "enfance", year, "x", "csv")).status_code == 404
    assert signed_in(Role.COUNTER).get(page).status_code == 403


def test_a_chart_says_what_it_shows():
    chart = columns("Encaissé", [("sept. 26", 0, "0 €"), ("oct. 26", 50, "50 €")], goal=25)
    assert chart.words == "sept. 26\u00a0: 0 €. oct. 26\u00a0: 50 €"
    assert chart.bars[0].height == 0 and chart.bars[1].height == chart.foot - chart.bars[1].y
    assert chart.goal_y is not None and chart.bars[1].y < chart.goal_y < chart.foot
    assert columns("Rien", []).bars == []
    assert [row["share"] for row in shares([("a", 3, ""), ("b", 1, ""), ("c", -5, "")])] == [
        75,
        25,
        0,
    ]
