"""The straight way to the database: the same rows, errors and transactions as a cursor."""

import threading
from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from preau.kernel.kept import rows_of, run
from preau.kernel.lane import ask, ask_all


def test_the_same_rows_watched_or_not(db):
    asked = (
        "SELECT %s::int8, %s::text, %s::date, %s::timestamptz, %s::bool, '5 %%', NULL",
        [3, "é", date(2026, 11, 23), datetime(2026, 11, 23, 8, tzinfo=UTC), True],
    )
    plain = ask(*asked)
    with CaptureQueriesContext(connection) as seen:
        assert ask(*asked) == plain
    assert len(seen) == 1
    assert plain == ([(*asked[1], "5 %", None)], 1)


def test_several_are_sent_together_in_order(db):
    asked = [("SELECT n FROM unnest(%s::int8[]) n", [[1, 2]]), ("SELECT %s::text", ["b"])]
    assert ask_all(asked) == [([(1,), (2,)], 2), ([("b",)], 1)]
    with CaptureQueriesContext(connection) as seen:
        assert ask_all(asked) == [([(1,), (2,)], 2), ([("b",)], 1)]
    assert len(seen) == 2


def test_an_error_is_django_s_and_leaves_the_connection_sound(db):
    for wrong in ("SELECT 1 / %s::int8", "SELECT nothing + %s::int8"):
        with pytest.raises(DatabaseError), transaction.atomic():
            ask_all([("SELECT 1", []), (wrong, [0]), ("SELECT 2", [])])
        assert ask("SELECT 3", []) == ([(3,)], 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        run("INSERT INTO audit_entry (id) VALUES (%s)", 1)
    assert rows_of("SELECT 4") == [(4,)]


@pytest.mark.django_db(transaction=True)
def test_begins_and_rolls_back_with_django_s_transactions():
    table = "CREATE TEMP TABLE laned (n int8)"
    with connection.cursor() as cursor:
        cursor.execute(table)
    try:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert run("INSERT INTO laned VALUES (%s)", 1) == 1
            raise ZeroDivisionError
        assert rows_of("SELECT n FROM laned") == []
        with transaction.atomic():
            run("INSERT INTO laned VALUES (%s)", 2)
        # Several, outside a transaction: all or none.
        with pytest.raises(DatabaseError):
            ask_all([("INSERT INTO laned VALUES (%s)", [3]), ("SELECT 1 / %s::int8", [0])])
        assert rows_of("SELECT n FROM laned") == [(2,)]
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_waiting_for_a_lock_lets_other_threads_run():
    """One process, two threads, one advisory lock: waiting together would wait for ever."""
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with transaction.atomic():
            ask_all([("SELECT pg_advisory_xact_lock(%s)", [77]), ("SELECT 1", [])])
            order.append("second")
        connections.close_all()

    with transaction.atomic():
        ask("SELECT pg_advisory_xact_lock(%s)", [77])
        other = threading.Thread(target=second)
        other.start()
        assert waiting.wait(60)
        ask("SELECT pg_sleep(0.05)", [])
        order.append("first")
    other.join(60)
    assert order == ["first", "second"]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_opened_again(monkeypatch):
    """As at the beginning of a page, after the database was started again."""
    [(pid,)] = rows_of("SELECT pg_backend_pid()")
    other: BaseDatabaseWrapper = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    monkeypatch.setattr(connections["default"], "health_check_enabled", True)
    monkeypatch.setattr(connections["default"], "health_check_done", False)
    [(again,)] = rows_of("SELECT pg_backend_pid()")
    assert again != pid
    connection.close()
