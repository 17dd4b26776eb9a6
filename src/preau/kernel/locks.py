"""Locks: rows that become less available, in primary-key order, never in any other."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def lock_rows(queryset: "models.QuerySet[M]", ids: Iterable[int]) -> list[M]:
    """Lock these rows until commit, in primary-key order (so that two writers never deadlock).

    `FOR NO KEY UPDATE`: foreign keys elsewhere that point at the rows are not blocked.
    """
    return list(
        queryset.filter(pk__in=list(ids))
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )


def advisory_lock(namespace: int, key: int) -> None:
    """Hold a transaction-long lock that no row stands for (a run, an import)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [namespace, key])


def lock_form(key: UUID | None) -> None:
    """Two sendings of one form, by its key, come one after the other: the second waits here for
    the first to end, then finds what it wrote. Inside a transaction; no key, no wait."""
    if key is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(key)])
