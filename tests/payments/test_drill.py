"""The money drill, short: some kills, some hundred notifications; see bench/drill_money.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_nothing_is_lost_nor_doubled_when_everything_dies():
    mine = ("DATABASE_URL", "PREAU_", "DJANGO_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(mine)}
    done = subprocess.run(
        [
            sys.executable, "bench/drill_money.py",
            "--kills", "6", "--notifications", "120", "--seconds", "1000",
        ],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=1_200,
    )  # fmt: skip
    assert done.stdout.strip(), done.stderr[-3000:]
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert result.pop("kills") >= 6 and result.pop("notifications") >= 120, done.stdout
    assert result == {
        "lost": 0,
        "doubled": 0,
        "wrong_amount_accepted": 0,
        "forged_accepted": 0,
        "ledger_off_by_cents": 0,
        "runs_half_visible": 0,
    }, done.stdout
    assert done.returncode == 0
