"""What every test may ask for. The database is in tests/harness/database.py."""

import datetime as dt
import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from tests.harness.database import TestDatabase, is_controller, remove_dead_throwaways

if is_controller():
    remove_dead_throwaways()
DATABASE = TestDatabase()
os.environ["DATABASE_URL"] = DATABASE.url
os.environ["DJANGO_SETTINGS_MODULE"] = "preau.config.settings"
os.environ["PREAU_MODE"] = "test"
os.environ["PREAU_MEDIA_DIR"] = str(DATABASE.folder / "media")
# Playwright's own loop makes Django believe it is called from asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

import django  # noqa: E402
from django.conf import settings as django_settings  # noqa: E402

# Under xdist the settings were read early, with the name inherited from the first process.
django_settings.DATABASES["default"]["NAME"] = DATABASE.name
REAL_HASHERS = list(django_settings.PASSWORD_HASHERS)
# Argon2 takes 100 ms a password on purpose; tests that are about sign-in ask for `real_hasher`.
django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *REAL_HASHERS]
django.setup()

# Always the same examples, however slow the machine: a red test is red for everybody, twice.
hypothesis.settings.register_profile(
    "suite",
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")

pytest_plugins = ["tests.harness.browser", "tests.harness.stack", "tests.harness.demo"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last process out stops the server."""
    if is_controller():
        DATABASE.finish()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any
) -> Iterator[TestDatabase]:
    """A fresh database for this process; flushes go through `seed.restore()`."""
    from django.db import connections
    from django.db.backends.postgresql.operations import DatabaseOperations

    with django_db_blocker.unblock():
        DATABASE.prepare()
    DatabaseOperations.sql_flush = lambda self, style, tables, **options: ["SELECT seed.restore()"]
    yield DATABASE
    with django_db_blocker.unblock():
        connections.close_all()
    if not is_controller():
        DATABASE.finish()


@pytest.fixture
def now() -> dt.datetime:
    """A Tuesday morning in term time: 6 October 2026, 9:00 in Paris."""
    return dt.datetime(2026, 10, 6, 7, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def production_hashers() -> list[str]:
    """What hashes passwords in production (argon2 first)."""
    return REAL_HASHERS


@pytest.fixture
def real_hasher(settings: Any, production_hashers: list[str]) -> None:
    """Hash passwords as production does (argon2)."""
    settings.PASSWORD_HASHERS = production_hashers
