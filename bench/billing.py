"""Billing a town: the real preview and issue against hand-written SQL, and the invoices' PDFs.

    python bench/billing.py             (make bench-billing; --quick leaves out the big town)

Everything happens in a PostgreSQL started for the run, on databases of its own. Each measure runs
in a process of its own, so that its memory is its own. The last line is one line of JSON.
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

from preau.config.postgres import Cluster, cluster_in  # noqa: E402


def main() -> int:
    """Prepare the databases, measure, compare, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="sans la grande ville ni les PDF")
    quick = parser.parse_args().quick
    folder = Path(tempfile.mkdtemp(prefix="preau-bench-"))
    cluster = cluster_in(folder / "postgres")
    try:
        cluster.ensure_started("small")
        _step(cluster, folder, "small", "prepare")
        small = _step(cluster, folder, "small", "bill")
        told = dict(small)
        if not quick:
            told |= _step(cluster, folder, "small", "pdf")
            cluster.ensure_started("big")
            _step(cluster, folder, "big", "prepare")
            big = _step(cluster, folder, "big", "bill")
            told |= {
                f"big_{name}": big[name]
                for name in ("families", "bookings", "seconds", "peak_mb", "floor_seconds", "ratio")
            }
            each, each_big = (part["seconds"] / part["bookings"] for part in (small, big))
            told["growth"] = round(each_big / each, 2)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if cluster.data.parent != folder / "postgres":
            shutil.rmtree(cluster.data.parent, ignore_errors=True)
    told["load"] = round(os.getloadavg()[0], 1)
    print(json.dumps(told))
    return 0


def _step(cluster: Cluster, folder: Path, database: str, what: str) -> dict[str, Any]:
    """One measure in its own process; its last line is its answer."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("billing_steps.py")), what, database],
        env={
            **os.environ,
            "DATABASE_URL": cluster.url(database),
            "DJANGO_SETTINGS_MODULE": "preau.config.settings",
            "PREAU_MODE": "demo",
            "PREAU_MEDIA_DIR": str(folder / "media"),
            "PREAU_VAR_DIR": str(folder / "var"),
            "PYTHONPATH": str(ROOT / "src"),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{database}, {what} : échec ({done.returncode})\n{done.stdout}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{database}, {what} : {found} ({time.perf_counter() - begun:.0f} s)", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
