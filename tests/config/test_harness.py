"""The harness keeps its own promises."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_every_process_writes_in_a_database_of_its_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
    assert name.startswith("test_")


@pytest.mark.django_db
def test_the_server_speaks_utf8_and_knows_accents() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_encoding'), upper('élève')")
        assert cursor.fetchone() == ("UTF8", "ÉLÈVE")
