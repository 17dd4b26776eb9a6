"""`preau run` (behind `make run`): the database, the site, the worker and the demo bank together.

One supervisor, in the foreground. Each part is a process group of its own, so that Ctrl-C reaches
the supervisor alone, which stops them in order, the database last. A part that dies is started
again; one that keeps dying stops the whole, with its last words.
"""

import contextlib
import fcntl
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from preau.config.postgres import Cluster, cluster_in

PROJECT_DIR = Path(__file__).resolve().parents[3]
STOP_SECONDS = 10
READY_SECONDS = 60
MOST_BREAKS = 20
MOST_RESTARTS = 4  # Within RESTART_WINDOW seconds.
RESTART_WINDOW = 60
LARGEST_LOG = 5_000_000


class StartError(RuntimeError):
    """What keeps Préau from starting, in a sentence for whoever typed the command."""


class _Stop(BaseException):
    """A signal asked us to stop."""


def var_dir() -> Path:
    """Where this installation keeps what it writes (PREAU_VAR_DIR)."""
    return Path(os.environ.get("PREAU_VAR_DIR") or PROJECT_DIR / "var")


def embedded_cluster() -> Cluster:
    """The embedded PostgreSQL of this installation, started or not."""
    return cluster_in(var_dir() / "postgres")


def find_database() -> str | None:
    """The address of the database: DATABASE_URL, or the embedded server when it runs."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    if not (var_dir() / "postgres").exists():
        return None
    cluster = embedded_cluster()
    return cluster.url() if cluster.is_running() else None


@contextlib.contextmanager
def database() -> Iterator[str]:
    """Set DATABASE_URL for a command, starting the embedded server for its time if need be.

    A server that was running is left running, and so is one that `preau run` took over meanwhile.
    """
    url = find_database()
    if url:
        os.environ["DATABASE_URL"] = url
        yield url
        return
    cluster = embedded_cluster()
    os.environ["DATABASE_URL"] = url = cluster.ensure_started()
    try:
        yield url
    finally:
        del os.environ["DATABASE_URL"]
        with contextlib.suppress(_AlreadyRunning), _only_one():
            cluster.stop()


def web_command(*, host: str, port: int, workers: int = 2, threads: int = 2) -> list[str]:
    """The command line of the web server (granian), measured best on two cores."""
    return [
        str(_program("granian")),
        "--interface", "wsgi",
        "--host", host,
        "--port", str(port),
        "--workers", str(workers),
        "--blocking-threads", str(threads),
        # A browser keeps its connections open when it reads: each counts until it is closed.
        "--backlog", "4096",
        "--backpressure", "10000",
        "--respawn-failed-workers",
        "--respawn-interval", "1",
        "--workers-kill-timeout", "8",
        "--log-level", "warning",
        "preau.config.wsgi:application",
    ]  # fmt: skip


def _program(name: str) -> Path:
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return beside
    found = shutil.which(name)
    if found is None:
        raise StartError(f"Le programme « {name} » manque : « make run » l'installe.")
    return Path(found)


def preau_command(*arguments: str) -> list[str]:
    """`preau …` run by this very interpreter."""
    return [sys.executable, "-m", "preau", *arguments]


@dataclass
class Part:
    """One of the processes, with what it needs to be started again."""

    name: str
    label: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=deque)

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it in a session of its own; the kernel stops it should the supervisor be killed."""
        command = list(self.command)
        setpriv = shutil.which("setpriv")
        if setpriv:
            command = [setpriv, "--pdeathsig", "TERM", "--", *command]
        with _open_log(self.log) as log:
            self.process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=PROJECT_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def is_gone(self) -> bool:
        """Whether no process of the group is left."""
        if self.process is None:
            return True
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def last_words(self, lines: int = 15) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def _open_log(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".1.log"))
    return path.open("a", buffering=1)


def stop_all(parts: Sequence[Part], seconds: float = STOP_SECONDS) -> None:
    """Ask every group to stop, wait, then kill what is left."""
    for part in parts:
        part.signal(signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not all(part.is_gone() for part in parts):
        time.sleep(0.05)
    for part in parts:
        if not part.is_gone():
            part.signal(signal.SIGKILL)
            if part.process is not None:
                part.process.wait()


class _AlreadyRunning(Exception):
    """Another supervisor holds this installation; its card says where it answers."""

    def __init__(self, card: dict[str, Any]) -> None:
        super().__init__()
        self.card = card


@contextlib.contextmanager
def _only_one() -> Iterator[Path]:
    """Hold the lock of this installation; give the file where the holder says who it is."""
    folder = var_dir() / "run"
    folder.mkdir(parents=True, exist_ok=True)
    card = folder / "preau.json"
    with (folder / "preau.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                found = json.loads(card.read_text())
            except (OSError, ValueError):
                found = {}
            raise _AlreadyRunning(found) from None
        try:
            yield card
        finally:
            card.unlink(missing_ok=True)


def run() -> int:
    """Start everything and stay until a signal; return the exit code."""
    try:
        with _only_one() as card:
            return _run(card)
    except _AlreadyRunning as running:
        url = running.card.get("url")
        if url:
            say(f"Préau tourne déjà : {url}/ (processus {running.card.get('pid')}).")
            say("Pour l'arrêter : Ctrl-C dans sa fenêtre, "
                f"ou « kill {running.card.get('pid')} ».")  # fmt: skip
        else:
            say("Préau est déjà en train de démarrer.")
        return 0
    except StartError as error:
        say(str(error))
        return 1


def _run(card: Path) -> int:
    started = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    port = _port()
    mode = os.environ.get("PREAU_MODE", "demo")
    parts: list[Part] = []
    cluster: Cluster | None = None
    try:
        _end_orphans()
        _need_free(port, *([port + 1] if mode == "demo" else []))
        environment = _environment(port, mode)
        card.write_text(json.dumps({"pid": os.getpid(), "url": environment["PREAU_BASE_URL"]}))
        if not os.environ.get("DATABASE_URL"):
            say("Démarrage de la base de données…")
            cluster = embedded_cluster()
            environment["DATABASE_URL"] = cluster.ensure_started()
        say("Préparation : schéma, fichiers statiques"
            f"{', ville de démonstration' if mode == 'demo' else ''}…")  # fmt: skip
        _prepare(environment, parts)
        _allow_many_connections()
        parts[:] = _parts(port, mode)
        for part in parts:
            part.start(environment)
        _remember(parts)
        _wait_until_ready(port, parts)
        _welcome(environment, mode, time.monotonic() - started)
        return _watch(parts, environment)
    except _Stop:
        return 0
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stop_all(parts)
        _roll().unlink(missing_ok=True)
        if cluster is not None:
            cluster.stop()
        say("Préau est arrêté.")


def _allow_many_connections() -> None:
    """As many open connections as the system lets this user have: each visitor keeps some."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard > 65_536:
        hard = max(soft, 65_536)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        )


def _on_signal(number: int, frame: FrameType | None) -> None:
    raise _Stop


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 1 <= int(given) <= 65534:
        raise StartError(f"PORT={given} n'est pas un numéro de port.")
    return int(given)


def _need_free(*ports: int) -> None:
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise StartError(
                    f"Le port {port} est déjà pris par un autre programme. "
                    f"Choisissez-en un autre : PORT={port + 10} make run"
                ) from None


def _environment(port: int, mode: str) -> dict[str, str]:
    environment = dict(os.environ)
    environment.setdefault("PREAU_MODE", mode)
    environment.setdefault("DJANGO_SETTINGS_MODULE", "preau.config.settings")
    environment.setdefault("PREAU_BASE_URL", f"http://localhost:{port}")
    environment.setdefault("PYTHONUNBUFFERED", "1")
    if mode == "demo":
        environment.setdefault("PREAU_DEMO_BANK_URL", f"http://localhost:{port + 1}")
    return environment


def _parts(port: int, mode: str) -> list[Part]:
    logs = var_dir() / "log"
    workers = int(os.environ.get("PREAU_WEB_WORKERS") or 2)
    threads = int(os.environ.get("PREAU_WEB_THREADS") or 2)
    web = web_command(host="127.0.0.1", port=port, workers=workers, threads=threads)
    parts = [
        Part("web", "le site", web, logs / "web.log"),
        Part("worker", "les tâches de fond", preau_command("worker"), logs / "worker.log"),
    ]
    if mode == "demo":
        bank = preau_command("demo", "bank", "--port", str(port + 1))
        parts.append(Part("bank", "la banque de démonstration", bank, logs / "bank.log"))
    return parts


def _prepare(environment: Mapping[str, str], parts: list[Part]) -> None:
    """Run `preau prepare`, a process like the others so that Ctrl-C stops it too."""
    log = var_dir() / "log" / "prepare.log"
    log.unlink(missing_ok=True)
    part = Part("prepare", "la préparation", preau_command("prepare"), log)
    parts.append(part)
    part.start(environment)
    assert part.process is not None
    if part.process.wait():
        raise StartError(f"La préparation a échoué ({log}) :\n{part.last_words()}")


def _wait_until_ready(port: int, parts: Sequence[Part]) -> None:
    """Wait for a 200 of /healthz; a site that answers but breaks is not waited for long."""
    deadline = time.monotonic() + READY_SECONDS
    breaks = 0
    while time.monotonic() < deadline and breaks < MOST_BREAKS:
        for part in parts:
            if part.process is not None and part.process.poll() is not None:
                raise StartError(
                    f"« {part.label} » ne démarre pas ({part.log}) :\n{part.last_words()}"
                )
        status = _status(f"http://127.0.0.1:{port}/healthz")
        if status == 200:
            return
        breaks += status == 500
        time.sleep(0.1)
    raise StartError(f"Le site ne répond pas ; voir {parts[0].log}\n{parts[0].last_words()}")


def _status(url: str) -> int:
    """The status of an answer, 0 when there is none."""
    request = urllib.request.Request(url, headers={"Host": "localhost"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _watch(parts: Sequence[Part], environment: Mapping[str, str]) -> int:
    """Start again what dies, until a signal or until a part keeps dying."""
    while True:
        time.sleep(0.5)
        for part in parts:
            if part.process is None or part.process.poll() is None:
                continue
            part.deaths.append(time.monotonic())
            while part.deaths and part.deaths[0] < time.monotonic() - RESTART_WINDOW:
                part.deaths.popleft()
            if len(part.deaths) > MOST_RESTARTS:
                say(f"« {part.label} » ne tient pas ({part.log}) :\n{part.last_words()}")
                return 1
            say(f"« {part.label} » s'est arrêté (code {part.process.returncode}), on le relance ; "
                f"voir {part.log}")  # fmt: skip
            part.signal(signal.SIGKILL)
            time.sleep(0.5 * len(part.deaths))
            part.start(environment)
            _remember(parts)


def _roll() -> Path:
    return var_dir() / "run" / "parts.json"


def _remember(parts: Sequence[Part]) -> None:
    """Write down who runs, for the one that starts after a kill."""
    pids = [part.process.pid for part in parts if part.process is not None]
    _roll().write_text(json.dumps([[pid, _born(pid)] for pid in pids]))


def _end_orphans() -> None:
    """End what a supervisor that was killed left behind (a worker may wait for a dead database).

    A process is known by its number and the instant it was born: numbers are used again.
    """
    try:
        known = json.loads(_roll().read_text())
    except (OSError, ValueError):
        return
    for pid, born in known:
        if born is not None and _born(pid) == born:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
    _roll().unlink(missing_ok=True)


def _born(pid: int) -> str | None:
    """When a process started, in the kernel's own count (field 22 of /proc/<pid>/stat)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def _welcome(environment: Mapping[str, str], mode: str, seconds: float) -> None:
    base = environment["PREAU_BASE_URL"]
    say("")
    say(f"Préau est prêt (en {seconds:.0f} s).")
    say(f"  Espace famille        {base}/")
    say(f"  Mairie                {base}/mairie/")
    if mode == "demo":
        say(f"  Banque (simulateur)   {environment['PREAU_DEMO_BANK_URL']}/")
        done = subprocess.run(
            preau_command("demo", "accounts"),
            env=dict(environment), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            say("")
            say(done.stdout.rstrip())
    say("")
    say("Ctrl-C pour arrêter.")


def say(line: str) -> None:
    """Print a line at once, also when the terminal has gone away."""
    with contextlib.suppress(OSError):
        print(line, flush=True)
