"""The town hall's day in a town of 50,000 people: take-over, search, file, sheet, roll-over.

    python bench/townhall.py                  (make bench-townhall; --keep FOLDER to use it again)

Everything happens in a PostgreSQL started for the run. A workbook of 20,000 files is written as an
old software would export it, then taken over by the command line, in a process whose memory is
measured. 3,400 of its children become pupils with a day at the canteen. Pages are asked of the
application itself, by an agent signed in, as many times as there are files in the sample; times
are of the 95th percentile. The last line is one line of JSON.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from preau.config.postgres import cluster_in  # noqa: E402
from preau.config.run import preau_command  # noqa: E402

DATABASE = "townhall"
FAMILIES = 20_000


def main() -> int:
    """Build the town (once, with --keep), measure, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, help="garde la ville dans ce dossier et la reprend")
    parser.add_argument("--families", type=int, default=FAMILIES)
    parser.add_argument("--prepare", action="store_true", help="s’arrête avant la reprise")
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="preau-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    cluster = cluster_in(folder / "postgres")
    environment = {
        **os.environ,
        "DATABASE_URL": cluster.url(DATABASE),
        "DJANGO_SETTINGS_MODULE": "preau.config.settings",
        "PREAU_MODE": "demo",
        "PREAU_LOG_LEVEL": "ERROR",
        "PREAU_WAITING_ROOM": "0",
        "PREAU_MEDIA_DIR": str(folder / "media"),
        "PREAU_VAR_DIR": str(folder / "var"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    built = folder / "built.json"
    try:
        cluster.ensure_started(DATABASE)
        if built.exists():
            told = json.loads(built.read_text())
        else:
            prepare(folder, environment, asked.families)
            if asked.prepare:
                return 0
            told = take_over(folder, environment, asked.families)
            built.write_text(json.dumps(told))
        told |= step(environment, "measure")
    finally:
        cluster.stop()
        if asked.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
            if cluster.data.parent != folder / "postgres":
                shutil.rmtree(cluster.data.parent, ignore_errors=True)
    told["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(told))
    return 0


def prepare(folder: Path, environment: dict[str, str], families: int) -> None:
    """Migrate, open the offer, write the old software's file."""
    workbook = folder / "reprise.xlsx"
    if workbook.exists():
        return
    subprocess.run(preau_command("manage", "migrate", "-v", "0"), env=environment, check=True)
    subprocess.run(
        preau_command("manage", "collectstatic", "--noinput", "-v", "0"),
        env=environment,
        check=True,
    )
    step(environment, "offer")
    step(environment, "write", str(workbook), str(families))


def take_over(folder: Path, environment: dict[str, str], families: int) -> dict[str, Any]:
    """The command line's own take-over, its time and its memory; then the town lives."""
    workbook = folder / "reprise.xlsx"
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*preau_command("import-families"), str(workbook), "--apply"], env=environment
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = status
    if status:
        raise SystemExit(f"La reprise a échoué ({status}).")
    told = {
        "import_families": families,
        "import_seconds": round(seconds, 1),
        "import_cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "import_peak_mb": round(usage.ru_maxrss / 1024),
    }
    step(environment, "live")
    print(told, flush=True)
    return told


def step(environment: dict[str, str], *what: str) -> dict[str, Any]:
    """One act in a process of its own; its last line is its answer."""
    begun = time.perf_counter()
    script = Path(__file__).with_name("townhall_town.py")
    done = subprocess.run(
        [sys.executable, str(script), *what],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{what[0]} : échec ({done.returncode})\n{done.stdout}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{what[0]} : {found} ({time.perf_counter() - begun:.0f} s)", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
