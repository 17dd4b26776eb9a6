"""The demo town as it stood on a Monday morning, for the tests that look at the whole of it.

    def test_…(demo_town): ...              # this process's connection is to a copy of the town
    def test_…(demo_site, open_page):       # the whole stack serves that copy

It takes a minute to load: one process loads it, once a session, and each file has a copy of its
own, thrown away at its end. Time stands at `NOW` and runs on, whatever day the tests run.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import override_settings

from preau.demo.town.load import load
from preau.kernel import clock
from tests.harness.stack import Site, serving

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def point_at(name: str) -> None:
    """Connect this process to another database of the cluster."""
    connections["default"].close()
    connections.settings["default"]["NAME"] = name


@pytest.fixture(scope="module")
def demo_town(
    django_db_setup: Any,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
    production_hashers: list[str],
) -> Iterator[str]:
    """The demo town in a database of its own until the file's end; gives the database's name."""
    ours = connections.settings["default"]["NAME"]
    still = tmp_path_factory.mktemp("town") / "clock"

    def fill(name: str) -> None:
        point_at(name)
        # Its accounts sign in to servers that hash as production does.
        with override_settings(PASSWORD_HASHERS=production_hashers):
            assert load(now=NOW)
        connections["default"].close()

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        try:
            with django_db_setup.copy_of("town", fill) as name:
                point_at(name)
                still.write_text(str((NOW - dt.datetime.now(dt.UTC)).total_seconds()))
                patch.setattr(clock, "_TEST_CLOCK", str(still))
                yield name
                connections["default"].close()
        finally:
            point_at(ours)


@pytest.fixture(scope="module")
def demo_site(demo_town: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The web server and the bank on the copy of the town, at its time. No worker runs."""
    with serving(tmp_path_factory.mktemp("demo-site"), database=demo_town) as site:
        site.set_clock(clock.utc_now())
        yield site
