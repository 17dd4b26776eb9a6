"""`preau run`: everything starts, a second call is kind, nothing is left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.stack import free_port

pytestmark = pytest.mark.slow
READY = "Ctrl-C pour arrêter."


class Run:
    """A `preau run` of its own: its var folder, its ports, its embedded server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.output = folder / "output"
        self.environment = {
            **{k: v for k, v in os.environ.items()
               if not k.startswith("PREAU_") and k != "DATABASE_URL"},
            "PREAU_VAR_DIR": str(folder / "var"),
            "PORT": str(self.port),
            "PREAU_WEB_WORKERS": "1",
            # The demo town is another test's subject: this one watches processes.
            "PREAU_MODE": "test",
        }  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "preau", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip

    def start(self) -> None:
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "preau", "run"],
                env=self.environment, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + 300
        while READY not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)

    def stop(self, number: int = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=120)

    def processes(self) -> list[str]:
        """The command lines of what still runs for this folder."""
        return [line for _, line in self.found()]

    def leaves_nothing(self, seconds: float = 30) -> bool:
        """Whether the last processes are gone, or go: a killed one is listed an instant more."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left == []

    def found(self) -> list[tuple[int, str]]:
        """The number and the command line of each process that runs for this folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environ = (entry / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in line or f"PREAU_VAR_DIR={self.folder}" in environ:
                found.append((int(entry.name), line))
        return found


@pytest.fixture
def running() -> Iterator[Run]:
    folder = Path(tempfile.mkdtemp(prefix="preau-run-"))
    folder.chmod(0o755)
    run = Run(folder)
    yield run
    if run.process is not None and run.process.poll() is None:
        run.stop(signal.SIGTERM)
    run.command("db", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def test_it_starts_twice_and_leaves_nothing(running: Run) -> None:
    running.start()
    with urllib.request.urlopen(f"http://localhost:{running.port}/healthz") as answer:
        assert json.load(answer) == {"status": "ok"}
    again = running.command("run")
    assert again.returncode == 0
    assert "Préau tourne déjà" in again.stdout
    assert running.stop(signal.SIGINT) == 0
    assert running.leaves_nothing()
    running.start()
    assert running.stop(signal.SIGTERM) == 0
    assert running.leaves_nothing()


def test_after_a_kill_it_starts_again(running: Run) -> None:
    """Killed outright, it takes its children with it, and the next start finds its data."""
    running.start()
    assert running.process is not None
    running.process.kill()
    running.process.wait()
    for pid_file in (running.folder / "var").rglob("postmaster.pid"):
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)
    running.start()
    assert running.stop() == 0
    assert running.leaves_nothing()


def test_a_port_that_is_taken_is_said(running: Run) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", running.port))
        other.listen()
        refused = running.command("run")
    assert refused.returncode == 1
    assert f"Le port {running.port} est déjà pris" in refused.stdout
    assert running.leaves_nothing()


@pytest.mark.parametrize("port", ["zéro", "0", "99999"])
def test_a_port_that_is_none_is_said(running: Run, port: str) -> None:
    running.environment["PORT"] = port
    refused = running.command("run")
    assert refused.returncode == 1
    assert "n'est pas un numéro de port" in refused.stdout


def test_a_part_that_dies_is_started_again(running: Run) -> None:
    running.start()
    deadline = time.monotonic() + 120
    while not (workers := [pid for pid, line in running.found() if "preau worker" in line]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(workers[0], signal.SIGKILL)
    while "on le relance" not in running.output.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert running.stop() == 0
    assert running.leaves_nothing()


def test_a_command_borrows_the_server_and_gives_it_back(running: Run) -> None:
    """Without a server running, a command starts it for its own time."""
    shown = running.command("manage", "showmigrations", "town")
    assert shown.returncode == 0, shown.stderr
    assert "town" in shown.stdout
    assert running.leaves_nothing()
