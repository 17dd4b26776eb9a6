"""Writing thousands of rows in one COPY: for imports and monthly runs, inside a transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection


def copy_rows(table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    """Add rows to a table; `columns` is a list of names separated by spaces.

    Constraints and triggers hold as for any insert. The table's own rules (counters, journal)
    are the caller's matter: only the domain that owns the table calls this.
    """
    names = ", ".join(f'"{name}"' for name in columns.split())
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,  # type: ignore[attr-defined]
    ):
        for row in rows:
            copy.write_row(row)


def take_ids(table: str, count: int) -> list[int]:
    """Draw `count` primary keys of a table, to name rows before they are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return [row[0] for row in cursor.fetchall()]
