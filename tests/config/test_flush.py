"""Between two transactional tests every table is emptied, append-only ones too."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection

from preau.audit import services as audit
from preau.kernel.actors import Actor


def lines() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_entry WHERE action = 'test.flush'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_each_starts_empty(turn: int, now: dt.datetime) -> None:
    assert lines() == 0
    audit.record(actor=Actor.system(), now=now, action="test.flush", summary="Une ligne")
    assert lines() == 1


@pytest.mark.django_db(transaction=True)
def test_the_journal_still_refuses_to_forget(now: dt.datetime) -> None:
    """The harness empties it as a superuser; the application cannot."""
    audit.record(actor=Actor.system(), now=now, action="test.flush", summary="Une ligne")
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("DELETE FROM audit_entry")
    assert lines() == 1
