"""The demo town: whole, in order, loaded once."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from preau.billing.ledger import verify
from preau.demo.accounts import accounts
from preau.demo.town.load import load
from preau.demo.town.people import AGENTS, CARE_FAMILIES, FAMILIES
from tests.harness.demo import NOW

pytestmark = pytest.mark.xdist_group("demo")


def one(sql: str) -> Any:
    """The first value of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_is_loaded_once_and_says_so_in_one_query(demo_town: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert load(now=NOW) is False
    assert len([q for q in queries if q["sql"] not in {"BEGIN", "COMMIT"}]) == 1


def test_gives_an_account_for_each_role_and_family(demo_town: str) -> None:
    rows = accounts()
    assert len(rows) == len(AGENTS) + len(FAMILIES) + len(CARE_FAMILIES)
    assert len({row["identifier"] for row in rows}) == len(rows)
    assert all(row["password"] and row["address"] and row["try"] for row in rows)


@pytest.mark.parametrize(
    ("table", "least"),
    [
        ("families_family", 2200),
        ("families_child", 3399),
        ("schools_schooling", 3399),
        ("bookings_booking", 150_000),
        ("attendance_attendance", 100_000),
        ("attendance_absencereport", 40),
        ("attendance_card", 2500),
        ("billing_invoice", 3000),
        ("payments_attempt", 1500),
        ("payments_providerevent", 15),
        ("billing_counterpayment", 60),
        ("casework_request", 45),
        ("enrolments_provideddocument", 3000),
        ("catalogue_menu", 15),
        ("childcare_contract", 30),
        ("childcare_preregistration", 20),
        ("town_page", 8),
        ("certificates_certificate", 4),
        ("messaging_message", 200),
        ("town_notice", 2),
    ],
)
def test_has_something_everywhere(demo_town: str, table: str, least: int) -> None:
    assert one(f"SELECT count(*) FROM {table}") >= least


def test_counts_each_place_once(demo_town: str) -> None:
    assert (
        one(
            """
        SELECT count(*) FROM bookings_slot s WHERE s.taken - (
            SELECT count(*) FROM bookings_booking b
            WHERE b.slot_id = s.id AND b.status IN ('CONFIRMED', 'OFFERED')
        ) <> (SELECT count(*) FROM bookings_hold h WHERE h.slot_id = s.id)
        """
        )
        == 0
    )
    assert one("SELECT count(*) FROM bookings_booking WHERE status = 'WAITING'") > 10
    assert one("SELECT count(*) FROM bookings_booking WHERE status = 'OFFERED'") == 1


def test_keeps_books_that_hold(demo_town: str) -> None:
    assert verify() == []


def test_has_requests_in_every_state(demo_town: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT status FROM casework_request")
        states = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT DISTINCT kind FROM casework_request")
        kinds = {row[0] for row in cursor.fetchall()}
    assert states == {"SUBMITTED", "WAITING_FAMILY", "APPROVED", "REFUSED", "WITHDRAWN"}
    assert len(kinds) >= 13
    assert one("SELECT count(*) FROM casework_request WHERE held_by_id IS NOT NULL") >= 2
    waiting = "SELECT count(*) FROM casework_request WHERE status = 'SUBMITTED'"
    assert one(f"{waiting} AND due_on < '2026-11-23'") >= 2


def test_tells_the_family_of_three_what_to_do(demo_town: str) -> None:
    from preau.accounts.queries import find_family_users_by_email
    from preau.billing.queries import left_to_pay
    from preau.bookings.queries import offers_of
    from preau.families.queries import children_of, get_guardian_of
    from preau.payments.queries import pending_of

    user = find_family_users_by_email(FAMILIES[0].email).first()
    guardian = get_guardian_of(user)  # type: ignore[arg-type]
    assert guardian is not None
    assert len(children_of(guardian.family_id, NOW.date())) == 3
    assert left_to_pay(guardian.family_id)[0] > 0
    assert offers_of(guardian.family_id, NOW).count() == 1
    assert pending_of(guardian.family_id).count() == 1


def test_shows_a_lived_till(demo_town: str) -> None:
    """Acts, closed days, deposits, one difference, a day open, a refund that waits; open hours."""
    assert one("SELECT count(*) FROM cashdesk_tillday WHERE closed_at IS NOT NULL") > 10
    assert one("SELECT count(*) FROM cashdesk_tillday WHERE closed_at IS NULL") == 2
    assert one("SELECT count(*) FROM cashdesk_tillday WHERE difference_cents <> 0") == 1
    assert one("SELECT count(*) FROM cashdesk_deposit") > 1
    assert one("SELECT count(*) FROM cashdesk_refund WHERE status = 'WAITING'") == 1
    assert one("SELECT count(*) FROM billing_cashofficeact") == 2
    assert one("SELECT count(DISTINCT means) FROM billing_counterpart") >= 4
    at_night = one(
        "SELECT count(*) FROM billing_counterpayment"
        " WHERE extract(hour FROM received_at AT TIME ZONE 'Europe/Paris') NOT BETWEEN 8 AND 18"
    )
    assert at_night == 0
