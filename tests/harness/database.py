"""One PostgreSQL cluster for a session of tests, one database per process, cloned from a template.

- Without a word: a throwaway cluster under the temporary folder, removed at the end.
- PREAU_TEST_NAME=someone: a cluster kept under var/test/someone, so that the next run starts at
  once; several developers, or several checkouts of ideas, never meet.
- PREAU_TEST_PG=15: the same with the machine's own PostgreSQL 15 instead of the wheel's.
- TEST_DATABASE_URL: a server of yours; its role must be a superuser (see `restore` below).

The migrations run once into a template named after their contents; a run clones it (some 100 ms).
"""

import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from preau.config.postgres import THROWAWAY, Cluster, cluster_in, machine_programs

ROOT = Path(__file__).resolve().parents[2]
THROWAWAY_PREFIX = "preau-tests-"
SESSION = "PREAU_TEST_SESSION"  # The pid of the process that started the session, for its workers.


def worker_name() -> str:
    """`gw0`, `gw1`… under xdist, `main` otherwise."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def is_controller() -> bool:
    """Whether this process is the one that ends last: it cleans up."""
    return worker_name() == "main"


class TestDatabase:
    """Where this process's tests write."""

    __test__ = False

    def __init__(self) -> None:
        self.session = os.environ.setdefault(SESSION, str(os.getpid()))
        self.name = f"test_{self.session}_{worker_name()}"
        self.cluster: Cluster | None = None
        self.used = False
        given = os.environ.get("TEST_DATABASE_URL", "")
        if given:
            self.folder = Path(tempfile.gettempdir()) / f"{THROWAWAY_PREFIX}shared"
            self.kept = True
            self._base = given
            return
        major = os.environ.get("PREAU_TEST_PG", "")
        developer = os.environ.get("PREAU_TEST_NAME", "")
        self.kept = bool(developer)
        if developer:
            self.folder = ROOT / "var" / "test" / f"{developer}{f'-pg{major}' if major else ''}"
        else:
            self.folder = Path(tempfile.gettempdir()) / f"{THROWAWAY_PREFIX}{self.session}"
        self.cluster = cluster_in(
            self.folder,
            programs=machine_programs(int(major)) if major else None,
            options=THROWAWAY,
        )
        self._base = self.cluster.url("postgres")

    @property
    def url(self) -> str:
        """The address of this process's database, known before the server starts."""
        return self._url(self.name)

    def _url(self, database: str) -> str:
        return urlunsplit(urlsplit(self._base)._replace(path=f"/{database}"))

    def prepare(self) -> None:
        """Start the server if need be and make a fresh database for this process."""
        with self._lock("template"):
            if self.cluster is not None:
                self.cluster.ensure_started("postgres")
            self._drop_left_behind()
            template = f"template_{fingerprint()}"
            if not self._exists(template):
                self._build(template)
            self._clone(template, self.name)
        self.used = True

    @contextmanager
    def copy_of(self, name: str, fill: Callable[[str], None]) -> Iterator[str]:
        """A database of this process with what `fill` writes, dropped at the end; its name.

        `fill` is given the name of a migrated database, once for a session: the first process
        that asks fills it, the others wait for it and take a copy as it does (a second or two).
        """
        model, own = f"test_{self.session}_{name}", f"{self.name}_{name}"
        with self._lock(name):
            if not self._exists(model):
                making = f"{model}_making"
                self._clone(f"template_{fingerprint()}", making)
                fill(making)
                self._rename(making, model)
            self._clone(model, own)
        try:
            yield own
        finally:
            with self._admin() as admin:
                _drop(admin, own)

    def finish(self) -> None:
        """Drop this process's database; the controller also stops and removes a throwaway."""
        if self.used:
            with self._admin() as admin:
                _drop(admin, self.name)
        if self.cluster is not None and not self.kept and is_controller():
            self.cluster.stop()
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.rmtree(self.cluster.data.parent, ignore_errors=True)

    def _build(self, template: str) -> None:
        making = f"making_{template}"
        with self._admin() as admin:
            for (old,) in admin.execute(
                "SELECT datname FROM pg_database WHERE datname ~ '^(making_)?template_[0-9a-f]+$'"
            ).fetchall():
                _drop(admin, old)
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(making)))
        done = subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--skip-checks", "-v0"],
            env={**os.environ, "DATABASE_URL": self._url(making)},
            cwd=ROOT,
            check=False,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"The migrations fail:\n{done.stderr[-1500:]}")
        with psycopg.connect(self._url(making), autocommit=True) as connection:
            keep_seed(connection)
        self._rename(making, template)

    def _rename(self, old: str, new: str) -> None:
        with self._admin() as admin:
            admin.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(old), sql.Identifier(new)
                )
            )

    def _clone(self, template: str, name: str) -> None:
        with self._admin() as admin:
            _drop(admin, name)
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def _drop_left_behind(self) -> None:
        """Drop the databases of sessions that were killed, and their throwaway folders."""
        with self._admin() as admin:
            for (name,) in admin.execute(
                "SELECT datname FROM pg_database WHERE datname ~ '^test_[0-9]+_'"
            ).fetchall():
                if not Path(f"/proc/{name.split('_')[1]}").exists():
                    _drop(admin, name)

    def _exists(self, name: str) -> bool:
        with self._admin() as admin:
            row = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        return row is not None

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self._url("postgres"), autocommit=True)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def cluster_of_its_own(options: dict[str, str] | None = None) -> Iterator[Cluster]:
    """A throwaway cluster for a test that stops or kills a server. It is not started.

    Give `options=DURABLE` when what was committed must outlive a kill.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{THROWAWAY_PREFIX}own-"))
    folder.chmod(0o755)
    cluster = cluster_in(folder / "postgres", options=options or THROWAWAY)
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def remove_dead_throwaways() -> None:
    """Stop and remove the throwaway clusters of sessions that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{THROWAWAY_PREFIX}[0-9]*"):
        pid = folder.name.removeprefix(THROWAWAY_PREFIX)
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and os.access(folder, os.W_OK):
            cluster_in(folder, options=THROWAWAY).stop()
            shutil.rmtree(folder, ignore_errors=True)


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def fingerprint() -> str:
    """A name for the state that the migrations lead to: their contents and their libraries."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for package in ("Django", "procrastinate", "django-axes", "django-pgtrigger"):
        digest.update(importlib.metadata.version(package).encode())
    for path in sorted((ROOT / "src" / "preau").glob("*/migrations/*.py")):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def keep_seed(connection: psycopg.Connection) -> None:
    """Keep aside the rows that migrations wrote, with a function `seed.restore()`.

    It empties every table and puts these rows back. It works as a replica applying a log does:
    no trigger fires, so append-only tables can be emptied between two tests; that needs a
    superuser, and nothing outside the tests has this function. A running worker keeps its row.
    """
    connection.execute("CREATE SCHEMA seed")
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
        "AND tablename NOT IN ('django_migrations', 'procrastinate_workers') ORDER BY tablename"
    ).fetchall()
    statements = [
        sql.SQL("DELETE FROM public.{};").format(sql.Identifier(table)) for (table,) in tables
    ]
    for (table,) in tables:
        name = sql.Identifier(table)
        found = connection.execute(sql.SQL("SELECT 1 FROM public.{} LIMIT 1").format(name))
        if found.fetchone() is None:
            continue
        columns = sql.SQL(", ").join(
            sql.Identifier(column)
            for (column,) in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' "
                "AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
                [table],
            ).fetchall()
        )
        connection.execute(
            sql.SQL("CREATE TABLE seed.{} AS SELECT {} FROM public.{}").format(name, columns, name)
        )
        statements.append(
            sql.SQL(
                "INSERT INTO public.{} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM seed.{};"
            ).format(name, columns, columns, name)
        )
    body = sql.SQL("\n").join(statements).as_string(connection)
    connection.execute(
        "CREATE FUNCTION seed.restore() RETURNS void LANGUAGE plpgsql AS $restore$ BEGIN "
        "PERFORM set_config('session_replication_role', 'replica', true);\n"
        f"{body}\n"
        "PERFORM set_config('session_replication_role', 'origin', true);\n"
        "END $restore$"
    )
