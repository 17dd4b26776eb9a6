"""Killing everything while banks notify, a cashier collects and the billing run issues.

    python bench/drill_money.py [--kills 200] [--notifications 5000] [--seed 20261123]

The site, the worker, the bank simulator and a PostgreSQL of its own, on loopback. Banks' messages
go through HTTP, again until they are answered: genuine, twice at once, late, in the wrong order,
tampered, forged, for another amount, for nothing known. Meanwhile processes are killed by SIGKILL
at random points (at most a third of them PostgreSQL's) and started again. Then what must be true is
compared with what is. The last line is one line of JSON; the exit code is 0 if all its counters
are zero and the numbers asked were reached.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from preau.config.postgres import cluster_in  # noqa: E402
from preau.config.run import Part, preau_command, stop_all, web_command  # noqa: E402


def main() -> int:
    """Run the drill; print what was done and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--notifications", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--seconds", type=float, default=1_500, help="give up after that")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="preau-drill-"))
    folder.chmod(0o755)
    cluster = cluster_in(folder / "postgres")
    parts: list[Part] = []
    try:
        os.environ.update(
            DATABASE_URL=cluster.ensure_started(),
            DJANGO_SETTINGS_MODULE="preau.config.settings",
            PREAU_MODE="test",
            PREAU_MEDIA_DIR=str(folder / "media"),
            PREAU_VAR_DIR=str(folder / "var"),
            PREAU_LOG_LEVEL="ERROR",
            PREAU_CONN_MAX_AGE="0",
            PYTHONPATH=f"{ROOT / 'src'}:{ROOT}",
        )
        from tests.harness.stack import free_port, wait_for

        port, bank_port = free_port(), free_port()
        url, bank_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bank_port}"
        os.environ.update(PREAU_BASE_URL=url, PREAU_DEMO_BANK_URL=bank_url)
        say("schema")
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--skip-checks", "-v0"],
            check=True, cwd=ROOT,
        )  # fmt: skip
        bank = preau_command("demo", "bank", "--port", str(bank_port), "--memory")
        bank_part = Part("bank", "bank", bank, folder / "bank.log")
        bank_part.start(os.environ)
        parts.append(bank_part)
        import django

        django.setup()
        from tests.harness.drill import judge, storm, town

        wait_for(f"{bank_url}/healthz", parts)
        say("town")
        drill_town = town.build(
            seed=options.seed, notifications=options.notifications, url=url, bank_url=bank_url
        )
        web = web_command(host="127.0.0.1", port=port, workers=2, threads=2)
        victims = [
            Part("web", "web", web, folder / "web.log"),
            Part("worker", "worker", preau_command("worker"), folder / "worker.log"),
        ]
        for part in victims:
            part.start(os.environ)
        parts += victims
        wait_for(f"{url}/healthz", parts, 120)
        say(f"{len(drill_town.messages)} messages, {options.kills} kills")
        blow = storm.Storm(
            town=drill_town, cluster=cluster, parts=victims, kills=options.kills, seed=options.seed
        )
        blow.run(deadline=time.monotonic() + options.seconds)
        result = judge.judge(drill_town, blow)
        for line in blow.remarks:
            say(line)
        say(", ".join(f"{name}: {count}" for name, count in sorted(blow.killed.items())))
    finally:
        stop_all(parts)
        cluster.stop()
        keep = os.environ.get("PREAU_DRILL_KEEP")
        if keep:
            shutil.copytree(folder, keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(cluster.data.parent, ignore_errors=True)
    print(json.dumps(result))
    zero = not any(count for name, count in result.items() if name not in REACHED)
    enough = result["kills"] >= options.kills and result["notifications"] >= options.notifications
    return 0 if zero and enough else 1


REACHED = ("notifications", "kills")
_began = time.monotonic()


def say(line: str) -> None:
    """A line for whoever watches."""
    print(f"[{time.monotonic() - _began:6.1f} s] {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
