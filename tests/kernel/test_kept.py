"""A kept query gives what its queryset gives, in one prepared statement."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from preau.kernel.kept import Kept, rows_of
from preau.town.models import Notice

DAY = date(2026, 11, 23)


def notices(day: date, ids: list[int]):
    return Notice.objects.filter(
        pk__any_of=ids, starts_on__lte=day, title__contains="10 %"
    ).order_by("title")


@pytest.fixture
def three(db):
    return [
        Notice.objects.create(title=title, starts_on=DAY - timedelta(days=n), ends_on=DAY)
        for n, title in enumerate(("b 10 %", "a 10 %", "c"))
    ]


def test_gives_the_rows_of_its_queryset(three):
    read = Kept(notices)
    ids = [one.pk for one in three]
    assert read(DAY, ids) == list(notices(DAY, ids)) == [three[1], three[0]]
    assert read(DAY - timedelta(days=1), ids) == [three[1]]
    assert read(day=DAY, ids=[]) == []
    assert read.first(DAY, ids[:1]) == three[0]
    assert read.first(DAY, []) is None


def test_builds_its_statement_once_and_asks_one_query_each_time(three):
    built = []

    def build(day: date, ids: list[int]):
        built.append(day)
        return notices(day, ids).values_list("pk", "title")

    read = Kept(build)
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            assert read(DAY, [three[0].pk]) == [(three[0].pk, "b 10 %")]
        assert len(asked) == 1
        assert "town_notice" in asked.captured_queries[0]["sql"]
    assert len(built) == 1


def test_refuses_what_it_cannot_read(db):
    with pytest.raises(TypeError):
        Kept(lambda day: Notice.objects.filter(starts_on=day).values("pk"))(DAY)


def test_rows_of_a_statement_written_by_hand(db):
    assert rows_of("SELECT n FROM unnest(%s::int8[]) n WHERE n > %s", [1, 2, 3], 1) == [(2,), (3,)]
