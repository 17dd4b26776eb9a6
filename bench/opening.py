"""The morning when booking opens: 5,000 families come within ten seconds for 6,000 places.

    python bench/opening.py             (make bench-opening)

The real web server (granian, two workers, as `preau run` starts it) with the settings of
production, on a PostgreSQL started for the run; the browsers share the machine. The last line is
one line of JSON: times in seconds but for p50_ms and p95_ms (one exchange), rates per second.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(Path(__file__).parent)]

from opening_client import Tally, post_alone, rush  # noqa: E402
from opening_town import CLIENTS, RUSH_DAYS  # noqa: E402

from preau.config.postgres import Cluster, cluster_in  # noqa: E402
from preau.config.run import web_command  # noqa: E402

ARRIVE, WAIT, CONNECTIONS = 10.0, 60.0, 8
WARMING = 100  # Sendings before those that count: the processes have just been started.
FLOOR = """\\set slot random(1, 120)
BEGIN;
SELECT capacity FROM floor_slot WHERE id = :slot FOR NO KEY UPDATE;
SELECT count(*) FROM floor_booking WHERE slot_id = :slot;
INSERT INTO floor_booking (slot_id, child_id, at) VALUES (:slot, :client_id, now());
COMMIT;
"""
FLOOR_TABLES = """
DROP TABLE IF EXISTS floor_booking; DROP TABLE IF EXISTS floor_slot;
CREATE TABLE floor_slot (id int PRIMARY KEY, capacity int NOT NULL);
CREATE TABLE floor_booking (id bigserial PRIMARY KEY, slot_id int NOT NULL REFERENCES floor_slot,
    child_id int NOT NULL, at timestamptz NOT NULL);
CREATE INDEX ON floor_booking (slot_id);
INSERT INTO floor_slot SELECT n, 50 FROM generate_series(1, 120) n;
"""


def main() -> int:
    """Prepare, measure, count, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8840)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--posts", type=int, default=1_500)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="preau-opening-"))
    cluster = cluster_in(folder / "postgres")
    web: subprocess.Popen[bytes] | None = None
    try:
        environment = _environment(folder, cluster.ensure_started(), given.port)
        crowd = folder / "crowd.json"
        print(_step("prepare", environment, crowd), flush=True)
        people = json.loads(crowd.read_text())
        floor = _floor(cluster, folder)
        print(f"plancher : {floor} tps", flush=True)
        web = _serve(environment, given.port, folder)
        posters = people["posters"][: given.posts]
        first, posters = posters[:WARMING], posters[WARMING:]
        asyncio.run(post_alone(given.port, first, CONNECTIONS, keys=uuid.uuid4))
        posts, seconds = asyncio.run(post_alone(given.port, posters, CONNECTIONS, keys=uuid.uuid4))
        rate = round(len(posters) / seconds, 1)
        print(f"un envoi seul : {rate}/s, {_tell(posts)}", flush=True)
        _step("let_in", environment)
        calendar = [day.isoformat() for day in RUSH_DAYS]
        families = people["rush"][: given.clients]
        seen, seconds = asyncio.run(rush(given.port, families, "2027-04", calendar, ARRIVE))
        print(f"la ruée : {_tell(seen)}", flush=True)
        counted = _step("count", environment)
    finally:
        if web is not None:
            web.terminate()
            web.wait(20)
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if cluster.data.parent != folder / "postgres":
            shutil.rmtree(cluster.data.parent, ignore_errors=True)
    asked = sum(len(person["days"]) for person in families)
    told = {
        "clients": len(families),
        "asked": asked,
        **counted,
        "answered": len(seen.receipts),
        "late": sum(took > WAIT for took in seen.took),
        "errors": len(seen.errors) + len(posts.errors),
        "seconds": round(seconds, 1),
        "p50_ms": _share(seen.pages, 0.50),
        "p95_ms": _share(seen.pages, 0.95),
        "requests": seen.requests,
        "polls": seen.polls,
        "retried": seen.retried,
        "floor_tps": floor,
        "bookings_per_s": rate,
        "ratio": round(floor / rate, 1),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(told))
    good = (
        not told["errors"]
        and not told["overbooked"]
        and not told["inversions"]
        and told["answered"] == len(families)
        and told["confirmed"] + told["waitlisted"] == asked
    )
    return 0 if good else 1


def _environment(folder: Path, url: str, port: int) -> dict[str, str]:
    from cryptography.fernet import Fernet

    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "preau.config.settings",
        "PREAU_MODE": "production",
        "PREAU_SECRET_KEY": uuid.uuid4().hex * 2,
        "PREAU_SEALING_KEYS": Fernet.generate_key().decode(),
        "PREAU_HTTPS": "0",
        "PREAU_BASE_URL": f"http://localhost:{port}",
        "PREAU_MEDIA_DIR": str(folder / "media"),
        "PREAU_VAR_DIR": str(folder / "var"),
        "PYTHONPATH": str(ROOT / "src"),
    }


def _step(what: str, environment: dict[str, str], *more: object) -> dict[str, Any]:
    """One step in its own process; its last line is its answer."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("opening_town.py")), what, *map(str, more)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{what} : échec ({done.returncode})\n{done.stdout}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _serve(environment: dict[str, str], port: int, folder: Path) -> "subprocess.Popen[bytes]":
    log = (folder / "web.log").open("wb")
    web = subprocess.Popen(
        web_command(host="127.0.0.1", port=port),
        env=environment,
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/connexion/", timeout=5):
                return web
        except OSError:
            time.sleep(0.2)
    web.terminate()
    raise SystemExit((folder / "web.log").read_text(errors="replace")[-2000:])


def _floor(cluster: Cluster, folder: Path, seconds: int = 10) -> float:
    """Transactions a second of pgbench: lock, count, insert, commit; 8 clients, same server."""
    import psycopg

    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(FLOOR_TABLES)
    script = folder / "floor.sql"
    script.write_text(FLOOR)
    program = shutil.which("pgbench") or "/usr/lib/postgresql/15/bin/pgbench"
    done = subprocess.run(
        [
            program,
            "-n",
            "-c",
            str(CONNECTIONS),
            "-j",
            "2",
            "-T",
            str(seconds),
            "-M",
            "prepared",
            "-f",
            str(script),
            cluster.url(),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    for line in done.stdout.splitlines():
        if line.startswith("tps ="):
            return round(float(line.split()[2]), 1)
    raise SystemExit(f"pgbench : {done.stdout}")


def _tell(tally: Tally) -> str:
    worst = ", ".join(sorted(set(tally.errors))[:4])
    return (
        f"{tally.requests} requêtes, {tally.polls} attentes, {tally.retried} reprises, "
        f"p50 {_share(tally.pages, 0.5)} ms, p95 {_share(tally.pages, 0.95)} ms, "
        f"dernière réponse en {max(tally.took, default=0):.1f} s ; "
        f"{len(tally.errors)} erreurs {worst}"
    )


def _share(times: list[float], share: float) -> int:
    """The time, in milliseconds, that this share of the exchanges stayed under."""
    ordered = sorted(times)
    return round(ordered[int(share * (len(ordered) - 1))] * 1000) if ordered else 0


if __name__ == "__main__":
    sys.exit(main())
