"""The whole of Préau as `make run` starts it: granian, the worker, the bank, on this process's
test database. For the tests that tell a story from end to end.

    def test_…(site, open_page):
        page = open_page(base_url=site.url)
        site.set_clock(instant)

The tables are emptied after each test as for any transactional test; the processes stay up for
the session, on ports of their own.
"""

import datetime as dt
import os
import random
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from preau.config.run import Part, preau_command, stop_all, web_command

_given: set[int] = set()


@dataclass(frozen=True)
class Site:
    """Where the stack answers."""

    url: str
    bank_url: str
    logs: Path
    clock: Path
    environment: dict[str, str]

    def set_clock(self, instant: dt.datetime) -> None:
        """Move the stack to this instant; its time runs on from there until the test ends."""
        ahead = (instant - dt.datetime.now(dt.UTC)).total_seconds()
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(f"{ahead}")
        fresh.replace(self.clock)

    def wait_until(self, what: Callable[[], Any], seconds: float = 60) -> Any:
        """Wait for a background job's effect: the first true value of `what()`, or a failure."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = what()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"not true after {seconds} s; see {self.logs}/*.log")


@contextmanager
def serving(logs: Path, *, database: str = "") -> Iterator[Site]:
    """Start the web server and the bank, on this process's test database unless another is named;
    stop them at the end.
    """
    port, bank_port = free_port(), free_port()
    url, bank_url = f"http://localhost:{port}", f"http://localhost:{bank_port}"
    environment = {
        **os.environ,
        "PREAU_MODE": "test",
        "PREAU_BASE_URL": url,
        "PREAU_DEMO_BANK_URL": bank_url,
        "PREAU_TEST_CLOCK": str(logs / "clock"),
    }
    if database:
        given = urlsplit(environment["DATABASE_URL"])
        environment["DATABASE_URL"] = urlunsplit(given._replace(path=f"/{database}"))
    parts = [
        Part(
            "web",
            "web",
            web_command(host="127.0.0.1", port=port, workers=1, threads=2),
            logs / "web.log",
        ),
        Part(
            "bank",
            "bank",
            preau_command("demo", "bank", "--port", str(bank_port), "--memory"),
            logs / "bank.log",
        ),
    ]
    try:
        for part in parts:
            part.start(environment)
        wait_for(f"{url}/healthz", parts)
        yield Site(url, bank_url, logs, logs / "clock", environment)
    finally:
        stop_all(parts)


@pytest.fixture(scope="session")
def site_processes(
    django_db_setup: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Start the processes once for the session; stop them at its end."""
    with serving(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(
    transactional_db: None, site_processes: Site, real_hasher: None, settings: Any
) -> Iterator[Site]:
    """The stack, with this process's settings pointing at it, on the machine's time.

    The worker lives for this test alone: another test of the session queues jobs that it counts.
    """
    settings.BASE_URL = site_processes.url
    settings.DEMO_BANK_URL = site_processes.bank_url
    site_processes.clock.unlink(missing_ok=True)
    worker = Part("worker", "worker", preau_command("worker"), site_processes.logs / "worker.log")
    try:
        worker.start(site_processes.environment)
        yield site_processes
    finally:
        stop_all([worker])


def free_port() -> int:
    """A port nobody listens on, never given twice by this process.

    It is below those that the system lends to outgoing connections: until the server listens, no
    browser and no client of another test can be given it.
    """
    lent = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first_lent = int(lent.read_text().split()[0]) if lent.exists() else 32_768
    while True:
        port = random.SystemRandom().randrange(10_000, max(first_lent, 20_000))
        if port in _given:
            continue
        _given.add(port)
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue


def wait_for(url: str, parts: list[Part], seconds: float = 120) -> None:
    """Wait for a 200, or fail with the processes' last words."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        if any(part.process is not None and part.process.poll() is not None for part in parts):
            break
        time.sleep(0.1)
    words = "\n".join(f"--- {part.name}\n{part.last_words()}" for part in parts)
    for part in parts:
        part.signal(signal.SIGTERM)
    raise AssertionError(f"{url} does not answer\n{words}")
