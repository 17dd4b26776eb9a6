"""Préau's daily pages under load: the planning, home and account of a family, the day register.

    python bench/pages.py               (make bench-pages; --quick measures the small town alone)

Everything happens in a PostgreSQL started for the run (--keep: kept in a folder, both towns, and
taken up again). The town is the demonstration's, 3,400 pupils, on a day when all but a few are
expected; then the same grown to 50,000 by copying its schools and families. granian serves as in
production, once for each town; eight connections kept alive ask for one page after another, gzip
asked for, on the same machine, of one town then of the other, in turns: what else the machine does
falls on both. The family is the one with three children and a full month. The last line is one
line of JSON.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from preau.config.postgres import Cluster, cluster_in  # noqa: E402
from preau.config.run import Part, preau_command, stop_all, web_command  # noqa: E402

CONNECTIONS = 8
WARM_SECONDS, SECONDS, TURNS = 2.0, 2.0, 3
REGISTER_READS = 10
PAGES = {
    "home": "/espace/",
    "account": "/espace/compte/",
    "planning": "/espace/reservations/",
}


@dataclass
class Load:
    """What one page answered: how many in how long, its size, and what was not a page."""

    answers: int = 0
    size: int = 0
    seconds: float = 0.0
    worked: float = 0.0  # processor seconds of the web server
    times: list[float] = field(default_factory=list)

    @property
    def rps(self) -> float:
        return round(self.answers / self.seconds, 1) if self.seconds else 0.0


class Visitor:
    """One connection kept alive, with the cookies of one signed-in browser."""

    def __init__(self, port: int, cookies: dict[str, str]) -> None:
        self.port = port
        self.cookies = dict(cookies)
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def get(self, path: str) -> tuple[int, int]:
        """Read a page: (status, bytes of its body as sent)."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n"
            f"Cookie: {cookie}\r\n\r\n".encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        size, zipped, chunked = 0, False, False
        for line in head[1:]:
            name, _, value = line.partition(": ")
            name = name.lower()
            if name == "content-length":
                size = int(value)
            elif name == "set-cookie":
                kept, _, text = value.partition(";")[0].partition("=")
                self.cookies[kept] = text
            elif name == "content-encoding":
                zipped = value == "gzip"
            elif name == "transfer-encoding":
                chunked = value == "chunked"
        if chunked:
            size = await self._read_chunks()
        else:
            await self.reader.readexactly(size)
        status = int(head[0].split()[1])
        if status == 200 and size > 500 and not zipped:
            raise SystemExit(f"{path} : la page n’est pas compressée")
        return status, size

    async def _read_chunks(self) -> int:
        assert self.reader is not None
        total = 0
        while True:
            length = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
            await self.reader.readexactly(length + 2)
            if not length:
                return total
            total += length

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


async def ask_for(
    seconds: float, port: int, path: str, cookies: dict[str, str], load: Load
) -> None:
    """Eight connections ask for the page again and again; any other answer stops the bench."""
    begun = time.perf_counter()

    async def keep_asking() -> None:
        visitor = Visitor(port, cookies)
        while time.perf_counter() - begun < seconds:
            asked = time.perf_counter()
            status, size = await visitor.get(path)
            if status != 200:
                raise SystemExit(f"{path} : réponse {status}")
            load.answers += 1
            load.size = size
            load.times.append(time.perf_counter() - asked)
        visitor.close()

    await asyncio.gather(*(keep_asking() for _ in range(CONNECTIONS)))
    load.seconds += time.perf_counter() - begun


async def let_in(port: int, cookies: dict[str, str]) -> dict[str, str]:
    """The cookies of a family that came before the crowd, past the waiting room if it is on."""
    visitor = Visitor(port, cookies)
    for _ in range(60):
        status, _size = await visitor.get(PAGES["planning"])
        if status == 200:
            visitor.close()
            return visitor.cookies
        await asyncio.sleep(1)
    raise SystemExit("La salle d’attente ne laisse entrer personne.")


async def read_often(port: int, path: str, cookies: dict[str, str], count: int) -> list[float]:
    """The same page alone, `count` times: milliseconds each."""
    visitor = Visitor(port, cookies)
    found = []
    for _ in range(count + 3):
        begun = time.perf_counter()
        status, _size = await visitor.get(path)
        if status != 200:
            raise SystemExit(f"{path} : réponse {status}")
        found.append((time.perf_counter() - begun) * 1000)
    visitor.close()
    return found[3:]


class Bench:
    """The databases, the folders and the environment of one run."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder = folder
        self.cluster = cluster

    def environment(self, database: str) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.cluster.url(database),
            "DJANGO_SETTINGS_MODULE": "preau.config.settings",
            "PREAU_MODE": "demo",
            "PREAU_LOG_LEVEL": "ERROR",
            "PREAU_MEDIA_DIR": str(self.folder / "media"),
            "PREAU_VAR_DIR": str(self.folder / "var"),
            "PYTHONPATH": str(ROOT / "src"),
        }

    def step(self, database: str, what: str) -> dict[str, Any]:
        """One act in a process of its own; its last line is its answer."""
        begun = time.perf_counter()
        script = Path(__file__).with_name("pages_town.py")
        done = subprocess.run(
            [sys.executable, str(script), what],
            env={**self.environment(database), "PREAU_WAITING_ROOM": "0"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{database}, {what} : échec ({done.returncode})\n{done.stdout}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        print(f"{database}, {what} : {found} ({time.perf_counter() - begun:.0f} s)", flush=True)
        return found

    @contextmanager
    def served(self, database: str) -> Iterator[tuple[int, int]]:
        """granian as `make run` starts it; gives its port and its group of processes."""
        port = free_port()
        web = Part(
            "web",
            "le site",
            web_command(host="127.0.0.1", port=port),
            self.folder / f"{database}.log",
        )
        try:
            web.start(self.environment(database))
            asyncio.run(wait_until_up(port))
            assert web.process is not None
            yield port, web.process.pid
        finally:
            web.signal(signal.SIGTERM)
            stop_all([web])

    def exists(self, database: str) -> bool:
        """Whether this town was built whole by an earlier run (--keep)."""
        return (self.folder / f"{database}.built").exists()

    def build_small(self) -> None:
        """The demonstration's town; from an earlier run, brought to today's tables."""
        self.cluster.ensure_started("small")
        self.prepare("small")
        if not self.exists("small"):
            self.step("small", "crowd")
            self.step("small", "settle")
            (self.folder / "small.built").touch()

    def build_big(self) -> None:
        """A copy of the small town, grown."""
        if self.exists("big"):
            self.prepare("big")
            return
        self.cluster.ensure_started("postgres")
        with psycopg.connect(self.cluster.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS big")
            connection.execute("CREATE DATABASE big TEMPLATE small STRATEGY FILE_COPY")
        self.step("big", "grow")
        (self.folder / "big.built").touch()

    def prepare(self, database: str) -> None:
        """Migrate, and load the demonstration where there is nothing."""
        subprocess.run(
            preau_command("prepare"),
            env=self.environment(database),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def measure(self, databases: list[str]) -> dict[str, dict[str, Any]]:
        """Every page of each town."""
        visitors = {name: self.step(name, "visitors") for name in databases}
        with ExitStack() as servers:
            towns = [
                Town(name, visitors[name], *servers.enter_context(self.served(name)))
                for name in databases
            ]
            for town in towns:
                town.family = asyncio.run(let_in(town.port, town.who["family"]))
            for page in PAGES:
                for town in towns:
                    town.ask(page, WARM_SECONDS, Load())
                for _turn in range(TURNS):
                    for town in towns:
                        town.ask(page, SECONDS, town.loads[page])
            for _turn in range(TURNS):
                for town in towns:
                    town.read_registers()
        told = {town.name: town.told() for town in towns}
        for name, found in told.items():
            print(f"{name} : {found}", flush=True)
        return told


class Town:
    """One town served, and what its pages answered."""

    def __init__(self, name: str, who: dict[str, Any], port: int, group: int) -> None:
        self.name, self.who, self.port, self.group = name, who, port, group
        self.family: dict[str, str] = {}
        self.loads = {page: Load() for page in PAGES}
        self.registers: dict[str, list[float]] = {"register_ms": [], "register_whole_ms": []}

    def ask(self, page: str, seconds: float, load: Load) -> None:
        """Ask for a page during some seconds."""
        worked = cpu_seconds(self.group)
        asyncio.run(ask_for(seconds, self.port, PAGES[page], self.family, load))
        load.worked += cpu_seconds(self.group) - worked

    def read_registers(self) -> None:
        """The day's register, one reading after another: some sites' agent, then the town's."""
        for found, agent in zip(self.registers.values(), ("agent", "chief"), strict=True):
            path, cookies = self.who["register"], self.who[agent]
            found += asyncio.run(read_often(self.port, path, cookies, REGISTER_READS))

    def told(self) -> dict[str, Any]:
        """Everything measured, under the bench's names."""
        told: dict[str, Any] = {f"{name}_queries": n for name, n in self.who["queries"].items()}
        for name, load in self.loads.items():
            told[f"{name}_rps"] = load.rps
            told[f"{name}_cpu_ms"] = round(load.worked * 1000 / load.answers, 2)
            told[f"{name}_kb"] = round(load.size / 1024, 1)
            told[f"{name}_p95_ms"] = round(statistics.quantiles(load.times, n=20)[18] * 1000)
        told |= {name: round(statistics.median(found)) for name, found in self.registers.items()}
        return told | {name: self.who[name] for name in ("register_children", "pupils")}


async def wait_until_up(port: int, seconds: float = 60) -> None:
    """Wait for the first answer of the web server."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            visitor = Visitor(port, {})
            status, _size = await visitor.get("/healthz")
            visitor.close()
        except OSError:
            status = 0
        if status == 200:
            return
        await asyncio.sleep(0.2)
    raise SystemExit("Le site ne répond pas.")


def cpu_seconds(group: int) -> float:
    """The processor time of the web server's processes: what a page costs on a busy machine too."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def growth(small: dict[str, Any], big: dict[str, Any]) -> dict[str, float]:
    """How much dearer each page is in the big town; 1.0: the same.

    The register is that of the same sites in both; the whole big town's is told beside
    (`big_register_whole_ms`): it lists fifteen times more children.
    """
    found = {name: round(small[f"{name}_rps"] / max(big[f"{name}_rps"], 0.1), 2) for name in PAGES}
    found["register"] = round(big["register_ms"] / max(small["register_ms"], 1), 2)
    return found


def main() -> int:
    """Load the town, measure, grow it, measure again, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="la petite ville seule")
    parser.add_argument("--keep", type=Path, help="garde les villes dans ce dossier et les reprend")
    parser.add_argument("--build", action="store_true", help="bâtit les villes, sans rien mesurer")
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="preau-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    cluster = cluster_in(folder / "postgres")
    bench = Bench(folder, cluster)
    told: dict[str, Any] = {}
    try:
        bench.build_small()
        if not asked.quick:
            bench.build_big()
        if not asked.build:
            told = tell(bench.measure(["small"] if asked.quick else ["small", "big"]))
    finally:
        cluster.stop()
        if asked.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
            if cluster.data.parent != folder / "postgres":
                shutil.rmtree(cluster.data.parent, ignore_errors=True)
    told["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(told))
    return 0


def tell(towns: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The keys of the last line: the small town's, then the big one's and what grew."""
    small = towns["small"]
    if "big" not in towns:
        return small
    big = towns["big"]
    told = small | {f"big_{name}": value for name, value in big.items()}
    told["growth_of"] = growth(small, big)
    told["growth"] = max(told["growth_of"].values())
    # The same by processor time: it does not move with what else the machine does.
    told["growth_cpu_of"] = {
        name: round(big[f"{name}_cpu_ms"] / max(small[f"{name}_cpu_ms"], 0.1), 2) for name in PAGES
    }
    told["growth_cpu"] = max(told["growth_cpu_of"].values())
    return told


if __name__ == "__main__":
    sys.exit(main())
